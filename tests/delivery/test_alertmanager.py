from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.alertmanager import MAX_ANNOTATION, MAX_LABEL, Alertmanager, alerts_of
from shared.delivery.channels import sender_of
from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.delivery.webhook import Webhook
from shared.delivery.workflows import WorkflowsWebhook
from shared.model.alert import Item, Message, MessageKind, Section
from shared.model.finding import Severity
from shared.model.receiver import AlertmanagerReceiver, WebhookReceiver, WorkflowsReceiver
from shared.model.secret import Secret
from shared.model.timing import Repeat, Timing

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)
TIMING = Timing()
ITEM = Item(
    key="voice-app-target-missing|42|menu/1",
    rule="voice-app-target-missing",
    subject_kind="voice_app",
    subject_id="42",
    severity="critical",
    title="Call flow leads nowhere",
    name="AA Zürich",
    summary="Key 1 leads to nobody.",
    remedy="Name another.",
    numbers=("+41445550100", "+41445550101"),
    since=SINCE,
)


def message(*sections: Section, kind: MessageKind = "alert", **changed: Any) -> Message:  # noqa: ANN401
    values: dict[str, Any] = {
        "group": "pager/lines",
        "severity": "critical",
        "headline": "Call flow leads nowhere: AA Zürich",
        "link": "https://learn.microsoft.com/rule",
        "tenant": TENANT,
        **changed,
    }
    return Message(kind=kind, sections=sections, **values)


def section(kind: str, *items: Item, total: int | None = None) -> Section:
    return msgspec.structs.replace(
        msgspec.convert({"kind": kind}, Section), items=items, total=len(items) if total is None else total
    )


def item(**changed: Any) -> Item:  # noqa: ANN401
    return msgspec.structs.replace(ITEM, **changed)


async def send(
    sent: Message, answer: httpx.Response | None = None, url: str = "https://alerts.example.com/am/"
) -> tuple[Result, list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer or httpx.Response(200)

    client = httpx.AsyncClient(transport=httpx.MockTransport(receive))
    receiver = AlertmanagerReceiver(name="pager", url=Secret(url))
    alertmanager = sender_of(receiver, timing=TIMING, client=client, clock=lambda: NOW)
    try:
        return await alertmanager.send(sent), requests
    finally:
        await alertmanager.close()


async def test_a_finding_is_an_alert_with_the_labels_that_identify_it() -> None:
    result, [request] = await send(message(section("new", ITEM)))
    assert result == Delivered()
    assert (request.method, str(request.url)) == ("POST", "https://alerts.example.com/am/api/v2/alerts")
    assert request.headers["Content-Type"] == "application/json"
    assert msgspec.json.decode(request.content) == [
        {
            "labels": {
                "alertname": "voice-app-target-missing",
                "severity": "critical",
                "tenant": TENANT,
                "family": "lines",
                "subject_kind": "voice_app",
                "subject_id": "42",
                "aspect": "menu/1",
            },
            "annotations": {
                "summary": "Key 1 leads to nobody.",
                "title": "Call flow leads nowhere",
                "name": "AA Zürich",
                "remedy": "Name another.",
                "numbers": "+41445550100, +41445550101",
            },
            "startsAt": "2026-11-20T09:00:00Z",
            "endsAt": "2026-11-20T18:15:00Z",
            "generatorURL": "https://learn.microsoft.com/rule",
        }
    ]


def labels(of: Item) -> dict[str, str]:
    return alerts_of(message(section("new", of)), TIMING, NOW)[0].labels


def test_a_name_and_a_text_identify_nothing() -> None:
    assert labels(item(name="Renamed", summary="Other words", remedy="", numbers=())) == labels(ITEM)


def test_two_findings_of_one_rule_about_one_subject_are_two_alerts() -> None:
    assert labels(item(key="voice-app-target-missing|42|menu/2")) != labels(ITEM)


def test_an_aspect_may_hold_any_character() -> None:
    assert labels(item(key="voice-app-target-missing|42|menu|1"))["aspect"] == "menu|1"
    assert "aspect" not in labels(item(key="voice-app-target-missing|42|"))
    assert "aspect" not in labels(item(key=""))


def test_what_has_ended_ends_there_too() -> None:
    ended = NOW - timedelta(minutes=3)
    alert, other = alerts_of(message(section("resolved", item(ended=ended))), TIMING, NOW)
    assert (alert.starts_at, alert.ends_at, alert.labels) == (SINCE, ended, labels(ITEM))
    assert (other.ends_at, other.labels) == (ended, labels(ITEM) | {"severity": "warning"})


@pytest.mark.parametrize(
    ("severity", "lasts"),
    [
        ("critical", timedelta(hours=6, minutes=15)),
        ("warning", timedelta(hours=20, minutes=15)),
        ("info", timedelta(days=4, minutes=15)),
    ],
)
def test_what_fires_outlives_its_next_reminder(severity: Severity, lasts: timedelta) -> None:
    timing = Timing(repeat=Repeat(critical=timedelta(hours=3), warning=timedelta(hours=10)), digest=timedelta(days=2))
    alert = alerts_of(message(section("open", item(severity=severity))), timing, NOW)[0]
    assert alert.ends_at - NOW == lasts


def test_a_finding_that_has_become_critical_ends_as_a_warning() -> None:
    worse, before = alerts_of(message(section("new", item(worse=True))), TIMING, NOW)
    assert (worse.labels["severity"], before.labels["severity"]) == ("critical", "warning")
    assert worse.ends_at > NOW == before.ends_at
    assert worse.labels | {"severity": "warning"} == before.labels


def test_a_finding_that_is_no_longer_critical_when_it_ends_pages_nobody_any_more() -> None:
    ended = alerts_of(message(section("resolved", item(severity="warning", ended=NOW))), TIMING, NOW)
    assert {each.labels["severity"]: each.ends_at for each in ended} == {"warning": NOW, "critical": NOW}


def test_what_is_new_ends_nothing_beside_it() -> None:
    assert len(alerts_of(message(section("new", item(severity="warning"))), TIMING, NOW)) == 1
    assert len(alerts_of(message(section("new", ITEM)), TIMING, NOW)) == 1


def test_a_reminder_of_what_is_milder_now_ends_what_it_was() -> None:
    told, before = alerts_of(message(section("open", item(severity="warning"))), TIMING, NOW)
    assert (told.labels["severity"], told.ends_at > NOW) == ("warning", True)
    assert (before.labels["severity"], before.ends_at) == ("critical", NOW)


def test_a_label_of_any_length_is_bounded_and_still_identifies() -> None:
    long = [labels(item(key=f"voice-app-target-missing|42|{'x' * 5000}{end}"))["aspect"] for end in "ab"]
    assert len({*long}) == 2
    assert all(len(each) == MAX_LABEL for each in long)
    assert labels(item(key=f"voice-app-target-missing|42|{'x' * MAX_LABEL}"))["aspect"] == "x" * MAX_LABEL


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(1, 100))
def test_whatever_a_finding_is_called_its_alerts_are_json_with_bounded_texts(text: str, times: int) -> None:
    hostile = item(key=f"r|{text}|{text * times}", name=text * times, summary=text * times, numbers=(text,) * times)
    for alert in alerts_of(message(section("new", hostile), headline=text), TIMING, NOW):
        again = msgspec.json.decode(msgspec.json.encode(alert))
        assert all(value and len(value) <= MAX_LABEL for value in again["labels"].values())
        assert all(value and len(value) <= MAX_ANNOTATION for value in again["annotations"].values())


def test_what_a_message_only_counts_is_an_alert_of_its_own() -> None:
    sent = message(section("new", ITEM, total=30), section("resolved", total=5), section("open", total=8))
    named, unnamed = alerts_of(sent, TIMING, NOW)
    assert named.labels["alertname"] == "voice-app-target-missing"
    assert unnamed.labels == {
        "alertname": "LinekeeperFindingsNotNamed",
        "severity": "critical",
        "tenant": TENANT,
        "family": "lines",
    }
    assert unnamed.annotations["summary"] == "37 more findings than a message names"
    assert unnamed.ends_at > NOW


def test_a_heartbeat_fires_until_two_have_stayed_away() -> None:
    beat = message(kind="heartbeat", group="pager", severity="info", headline="Watching", text="All is well.", link="")
    [alert] = alerts_of(beat, TIMING, NOW)
    assert alert.labels == {"alertname": "LinekeeperHeartbeat", "severity": "none", "tenant": TENANT}
    assert alert.annotations == {"summary": "Watching", "description": "All is well."}
    assert (alert.starts_at, alert.ends_at) == (NOW, NOW + timedelta(days=2, minutes=15))
    assert b"generatorURL" not in msgspec.json.encode(alert)


def test_a_test_fires_for_a_while_and_ends_by_itself() -> None:
    [alert] = alerts_of(message(kind="test", group="pager"), TIMING, NOW)
    assert (alert.labels["alertname"], alert.ends_at) == ("LinekeeperTest", NOW + timedelta(minutes=5))


def test_a_digest_names_its_hints() -> None:
    [alert] = alerts_of(message(section("open", item(severity="info")), kind="digest", group="pager"), TIMING, NOW)
    assert alert.labels["severity"] == "info"


@pytest.mark.parametrize("kind", ["announcement", "notice", "digest"])
async def test_what_is_no_finding_is_delivered_without_a_request(kind: MessageKind) -> None:
    assert await send(message(kind=kind, severity="info")) == (Delivered(), [])


@given(
    st.sampled_from(["new", "open", "resolved"]),
    st.timedeltas(timedelta(days=-400), timedelta(days=1)),
    st.none() | st.timedeltas(timedelta(days=-500), timedelta(days=1)),
)
def test_nothing_ends_before_it_starts(kind: str, since: timedelta, ended: timedelta | None) -> None:
    told = item(since=NOW + since, ended=None if ended is None else NOW + ended)
    assert all(each.starts_at <= each.ends_at for each in alerts_of(message(section(kind, told)), TIMING, NOW))


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (httpx.Response(400, json="invalid label set"), Refused("the Alertmanager answered 400")),
        (
            httpx.Response(401),
            Refused("the Alertmanager answered 401: what the URL says of who we are is not accepted"),
        ),
        (httpx.Response(503, headers={"Retry-After": "5"}), Delayed("the Alertmanager answered 503", 5.0)),
    ],
)
async def test_an_answer_is_taken_at_its_word(answer: httpx.Response, result: Result) -> None:
    assert (await send(message(section("new", ITEM)), answer))[0] == result


def test_a_user_name_in_the_url_signs_in_and_is_not_shown() -> None:
    receiver = AlertmanagerReceiver(name="pager", url=Secret("https://lines:hush@alerts.example.com"))
    alertmanager = Alertmanager(receiver, TIMING)
    assert "hush" not in f"{receiver!r} {vars(alertmanager)!r} {alertmanager.name}"


async def test_a_user_name_in_the_url_is_sent_as_such() -> None:
    _, [request] = await send(message(section("new", ITEM)), url="https://lines:hush@alerts.example.com")
    assert request.headers["Authorization"].startswith("Basic ")


def test_each_kind_of_receiver_has_its_channel() -> None:
    url = Secret("https://hooks.example.com/")
    assert isinstance(sender_of(WorkflowsReceiver(name="a", url=url), timing=TIMING), WorkflowsWebhook)
    assert isinstance(sender_of(WebhookReceiver(name="b", url=url, secret=url), timing=TIMING), Webhook)
    assert isinstance(sender_of(AlertmanagerReceiver(name="c", url=url), timing=TIMING), Alertmanager)
