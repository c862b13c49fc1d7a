"""How a finding's ways to mend it are shown: each on a line of its own that can be copied, and names as plain text."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import datetime

from rich.console import Console

from shared.cli.audit_view import show
from shared.model.finding import Commands, Finding
from shared.model.sources import SOURCES, Source
from shared.monitor.report import Report, SourceReport

HOSTILE = "[bold red]Sales[/]"
COMMANDS = Commands(
    powershell="Update-MgUser -UserId 'a' -AccountEnabled:$false",
    request='PATCH https://graph.test/users/a\nContent-Type: application/json\n\n{"accountEnabled":false}',
    admin_centre=f"Microsoft 365 admin center: Users > Active users > {HOSTILE} > " + "Block sign-in " * 20,
)


def shown(now: datetime, finding: Finding, sources: Mapping[Source, SourceReport] | None = None) -> list[str]:
    text = io.StringIO()
    report = Report(
        tenant="tenant",
        as_of=now,
        sources=dict(sources or dict.fromkeys(SOURCES, SourceReport(state="absent"))),
        allocation=None,
        findings=(finding,),
        skipped=(),
    )
    show(report, Console(file=text, width=80))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_the_request_and_the_admin_centres_way_stand_under_the_remedy(
    now: datetime, make_finding: Callable[..., Finding]
) -> None:
    remedy = f"Block its sign-in: {COMMANDS.powershell}"
    lines = shown(now, make_finding("a-rule", remedy=remedy, commands=COMMANDS))
    assert lines[-5:] == [
        "  \N{RIGHTWARDS ARROW} Block its sign-in:",
        f"    {COMMANDS.powershell}",
        "    or PATCH https://graph.test/users/a",
        '       {"accountEnabled":false}',
        f"    or {COMMANDS.admin_centre.rstrip()}",
    ]


def test_a_request_without_a_body_is_one_line(now: datetime, make_finding: Callable[..., Finding]) -> None:
    commands = Commands(powershell="a", request="POST https://graph.test/b", admin_centre="c")
    assert shown(now, make_finding("a-rule", commands=commands))[-3:] == [
        "    a",
        "    or POST https://graph.test/b",
        "    or c",
    ]


def test_a_finding_without_a_command_ends_with_its_remedy(now: datetime, make_finding: Callable[..., Finding]) -> None:
    assert shown(now, make_finding("a-rule", remedy="Do it."))[-1] == "  \N{RIGHTWARDS ARROW} Do it."


def test_a_name_stays_on_its_line_and_cannot_steer_the_terminal(
    now: datetime, make_finding: Callable[..., Finding]
) -> None:
    lines = shown(now, make_finding("a-rule", name=f"{HOSTILE}\n\x1b[2JCRITICAL"))
    assert f"CRITICAL  {HOSTILE} [2JCRITICAL  a-rule" in lines


def test_a_source_that_failed_says_why_and_from_when_that_is_which_is_said_all_the_same(
    now: datetime, make_finding: Callable[..., Finding]
) -> None:
    failed = SourceReport(state="failed", as_of=now, problem="Microsoft Graph cannot be reached (ConnectError).")
    never = SourceReport(state="failed", problem="Microsoft Graph answered 500.")
    sources = {**dict.fromkeys(SOURCES, SourceReport(state="absent")), "licences": failed, "accounts": never}
    lines = shown(now, make_finding("a-rule"), sources)
    assert lines[0].startswith("The tenant could not be read completely")
    told = " ".join(lines)
    assert (
        "licences: Microsoft Graph cannot be reached (ConnectError). What is said of them was read at "
        "2026-11-20 10:00 UTC. accounts: Microsoft Graph answered 500."
    ) in told
