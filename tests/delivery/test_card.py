"""A message as a card: verdict first, in order, dated in the reader's zone, and within its budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from shared.alerting.compose import compose
from shared.delivery.card import MAX_BYTES, MAX_ITEMS, card, envelope
from shared.model.alert import Alert, GroupLog, Item, Message, Section
from shared.model.finding import Commands, Finding
from tests.delivery.reading import elements, face, lines, sent
from tools.sample_cards import SAMPLES

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SHOWN_NOW = "{{DATE(2026-11-20T10:00:00Z,SHORT)}} {{TIME(2026-11-20T10:00:00Z)}}"
LINK = "https://learn.microsoft.com/microsoftteams/manage-resource-accounts"


def item(name: str = "Sales", **changed: object) -> Item:
    values: dict[str, Any] = {
        "rule": "resource-account-unlicensed",
        "title": "Account without a licence",
        "severity": "critical",
        "name": name,
        "summary": "No licence.",
        "remedy": "Assign one.",
        "since": NOW,
        **changed,
    }
    return Item(**values)


def message(*sections: Section, **changed: object) -> Message:
    values: dict[str, Any] = {
        "kind": "alert",
        "group": "teams/accounts",
        "severity": "critical",
        "headline": "Account without a licence: Sales",
        "sections": sections,
        "link": LINK,
        "as_of": NOW,
        **changed,
    }
    return Message(**values)


def section(kind: str, *items: Item, total: int | None = None) -> Section:
    return Section(kind=kind, items=items, total=len(items) if total is None else total)  # type: ignore[arg-type]


def folded(what: Message) -> list[str]:
    """What stands behind the button."""
    return lines([each.get("card") for each in sent(what).get("actions", [])])


def named(texts: list[str]) -> int:
    """How many of the findings whose names begin with `Line` stand on lines of their own."""
    return len([text for text in texts if text.startswith("Line")])


def test_the_envelope_is_the_only_shape_that_a_workflow_posts() -> None:
    body = json.loads(envelope(message(section("new", item()))))
    assert body.keys() == {"type", "attachments"}
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment.keys() == {"contentType", "contentUrl", "content"}
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    content = attachment["content"]
    assert (content["type"], content["version"], content["msteams"]) == ("AdaptiveCard", "1.4", {"width": "full"})


@pytest.mark.parametrize(
    ("severity", "word"),
    [("critical", "Critical"), ("warning", "Warning"), ("info", "Notice"), ("resolved", "Resolved")],
)
def test_the_verdict_comes_first_and_severity_is_sign_word_and_colour(severity: str, word: str) -> None:
    content = sent(message(section("new", item()), severity=severity))
    first, second = lines(content["body"][0])
    sign, verdict = first.split(" ", 1)
    assert not sign.isalnum()
    assert verdict == content["fallbackText"]
    assert second.startswith(word)
    others = [sent(message(severity=each))["body"][0] for each in ("critical", "warning", "info", "resolved")]
    assert len({header["style"] for header in others}) == 4
    assert len({lines(header)[0].split(" ")[0] for header in others}) == 4


def test_a_card_reads_verdict_change_figures_date_and_then_the_buttons() -> None:
    ended = item("Support", ended=NOW + timedelta(minutes=5))
    what = message(
        section("new", item()),
        section("resolved", ended),
        section("open", item("Orders")),
        facts=(("Owned", "25"),),
        links=(("Silence for a day", "https://example.com/s"), ("Status page", "https://example.com/p")),
        tenant="Contoso",
    )
    texts = face(what)
    wanted = ["New (1)", "Sales", "Mended (1)", "Support", "Still open (1)", "Orders", "25", "Owned"]
    assert [text for text in texts[2:] if text in wanted] == wanted
    assert texts[-1] == f"Data as of {SHOWN_NOW} \N{MIDDLE DOT} Contoso"
    titles = [action["title"] for action in sent(what)["actions"]]
    assert titles == ["What to do", "Silence for a day", "Status page", "About this rule"]


def test_dates_are_those_of_the_reader_whatever_zone_they_come_in() -> None:
    zone = timezone(timedelta(hours=-8))
    texts = face(message(section("new", item(since=NOW.astimezone(zone))), as_of=NOW.astimezone(zone)))
    assert f"Since {SHOWN_NOW}" in texts
    assert texts[-1] == f"Data as of {SHOWN_NOW}"


def test_a_tenants_id_is_shown_as_far_as_it_tells_tenants_apart() -> None:
    what = message(section("new", item()), tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95")
    assert face(what)[-1] == f"Data as of {SHOWN_NOW} \N{MIDDLE DOT} tenant 84bd8158"


def test_a_message_without_a_time_or_a_link_claims_none() -> None:
    bare = message(kind="announcement", text="Qualifying licences changed.", as_of=None, link="")
    assert face(bare)[2:] == ["Qualifying licences changed."]
    assert "actions" not in sent(bare)


def test_short_figures_stand_side_by_side_and_long_ones_on_lines() -> None:
    facts = (*((f"Figure {number}", str(number)) for number in range(5)), ("Policy", "2023-shared-devices"))
    content = sent(message(section("new", item()), facts=facts))
    rows = [each["columns"] for each in elements(content) if each.get("type") == "ColumnSet"]
    assert [len(row) for row in rows] == [4, 1]
    assert lines(rows[0][0]) == ["0", "Figure 0"]
    assert "Policy: 2023-shared-devices" in lines(content["body"])


def test_an_announcement_says_the_figures_right_after_the_text() -> None:
    texts = face(SAMPLES["announcement"])
    assert texts[0].endswith("Free allocation fell from 85 to 45")
    assert texts[2].startswith("Qualifying licences changed: SPE_E5 -400.")
    assert texts[3:5] == ["45", "Free allocation"]


def test_a_digest_has_the_ledger_on_top_then_each_rule_with_its_count_and_its_names() -> None:
    texts = face(SAMPLES["digest"])
    assert texts[:3] == [texts[0], "Weekly digest", "Nothing here keeps callers from getting through."]
    assert texts[3:5] == ["85", "Free allocation"]
    rule = texts.index("4 \N{MULTIPLICATION SIGN} Resource account without an attendant or queue")
    assert texts[rule + 1] == "AA Old Front Desk, CQ Test 2024, AA Summer Campaign, AA Trade Fair"
    assert folded(SAMPLES["digest"]) == []


def test_a_digest_that_comes_as_one_section_counts_by_rule_too() -> None:
    items = [item(name, title=title) for title, name in (("Orphan", "A"), ("Orphan", "B"), ("Unused", "C"))]
    texts = face(message(section("open", *items, total=9), kind="digest", severity="info"))
    assert texts[2:-1] == ["Open (9)", "2 \N{MULTIPLICATION SIGN} Orphan", "A, B", "Unused", "C", "+6 more"]


def test_a_heartbeat_is_one_quiet_line_without_colour_or_buttons() -> None:
    content = sent(SAMPLES["heartbeat"])
    [text] = lines(content["body"])
    assert text.startswith(
        "\N{HEAVY CHECK MARK} Linekeeper is watching: 2 critical. This message shows that this channel"
    )
    assert text.endswith(" \N{MIDDLE DOT} tenant 84bd8158.")
    assert "actions" not in content
    assert "style" not in content["body"][0]
    assert {run["size"] for run in elements(content) if run.get("type") == "TextRun"} == {"small"}


def test_a_heartbeat_counts_in_its_line_what_it_is_given_as_figures() -> None:
    what = message(kind="heartbeat", severity="info", headline="All is well.", facts=(("Open", "5"), ("Critical", "0")))
    assert face(what) == [
        f"\N{HEAVY CHECK MARK} All is well. Open 5 \N{MIDDLE DOT} Critical 0. Data as of {SHOWN_NOW}."
    ]


def test_a_test_card_says_what_it_proves_and_what_not() -> None:
    texts = face(SAMPLES["test"])
    assert texts[1] == "A test: nothing is wrong"
    assert texts.index("What this proves") < texts.index("What it does not prove")
    assert "202" in texts[-2]
    assert "no receipt" in texts[-2]
    assert texts[-1].startswith("Sent {{DATE(")


def test_a_notice_is_its_headline_and_its_text_a_paragraph_for_each_line() -> None:
    texts = face(SAMPLES["notice"])
    assert texts[0].endswith("A silence for AA Main Line Berlin ends on 2026-11-21 10:05 UTC")
    assert texts[1:-1] == [
        "Notice",
        "resource-account-unlicensed for AA Main Line Berlin. By Ada Nowak: moving offices",
        "Quiet now: AA Main Line Berlin. What still fires then is told again. To keep it quiet, add another silence.",
    ]


def test_a_text_of_many_lines_is_three_paragraphs_at_most() -> None:
    texts = face(message(kind="notice", text="one\n\n two\nthree\nfour", as_of=None))
    assert texts[2:] == ["one", "two three four"]


def test_links_that_are_too_long_together_are_left_out_before_what_is_said() -> None:
    links = tuple((f"Page {number}", f"https://example.com/{number}{'x' * 1900}") for number in range(4))
    shown = message(text="\N{TELEPHONE RECEIVER}" * 1500, links=links, kind="notice")
    assert len(sent(shown)["actions"]) == 5
    many = "\n".join(["\N{TELEPHONE RECEIVER}" * 500] * 3)
    facts = tuple(("\N{TELEPHONE RECEIVER}" * 40, "\N{TELEPHONE RECEIVER}" * 60) for _ in range(8))
    crowded = message(text=many, links=links, facts=facts, kind="notice")
    assert len(envelope(crowded)) <= MAX_BYTES
    assert "actions" not in sent(crowded)


def test_only_web_pages_become_buttons_and_no_more_than_a_row_holds() -> None:
    links = (
        ("Script", "javascript:alert(1)"),
        ("Teams", "msteams:/l/chat"),
        ("None", ""),
        ("Broken", "https://[x"),
        ("Spaced", "https://example.com/a b"),
        ("Long", "https://example.com/" + "x" * 2000),
        *((f"Page {number}", f"https://example.com/{number}?sig=a%2Fb&t=1") for number in range(9)),
    )
    actions = sent(message(section("new", item()), links=links))["actions"]
    assert len(actions) <= 6
    assert [each["url"] for each in actions[1:]] == [url for _, url in links[6:10]] + [LINK]


@pytest.mark.parametrize("name", ["x" * 10_000, "\N{TELEPHONE RECEIVER}" * 10_000, '"\\\x01' * 3_333, "{" * 10_000])
def test_500_findings_with_endless_names_fit_and_are_counted(
    name: str, make_alert: Callable[..., Alert], make_finding: Callable[..., Finding]
) -> None:
    alerts = [
        make_alert(make_finding("unlicensed", number, name=f"Line{name}", summary=name, remedy=name))
        for number in range(500)
    ]
    what = compose("accounts", {alert.finding.key: alert for alert in alerts}, GroupLog(), "first", as_of=NOW)
    assert len(envelope(what)) <= MAX_BYTES == 18 * 1024
    texts = face(what)
    (rest,) = (int(text[1:].removesuffix(" more")) for text in texts if text.startswith("+"))
    assert "New (500)" in texts
    assert named(texts) + rest == 500
    assert named(texts) >= 5
    assert folded(what)


def test_a_message_that_carries_500_findings_is_a_card_of_twenty() -> None:
    what = message(section("new", *(item(f"Line {number}") for number in range(500)), total=537))
    assert named(face(what)) == MAX_ITEMS == 20
    assert "+517 more" in face(what)


def test_ordinary_findings_are_all_named() -> None:
    what = message(section("new", *(item(f"Line {number}", numbers=("+14255550100",)) for number in range(20))))
    assert named(face(what)) == 20
    assert not [text for text in face(what) if text.endswith(" more")]


def test_as_many_are_named_as_fit() -> None:
    everywhere = "\N{TELEPHONE RECEIVER}" * 400
    items = [item(f"Line {number} {everywhere}", title=str(number), summary=everywhere) for number in range(20)]
    what = message(section("new", *items))
    count = named(face(what))
    assert 0 < count < 20
    around = len(envelope(what)) - len(msgspec.json.encode(card(what, count, 1)))
    assert len(msgspec.json.encode(card(what, count + 1, 1))) + around > MAX_BYTES


def test_what_does_not_fit_goes_from_the_end_and_every_section_keeps_its_count() -> None:
    long = "\N{TELEPHONE RECEIVER}" * 400
    fresh = [item(f"Line {number} {long}", title=str(number), summary=long, remedy=long) for number in range(12)]
    standing = [item(f"Line {number} {long}", summary=long) for number in range(8)]
    texts = face(message(section("new", *fresh), section("open", *standing, total=30)))
    assert "New (12)" in texts
    assert "Still open (30)" in texts
    assert texts[-2] == "+30 more"
    assert f"+{12 - named(texts)} more" in texts


def test_remedies_give_way_before_the_names_of_findings_do() -> None:
    commands = Commands(powershell="p" * 1400, request="r" * 1400, admin_centre="Words.")
    items = [item(f"Line {number}", remedy=f"Mend {number}.", commands=commands) for number in range(20)]
    what = message(section("new", *items))
    assert len(envelope(what)) <= MAX_BYTES
    assert named(face(what)) == 20
    shown = named(folded(what))
    assert 0 < shown < 20
    assert folded(what)[-1].startswith(f"+{20 - shown} more")


def test_the_worst_of_all_messages_is_within_the_budget() -> None:
    worst = "\N{TELEPHONE RECEIVER}" * 10_000
    url = f"https://example.com/{'x' * 780}"
    dreadful = item(
        worst,
        title=worst,
        summary=worst,
        remedy=worst,
        numbers=(worst,) * 50,
        commands=Commands(powershell=worst, request=f"{worst}\n" * 50, admin_centre=worst),
        worse=True,
    )
    for kind in ("alert", "announcement", "digest", "heartbeat", "notice", "test"):
        what = message(
            *(section(each, *(dreadful,) * 50) for each in ("new", "resolved", "open") * 20),
            kind=kind,
            headline=worst,
            text=worst,
            facts=((worst, worst),) * 100,
            link=url,
            links=((worst, url),) * 100,
            tenant=worst,
        )
        size = len(envelope(what))
        assert size <= MAX_BYTES, kind


def test_a_card_names_no_more_than_it_is_told_to() -> None:
    texts = lines(card(message(section("new", item("One"), item("Two"))), 1)["body"])
    assert "One" in texts
    assert "Two" not in texts
    assert "+1 more" in texts


def test_a_card_ends_with_the_trace_that_led_to_it() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    texts = face(message(section("new", item()), as_of=NOW, trace=trace))
    assert texts[-2:] == [f"Data as of {SHOWN_NOW}", f"Trace {trace}"]
