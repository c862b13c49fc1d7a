"""A message as a card: verdict first, within its budget, and deaf to whatever the tenant's names say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.compose import compose
from shared.delivery.card import MAX_BYTES, card, envelope, plain
from shared.model.alert import Alert, GroupLog, Item, Message, Section
from shared.model.finding import Finding

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LINK = "https://learn.microsoft.com/microsoftteams/manage-resource-accounts"
WORKING_ON_A_WEBHOOK = {"Action.OpenUrl", "Action.ShowCard", "Action.ToggleVisibility"}

HOSTILE = [
    "[x](javascript:alert(1))",
    "<at>all</at>",
    "{{DATE(2026-11-20T10:00:00Z,SHORT)}}",
    "{{{DATE(2026-11-20T10:00:00Z,SHORT)}}}",
    "{ {{{{TIME(2026-11-20T10:00:00Z)}}}}",
    "${name}",
    "**bold** _it_ `code` # head > quote",
    "<img src=x onerror=alert(1)>",
    "\u202egnp.exe\u200f\u2066",
    "\N{TELEPHONE RECEIVER}\N{ZERO WIDTH JOINER}\N{WOMAN}" * 40,
    "Sales\r\n\r\n- one\n- two\u2028three",
    '"}]}},{"type":"Action.Submit"',
    "x" * 300,
]


def item(name: str = "Sales", **changed: object) -> Item:
    values: dict[str, Any] = {
        "rule": "unlicensed",
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
        "group": "accounts",
        "severity": "critical",
        "headline": "Account without a licence: Sales",
        "sections": sections,
        "link": LINK,
        "as_of": NOW,
        **changed,
    }
    return Message(**values)


def new(*items: Item, total: int | None = None) -> Section:
    return Section(kind="new", items=items, total=len(items) if total is None else total)


def sent(what: Message) -> dict[str, Any]:
    """The card inside the envelope that is posted."""
    content: dict[str, Any] = json.loads(envelope(what))["attachments"][0]["content"]
    return content


def elements(part: object) -> Iterator[dict[str, Any]]:
    """Every object of a card, whatever it stands in."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from elements(value)
    elif isinstance(part, list):
        for value in part:
            yield from elements(value)


def runs(what: Message) -> list[str]:
    return [each["text"] for each in elements(sent(what)) if each.get("type") == "TextRun"]


def markdown(what: Message) -> list[str]:
    """Every text that a renderer takes for Markdown."""
    texts = [each["text"] for each in elements(sent(what)) if each.get("type") == "TextBlock"]
    return texts + [
        value for each in elements(sent(what)) for value in each.get("facts", []) for value in value.values()
    ]


def test_the_envelope_is_the_only_shape_that_a_workflow_posts() -> None:
    body = json.loads(envelope(message(new(item()))))
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
def test_the_verdict_comes_first_as_sign_word_and_colour(severity: str, word: str) -> None:
    content = sent(message(new(item()), severity=severity))
    header = content["body"][0]
    verdict, headline = header["items"][0]["inlines"]
    assert verdict["text"].endswith(f" {word}: ")
    assert not verdict["text"].startswith(word)
    assert headline["text"] == "Account without a licence: Sales"
    styles = {sent(message(severity=each))["body"][0]["style"] for each in ("critical", "warning", "info", "resolved")}
    assert header["style"] in styles
    assert len(styles) == 4


def test_a_new_finding_says_what_is_wrong_and_what_to_do() -> None:
    texts = runs(message(new(item())))
    assert "New (1)" in texts
    assert {"Sales: ", "No licence.", "Assign one."} <= set(texts)
    assert texts.index("No licence.") < texts.index("Assign one.")


def test_a_mended_finding_says_how_long_it_lasted_and_needs_no_remedy() -> None:
    ended = item(ended=NOW + timedelta(hours=2, minutes=5, seconds=7))
    texts = runs(message(Section(kind="resolved", items=(ended,), total=1), severity="resolved"))
    assert " Lasted 2 h 5 min." in texts
    assert "Assign one." not in texts


@pytest.mark.parametrize(
    ("lasted", "said"),
    [
        (timedelta(0), "1 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=61), "1 h 1 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(lasted: timedelta, said: str) -> None:
    section = Section(kind="resolved", items=(item(ended=NOW + lasted),), total=1)
    assert f" Lasted {said}." in runs(message(section))


def test_data_and_figures_are_dated_in_the_readers_own_zone() -> None:
    content = sent(message(new(item()), facts=(("Owned", "25"),)))
    assert {"title": "Owned", "value": "25"} in list(elements(content))
    assert "{{DATE(2026-11-20T10:00:00Z,SHORT)}} {{TIME(2026-11-20T10:00:00Z)}}" in content["body"][-1]["text"]


def test_a_message_without_a_time_or_a_link_claims_none() -> None:
    bare = message(kind="announcement", text="Qualifying licences changed.", as_of=None, link="")
    assert markdown(bare) == []
    assert sent(bare)["actions"] == []
    assert "Qualifying licences changed." in runs(bare)


def test_only_actions_that_work_on_a_webhooks_card_are_used() -> None:
    found = list(elements(sent(message(new(item(), item("Support"))))))
    actions = [each for each in found if str(each.get("type", "")).startswith("Action.")]
    assert {each["type"] for each in actions} <= WORKING_ON_A_WEBHOOK
    assert [each["url"] for each in actions if each["type"] == "Action.OpenUrl"] == [LINK]
    assert not [each for each in found if each.get("selectAction")]


@pytest.mark.parametrize("name", ["x" * 10_000, "\N{TELEPHONE RECEIVER}" * 10_000, '"\\\x01' * 3_333, "{" * 10_000])
def test_500_findings_with_endless_names_fit_and_are_counted(
    name: str, make_alert: Callable[..., Alert], make_finding: Callable[..., Finding]
) -> None:
    alerts = [make_alert(make_finding("unlicensed", number, name=name, summary=name)) for number in range(500)]
    what = compose("accounts", {alert.finding.key: alert for alert in alerts}, GroupLog(), "first", as_of=NOW)
    body = envelope(what)
    assert len(body) <= MAX_BYTES == 18 * 1024
    texts = runs(what)
    (rest,) = (int(text[1:].removesuffix(" more")) for text in texts if text.endswith(" more"))
    named = len([each for each in sent(what)["body"] if len(each.get("inlines", [])) > 1])
    assert "New (500)" in texts
    assert named > 0
    assert named + rest == 500


def test_as_many_are_named_as_fit() -> None:
    what = message(new(*(item(f"{number} {'x' * 350}", summary="x" * 300) for number in range(30))))
    named = len([each for each in sent(what)["body"] if len(each.get("inlines", [])) > 1])
    around = len(envelope(what)) - len(msgspec.json.encode(card(what, named)))
    assert len(msgspec.json.encode(card(what, named + 1))) + around > MAX_BYTES


def test_twenty_ordinary_findings_are_all_named() -> None:
    what = message(new(*(item(f"Line {number}") for number in range(20))))
    assert not [text for text in runs(what) if text.endswith(" more")]
    assert {f"Line {number}: " for number in range(20)} <= set(runs(what))


def test_what_does_not_fit_goes_from_the_end_and_every_section_keeps_its_count() -> None:
    long = "x" * 400
    fresh = tuple(item(f"{number} {long}", summary=long, remedy=long) for number in range(12))
    standing = tuple(item(f"{number} {long}", summary=long) for number in range(8))
    texts = runs(message(new(*fresh), Section(kind="open", items=standing, total=30)))
    assert "New (12)" in texts
    assert "Still open (30)" in texts
    assert "+30 more" in texts


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_nothing_but_text(name: str) -> None:
    hostile = item(name, title=name, summary=name, remedy=name, ended=NOW + timedelta(minutes=1))
    sections = [Section(kind=kind, items=(hostile,), total=2) for kind in ("new", "resolved", "open")]
    what = message(*sections, headline=name, text=name, facts=(("Owned", "25"),))
    harmless = message(*[Section(kind=each.kind, items=(item(ended=NOW),), total=2) for each in sections], text="x")
    assert markdown(what) == [*markdown(harmless), "Owned", "25"]
    assert not [text for text in runs(what) if "{{" in text]
    assert not [text for text in runs(what) if len(text.splitlines()) > 1]
    shape = [each.get("type") for each in elements(sent(message(*sections, text=name)))]
    assert shape == [each.get("type") for each in elements(sent(harmless))]


def test_a_name_is_shown_as_it_is_where_it_harms_nobody() -> None:
    for name in ("Müller & Söhne", "خدمة العملاء", "[Sales] (EMEA) {1}", "<Support>", "销售"):
        assert plain(name) == name


def test_a_long_name_is_cut_and_shows_it() -> None:
    assert plain("x" * 401) == "x" * 399 + "\N{HORIZONTAL ELLIPSIS}"
    assert plain("x" * 400) == "x" * 400


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)


braces = st.lists(st.sampled_from(["{", "{{", "{ {", "\u2060", "DATE", "\n"]), max_size=6).map("".join)


@given(braces | anything)
def test_no_text_leaves_a_template_brace_or_a_second_line(text: str) -> None:
    assert "{{" not in plain(text)
    assert len(plain(text).splitlines()) <= 1
    assert len(plain(text, 20)) <= 20


@given(st.lists(st.tuples(anything, anything), max_size=20), st.integers(0, 500))
def test_whatever_is_told_the_envelope_is_json_within_the_budget(texts: list[tuple[str, str]], more: int) -> None:
    items = [item(name, summary=text, remedy=text, title=name) for name, text in texts]
    body = envelope(message(new(*items, total=len(items) + more)))
    assert len(body) <= MAX_BYTES
    assert json.loads(body)["type"] == "message"


def test_a_card_names_no_more_than_it_is_told_to() -> None:
    content = card(message(new(item("One"), item("Two"))), 1)
    texts = [each["text"] for each in elements(content) if each.get("type") == "TextRun"]
    assert "One: " in texts
    assert "Two: " not in texts
    assert "+1 more" in texts
