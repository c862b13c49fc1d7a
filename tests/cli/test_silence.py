"""`linekeeper silence`: typed, done in the stored document, and told to people and programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.cli.main import main, parser
from shared.cli.silence import NewSilence, run_add, run_end, run_list, wanted
from shared.model.alert import Alert
from shared.model.directory import Account
from shared.model.errors import LinekeeperError
from shared.model.finding import Finding
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.state.sqlite import SqliteStore

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
RULE = "resource-account-unlicensed"
NEW = NewSilence(rules=(RULE,), lasts="2h", reason="Migration", author="Ada")


def clock() -> datetime:
    return NOW


@pytest.fixture
def environment(
    tmp_path: Path,
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> dict[str, str]:
    found = make_finding(RULE, 1)
    account = make_account(1, name="[bold]Sales[/]\x1b[2J", upn="sales@contoso.example")
    document = make_state(account, alerts={found.key: make_alert(found)})
    assert asyncio.run(SqliteStore(tmp_path / "linekeeper.db").save(document, ""))
    return {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}"}


def stored(environment: dict[str, str]) -> dict[str, Silence]:
    path = Path(environment["LINEKEEPER_STORE"].removeprefix("sqlite:"))
    return asyncio.run(SqliteStore(path).load(TENANT)).state.silences


def printed(capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, Any]:
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    document: dict[str, Any] = json.loads(captured.out)
    return document


def test_a_silence_is_added_listed_and_ended_in_json(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes], make_guid: Callable[[int], str]
) -> None:
    new = NewSilence(
        rules=(RULE,),
        subjects=("sales@contoso.example",),
        severities=("critical",),
        until="2026-12-01T08:00Z",
        reason="Migration",
        author="Ada",
    )
    assert run_add(environment, new, as_json=True, clock=clock) == 0
    added = printed(capsysbinary)
    made = added["silence"]
    assert added["schema"] == 1
    assert made == {
        "id": made["id"],
        "state": "active",
        "rules": [RULE],
        "subjects": [{"id": make_guid(1), "name": "[bold]Sales[/] [2J"}],
        "severities": ["critical"],
        "starts": "2026-11-20T10:00:00Z",
        "ends": "2026-12-01T08:00:00Z",
        "author": "Ada",
        "reason": "Migration",
        "created": "2026-11-20T10:00:00Z",
        "last_matched": None,
        "findings": {"count": 1, "names": ["[bold]Sales[/] [2J"]},
    }
    assert stored(environment).keys() == {made["id"]}
    assert run_list(environment, as_json=True, clock=clock) == 0
    assert printed(capsysbinary) == {"schema": 1, "silences": [made]}
    assert run_end(environment, silence_id=made["id"], as_json=True, clock=clock) == 0
    ended = printed(capsysbinary)["silence"]
    assert (ended["state"], ended["ends"]) == ("ended", "2026-11-20T10:00:00Z")
    assert stored(environment)[made["id"]].ends == NOW


def test_people_are_told_what_is_silenced_for_how_long_by_whom_and_why(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_list(environment, clock=clock) == 0
    assert capsys.readouterr().out == "Nothing is silenced.\n"
    assert run_add(environment, NEW, clock=clock) == 0
    (name,) = stored(environment)
    assert capsys.readouterr().out.splitlines() == [
        f"{name}  until 2026-11-20 12:00 UTC",
        f"  rules: {RULE}",
        "  by Ada: Migration",
        "  silences 1 now: [bold]Sales[/] [2J",
        "It takes effect within half a minute, where the service runs.",
    ]


def test_the_list_for_people_is_in_force_to_come_and_ended(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    later = NewSilence(
        subjects=("tenant",), severities=("info",), starts="2026-11-21T10:00Z", lasts="1d", reason="[b]x", author="Ada"
    )
    assert run_add(environment, NEW, clock=clock) == 0
    (active,) = stored(environment)
    assert run_add(environment, later, clock=clock) == 0
    assert run_add(environment, NEW, clock=clock) == 0
    over = next(each for each, silence in stored(environment).items() if each != active and silence.rules)
    assert run_end(environment, silence_id=over, clock=clock) == 0
    capsys.readouterr()
    assert run_list(environment, clock=clock) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line and not line.startswith(" ") and "(" in line] == [
        "In force (1)",
        "To come (1)",
        "Ended (1)",
    ]
    assert f"{active}  until 2026-11-20 12:00 UTC" in lines
    assert f"{over}  ended 2026-11-20 10:00 UTC" in lines
    assert f"  subjects: the tenant ({TENANT}); severities: info" in lines
    assert "  by Ada: [b]x" in lines
    assert sum("from 2026-11-21 10:00 until 2026-11-22 10:00 UTC" in line for line in lines) == 1
    assert sum("silences" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("new", "ends"),
    [
        (NEW, NOW + timedelta(hours=2)),
        (NewSilence(starts="2026-11-21T10:00Z", lasts="1d", reason="r"), datetime(2026, 11, 22, 10, tzinfo=UTC)),
        (NewSilence(until="2026-12-01T08:00+01:00", reason="r"), datetime(2026, 12, 1, 7, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_time_or_a_while_after_the_start(new: NewSilence, ends: datetime) -> None:
    assert wanted(new, NOW, lambda: "ada").ends == ends


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        (NewSilence(lasts="2 hours", reason="r"), "--for takes a duration such as 30m, 2h or 7d, not '2 hours'"),
        (NewSilence(lasts="999999999d", reason="r"), "--for takes a duration"),
        (NewSilence(until="tomorrow", reason="r"), "--until takes a time such as 2026-12-01T08:00Z, not 'tomorrow'"),
        (NewSilence(until="2026-12-01T08:00", reason="r"), "--until needs its time zone: 2026-12-01T08:00Z for UTC"),
        (NewSilence(starts="now", lasts="2h", reason="r"), "--from takes a time"),
    ],
)
def test_a_time_that_is_none_is_answered_with_its_form(new: NewSilence, complaint: str) -> None:
    with pytest.raises(LinekeeperError, match=complaint):
        wanted(new, NOW, lambda: "ada")


def test_the_author_is_whoever_is_logged_in_unless_one_is_named() -> None:
    anonymous = NewSilence(lasts="2h", reason="r")
    assert wanted(anonymous, NOW, lambda: "ada").author == "ada"
    assert wanted(NEW, NOW, lambda: "grace").author == "Ada"

    def nobody() -> str:
        raise OSError("no such user")

    with pytest.raises(LinekeeperError, match="nobody is logged in here by a name: give --author"):
        wanted(anonymous, NOW, nobody)
    assert wanted(NEW, NOW, nobody).author == "Ada"


def test_without_a_stored_tenant_nothing_is_done_and_no_file_is_made(tmp_path: Path) -> None:
    environment = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'new.db'}"}
    runs: tuple[Callable[[], int], ...] = (
        lambda: run_add(environment, NEW, clock=clock),
        lambda: run_list(environment, clock=clock),
        lambda: run_end(environment, silence_id="a", clock=clock),
    )
    for run in runs:
        with pytest.raises(LinekeeperError, match="holds nothing of this tenant yet"):
            run()
    assert list(tmp_path.iterdir()) == []


def test_what_is_typed_arrives() -> None:
    typed = (
        "silence add --rule a --rule b-* --subject x --severity info --severity warning --for 2h --reason why --json"
    )
    options = parser().parse_args(typed.split())
    assert (options.action, options.rule, options.subject) == ("add", ["a", "b-*"], ["x"])
    assert (options.severity, options.lasts, options.until) == (["info", "warning"], "2h", None)
    assert (options.reason, options.author, options.starts, options.json) == ("why", "", None, True)
    options = parser().parse_args(["silence", "add", "--from", "s", "--until", "u", "--reason", "r", "--author", "a"])
    assert (options.starts, options.until, options.lasts, options.author) == ("s", "u", None, "a")
    assert (options.rule, options.json) == ([], False)
    options = parser().parse_args(["silence", "end", "0a", "--json"])
    assert (options.action, options.id, options.json) == ("end", "0a", True)


@pytest.mark.parametrize(("typed", "as_json"), [([], False), (["list"], False), (["list", "--json"], True)])
def test_without_an_action_silences_are_listed(typed: list[str], *, as_json: bool) -> None:
    options = parser().parse_args(["silence", *typed])
    assert (options.action, options.json) == ("list", as_json)


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("add --rule a --for 2h", "the following arguments are required: --reason"),
        ("add --rule a --reason r", "one of the arguments --for --until is required"),
        ("add --rule a --reason r --for 2h --until x", "not allowed with argument --for"),
        ("add --severity severe --reason r --for 2h", "invalid choice: 'severe'"),
        ("end", "the following arguments are required: ID"),
        ("stop", "invalid choice: 'stop'"),
    ],
)
def test_what_is_typed_wrongly_is_told(typed: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["silence", *typed.split()])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_where_nothing_is_stored_the_path_is_named_and_whether_it_was_taken_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "linekeeper.db"
    environment = {"LINEKEEPER_TENANT_ID": "84bd8158-6d4d-4958-8b9f-9d6445542f95"}
    with pytest.raises(LinekeeperError) as refused:
        run_list(environment)
    assert str(refused.value).startswith(f"{path} (LINEKEEPER_STORE is not set) holds nothing of this tenant yet: ")
    with pytest.raises(LinekeeperError) as refused:
        run_list(environment | {"LINEKEEPER_STORE": "sqlite:linekeeper.db"})
    assert str(refused.value).startswith(f"LINEKEEPER_STORE ({path}) holds nothing of this tenant yet: ")
