"""The status page: the verdict first, every text nothing but text, and small however much is wrong."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing.policy import CURRENT
from shared.model.alert import GroupLog, Message, OutboxEntry, ReceiverState
from shared.model.directory import Account
from shared.model.finding import SEVERITIES, Commands
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.silence import Silence
from shared.model.sources import SOURCES, SourceState
from shared.model.tenant import SubscriptionState, TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.monitor.status import StatusFinding, StatusReport, status
from shared.monitor.status_page import page

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOSTILE = "</title></style><script>alert(1)</script> & \"Sales\" 'line' <img src=x onerror=alert(1)>"
LARGEST = 512 * 1024
"""Bytes: what a page may weigh, whatever a tenant holds."""

MakeState = Callable[..., TenantState]
MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
MakeSku = Callable[..., Sku]


def occasion(now: datetime = NOW, **changed: Any) -> Occasion:  # noqa: ANN401 - what a site sets
    values: dict[str, Any] = {"policy": CURRENT, "timing": Timing(), **changed}
    return Occasion(now=now, **values)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text without the style."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] != "style":
            self.text += f" {data}"


def read(source: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(Elements(source).text.split())


Named = Callable[[str], TenantState]


@pytest.fixture(scope="module")
def named(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, make_resource_account_sku: MakeSku
) -> Named:
    """A judged document in which everything that somebody may write says the same text."""

    def make(text: str) -> TenantState:
        quiet = Silence(
            id="s1",
            rules=("resource-account-sign-in-enabled",),
            subjects=(make_account(2).id,),
            starts=NOW - timedelta(hours=1),
            ends=NOW + timedelta(hours=3),
            author=text,
            reason=text,
            created=NOW,
        )
        entry = OutboxEntry(
            id="a",
            receiver="teams",
            message=Message(kind="alert", group="g", severity="info", headline="x"),
            created=NOW,
            due=NOW,
            refused=text,
            refused_at=NOW,
        )
        known = SourceState(state="complete", tried_at=NOW, complete_as_of=NOW)
        failing = msgspec.structs.replace(known, state="failed", problem=text, failing_since=NOW)
        document = make_state(
            make_account(1, name=text),
            make_account(2, name=text, enabled=True),
            skus=(make_resource_account_sku(1, 0, part_number=text),),
            numbers=(make_number("+14255550101", 1),),
            silences={"s1": quiet},
            outbox=(entry,),
            receivers={"teams": ReceiverState(failing_since=NOW)},
            groups={"teams/accounts": GroupLog(sent_at=NOW, firing=("resource-account-unlicensed|1|",))},
            subscription=SubscriptionState(problem=text, checked_at=NOW),
        )
        sources = {**document.sources, "calling": failing}
        return evaluate(msgspec.structs.replace(document, sources=sources), occasion())

    return make


def drawn(document: TenantState, **changed: Any) -> str:  # noqa: ANN401 - what a site sets
    shown = status(document, occasion(expects_subscription=True, **changed))
    return page(shown, called="Contoso", json_link="status.json?tenant=a&code=b")


def test_the_verdict_comes_first_with_how_many_lines_and_numbers(named: Named) -> None:
    text = read(drawn(named("Reception")))
    order = (
        "▲ Critical Callers to +14255550101 cannot be answered. 1 line, 1 telephone number affected",
        "Findings: 1 critical, 5 warning (1 silenced)",
        "As of 2026-11-20 10:00 UTC",
        "What to do",
        "What it says",
        "What was read, and when",
        "Who is told",
        "What is not told for a while",
        "The last changes",
    )
    places = [text.find(each) for each in order]
    assert -1 not in places
    assert places == sorted(places)


def test_every_part_says_what_an_operator_asks_for(named: Named) -> None:
    text = read(drawn(named("Reception")))
    for said in (
        "tenant Contoso (84bd8158-6d4d-4958-8b9f-9d6445542f95)",
        "Reception firing",
        "Since 2026-11-20 10:00 UTC",
        "What to do",
        "Silenced by Reception until 2026-11-20 13:00 UTC : Reception",
        "The allocation (policy 2023-shared-devices)",
        "Not read here, and so not judged: voice export",
        "There is no subscription to changes yet : timers find them meanwhile. Last problem: Reception",
        "teams (not set)",
        "1: Reception",
        "just now teams accounts 1 \N{MULTIPLICATION SIGN} Resource account without a licence",
        "began",
    ):
        assert said in text, said


def test_no_text_of_the_tenant_makes_an_element_an_attribute_or_a_link(named: Named) -> None:
    plain, hostile = Elements(drawn(named("Reception"))), Elements(drawn(named(HOSTILE)))
    assert hostile.found == plain.found
    assert hostile.links == plain.links
    assert HOSTILE in html.unescape(drawn(named(HOSTILE)))


@given(st.text(max_size=60))
def test_whatever_people_write_the_page_has_the_same_elements(named: Named, text: str) -> None:
    source = drawn(named(f"a{text}"))
    plain = Elements(drawn(named("a")))
    assert Elements(source).found == plain.found
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", source)
    source.encode()


def test_there_is_no_script_no_inline_style_and_nothing_is_loaded(named: Named) -> None:
    found = Elements(drawn(named(HOSTILE)))
    assert {tag for tag, _ in found.found}.isdisjoint({"script", "img", "iframe", "form", "object", "embed", "base"})
    assert {tag for tag, _ in found.found if tag == "link"} == set()
    attributes = {name for _, names in found.found for name in names}
    assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert all(link.startswith(("https://learn.microsoft.com/", "#", "status.json?")) for link in found.links)


def test_those_who_hold_no_key_are_shown_no_way_to_the_json(named: Named) -> None:
    shown = page(status(named("Reception"), occasion()))
    assert [link for link in Elements(shown).links if not link.startswith(("#", "https://learn."))] == []
    assert "status.json, which wants the service's key" in read(shown)


def test_stale_reads_are_said_at_the_top_and_at_each_finding(named: Named) -> None:
    later = NOW + timedelta(hours=2)
    text = read(page(status(named("Reception"), occasion(later))))
    assert "▲ Critical when last read, and not confirmed since Callers to" in text
    assert "It may be worse or better than this says." in text
    assert "the oldest read that it rests on is that of the licences, 2 h ago" in text
    assert "Reception frozen" in text
    assert "Not confirmed: what it rests on could not be read lately" in text
    assert "stale" in text


def test_a_document_that_was_never_filled_is_no_good_news(make_state: MakeState) -> None:
    text = read(page(status(make_state(read=None), occasion())))
    assert "? Not known Nothing has been read yet" in text
    assert "None is known. What that is worth stands at the top." in text
    assert "No receiver is set: nobody is told." in text
    assert "✔" not in text


def test_a_healthy_tenant_is_told_so_in_one_line(make_state: MakeState, make_account: MakeAccount) -> None:
    known = SourceState(state="complete", tried_at=NOW, complete_as_of=NOW)
    person = make_account(1, marked=False, enabled=True)
    document = make_state(person, skus=(), numbers=(), poisoned_seen=NOW, sources=dict.fromkeys(SOURCES, known))
    text = read(page(status(evaluate(document, occasion()), occasion())))
    assert "✔ No fault found No fault was found in anything that is watched." in text
    assert "It may be worse" not in text


def test_twenty_thousand_findings_make_a_small_page_that_counts_them_all(named: Named) -> None:
    long = "A name as long as a directory lets it be " * 6
    shown = status(named(long), occasion())
    many = shown.findings[:1] * 20_000 + shown.findings[1:]
    source = page(msgspec.structs.replace(shown, findings=many, recent=shown.recent[:1] * 200))
    assert len(source.encode()) < LARGEST
    text = read(source)
    assert "Findings: 20000 critical" in text
    assert f"20000 \N{MULTIPLICATION SIGN} {shown.findings[0].topic.title}" in text
    assert "19980 more stand in status.json" in text
    assert "170 more changes not shown here." in text


def test_of_many_lines_those_that_callers_dial_are_the_ones_that_are_shown(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    document = make_state(
        *(make_account(each, name=f"Line {each}.") for each in range(1, 41)),
        numbers=(make_number("+14255550139", 39), make_number("+14255550140", 40)),
    )
    shown = status(evaluate(document, occasion()), occasion())
    alike = tuple(
        msgspec.structs.replace(each, finding=msgspec.structs.replace(each.finding, severity="critical"))
        for each in shown.findings
        if each.finding.rule == "resource-account-unlicensed"
    )
    text = read(page(msgspec.structs.replace(shown, findings=alike)))
    assert text.index("Line 39. firing") < text.index("Line 40. firing")
    assert text.count(". firing") == 20
    assert "20 more stand in status.json" in text


def test_the_worst_of_every_severity_by_many_rules_still_makes_a_page_that_a_phone_loads(named: Named) -> None:
    long = "A name as long as a directory lets it be " * 6
    shown = status(named(long), occasion())
    longest = max(shown.findings, key=lambda each: len(each.finding.remedy))
    many = tuple(
        msgspec.structs.replace(longest, finding=msgspec.structs.replace(longest.finding, severity=severity, rule=rule))
        for severity in SEVERITIES
        for rule in ("a", "b", "c", "d")
        for _ in range(100)
    )
    assert len(page(msgspec.structs.replace(shown, findings=many)).encode()) < LARGEST


@pytest.mark.parametrize(
    ("line", "shown_as_it_is"),
    [
        ("Set-MgUserLicense -UserId 'a<b>' -AddLicenses @{SkuId='x'}", True),
        ("first\nsecond", True),
        ("harmless \u202e txt.exe", False),
        ("a\rb", False),
        ("x" * 9000, False),
    ],
)
def test_a_command_is_shown_exactly_as_it_is_or_not_at_all(
    named: Named,
    line: str,
    shown_as_it_is: bool,  # noqa: FBT001
) -> None:
    commands = Commands(powershell=line, request="POST /users", admin_centre="Assign it.")
    shown = status(named("Reception"), occasion())
    source = page(
        msgspec.structs.replace(shown, findings=tuple(with_commands(each, commands) for each in shown.findings))
    )
    assert (f"<code>{html.escape(line)}</code>" in source) is shown_as_it_is
    assert ("It cannot be shown here as it is" in source) is not shown_as_it_is
    assert "<code>POST /users</code>" in source


def with_commands(each: StatusFinding, commands: Commands) -> StatusFinding:
    finding = msgspec.structs.replace(each.finding, commands=commands, remedy="Do it.")
    return msgspec.structs.replace(each, finding=finding)


def test_an_inhibited_finding_names_what_explains_it(named: Named) -> None:
    shown: StatusReport = status(named("Reception"), occasion())
    first, *others = shown.findings
    cause = next(each for each in others if each.finding.rule != first.finding.rule)
    muted = msgspec.structs.replace(first, state="inhibited", inhibited_by=cause.finding.key)
    text = read(page(msgspec.structs.replace(shown, findings=(muted, *others))))
    assert f"Explained by {cause.topic.title}" in text
    unknown = msgspec.structs.replace(first, state="inhibited", inhibited_by="gone|1|")
    assert "Explained by \N{EN DASH}" in read(page(msgspec.structs.replace(shown, findings=(unknown, *others))))
