from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.delivery.webhook import Webhook, WebhookBody, body_of, idempotency_key, schema, signature
from shared.model.alert import Item, Message, Section
from shared.model.finding import Commands
from shared.model.receiver import WebhookReceiver
from shared.model.secret import Secret

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
URL = "https://hooks.example.com/lines?key=hush-hush"
SECRET = "hush-" * 8
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ITEM = Item(
    key="resource-account-unlicensed|42|",
    rule="resource-account-unlicensed",
    subject_kind="resource_account",
    subject_id="42",
    severity="critical",
    title="Resource account without a licence",
    name="AA Zürich",
    summary="No licence.",
    remedy="Assign one.",
    commands=Commands(powershell="Set-MgUserLicense", request="POST …", admin_centre="Users"),
    numbers=("+41445550100",),
    since=NOW,
)
MESSAGE = Message(
    kind="alert",
    group="hook/accounts",
    severity="critical",
    headline="Resource account without a licence: AA Zürich",
    sections=(
        Section(kind="new", items=(ITEM,), total=37),
        Section(kind="resolved", items=(msgspec.structs.replace(ITEM, ended=NOW),), total=1),
    ),
    facts=(("Free to claim", "3"),),
    link="https://learn.microsoft.com/rule",
    links=(("Silence", "https://lines.example.com/silence?sig=1"),),
    as_of=NOW,
    firing=38,
    tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
)


class Hook:
    """A receiver that keeps what it got, and answers as it is told."""

    def __init__(self, answer: httpx.Response | None = None) -> None:
        self.answer = answer or httpx.Response(204)
        self.requests: list[httpx.Request] = []

    def receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer

    async def get(self, message: Message = MESSAGE, now: datetime = NOW) -> Result:
        receiver = WebhookReceiver(name="hook", url=Secret(URL), secret=Secret(SECRET))
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.receive))
        webhook = Webhook(receiver, client, lambda: now)
        try:
            return await webhook.send(message)
        finally:
            await webhook.close()


async def test_a_message_is_posted_as_documented() -> None:
    hook = Hook()
    assert await hook.get() == Delivered()
    [request] = hook.requests
    assert (request.method, str(request.url), request.headers["Content-Type"]) == ("POST", URL, "application/json")
    body = msgspec.json.decode(request.content)
    assert body["version"] == 1
    assert body["totals"] == {"new": 37, "resolved": 1}
    assert body["firing"] == 38
    assert [finding["state"] for finding in body["findings"]] == ["new", "resolved"]
    assert body["findings"][0] == {
        "key": "resource-account-unlicensed|42|",
        "state": "new",
        "rule": "resource-account-unlicensed",
        "severity": "critical",
        "subject": {"kind": "resource_account", "id": "42", "name": "AA Zürich"},
        "title": "Resource account without a licence",
        "summary": "No licence.",
        "remedy": "Assign one.",
        "commands": {"powershell": "Set-MgUserLicense", "request": "POST …", "admin_centre": "Users"},
        "numbers": ["+41445550100"],
        "since": "2026-11-20T10:00:00Z",
        "ended": None,
        "worse": False,
    }
    assert [link["title"] for link in body["links"]] == ["About this rule", "Silence"]


def test_every_message_is_read_back_by_the_types_behind_the_schema() -> None:
    for message in (MESSAGE, Message(kind="heartbeat", group="hook", severity="info", headline="Watching")):
        body = body_of(message)
        assert msgspec.json.decode(msgspec.json.encode(body), type=WebhookBody) == body


def test_every_key_is_always_there_and_the_schema_says_so() -> None:
    definitions = msgspec.json.decode(schema())["$defs"]
    for name in ("WebhookBody", "WebhookFinding", "WebhookSubject", "WebhookLink", "WebhookFigure"):
        assert set(definitions[name]["required"]) == set(definitions[name]["properties"])


def test_the_schema_in_the_docs_is_that_of_the_types() -> None:
    assert (DOCS / "webhook.schema.json").read_bytes() == schema(), (
        'python -c "from shared.delivery.webhook import schema; print(schema().decode(), end=str())" '
        "> docs/webhook.schema.json"
    )


async def test_the_verification_in_the_docs_accepts_what_is_sent_and_nothing_else() -> None:
    hook = Hook()
    await hook.get()
    [request] = hook.requests
    genuine = documented_verification()
    header = request.headers["Linekeeper-Signature"]
    now = NOW.timestamp()
    assert genuine(SECRET, header, request.content, now)
    assert genuine(SECRET, header, request.content, now + 299)
    assert not genuine(SECRET, header, request.content, now + 301)
    assert not genuine(SECRET, header, request.content + b" ", now)
    assert not genuine(SECRET[:-1], header, request.content, now)
    assert not genuine(SECRET, header.replace(f"t={now:.0f}", f"t={now + 1:.0f}"), request.content, now)


def documented_verification() -> Any:  # noqa: ANN401 - what the documentation defines
    """The function that docs/channels.md shows for verifying a signature."""
    match = re.search(r"```python\n(.*?)```", (DOCS / "channels.md").read_text("utf-8"), re.DOTALL)
    assert match is not None
    names: dict[str, Any] = {}
    exec(match[1], names)  # noqa: S102 - our own documentation
    return names["genuine"]


@given(st.binary(), st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_a_signature_is_of_its_body_its_time_and_its_secret(body: bytes, secret: str) -> None:
    signed = signature(secret, body, NOW)
    assert re.fullmatch(r"t=1795168800,v1=[0-9a-f]{64}", signed)
    assert signed == signature(secret, body, NOW)
    assert signed != signature(secret + "x", body, NOW)
    assert signed != signature(secret, body + b"x", NOW)
    assert signed[-64:] != signature(secret, body, NOW + timedelta(seconds=1))[-64:]


def test_every_attempt_at_one_message_has_the_same_key() -> None:
    later = msgspec.structs.replace(MESSAGE, links=(("Silence", "https://lines.example.com/silence?sig=2"),))
    assert idempotency_key(later) == idempotency_key(MESSAGE)


@pytest.mark.parametrize(
    "changed",
    [
        {"as_of": NOW + timedelta(hours=4)},
        {"headline": "Another"},
        {"group": "hook/lines"},
        {"sections": ()},
        {"tenant": "another"},
        {
            "sections": (
                Section(kind="new", items=(msgspec.structs.replace(ITEM, since=NOW - timedelta(1)),), total=37),
            )
        },
    ],
)
def test_a_reminder_and_a_second_outage_have_keys_of_their_own(changed: dict[str, Any]) -> None:
    assert idempotency_key(msgspec.structs.replace(MESSAGE, **changed)) != idempotency_key(MESSAGE)


@pytest.mark.parametrize(
    "message",
    [
        Message(kind="test", group="hook", severity="info", headline="Test", as_of=NOW),
        Message(kind="heartbeat", group="hook", severity="info", headline="Watching", as_of=NOW),
        Message(kind="notice", group="hook", severity="info", headline="A silence ends"),
    ],
)
def test_a_message_that_nothing_tells_from_the_next_is_never_taken_for_it(message: Message) -> None:
    assert idempotency_key(message) != idempotency_key(message)


async def test_the_key_is_in_the_header() -> None:
    hook = Hook()
    await hook.get()
    assert hook.requests[0].headers["Idempotency-Key"] == idempotency_key(MESSAGE)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (httpx.Response(200, json={"ok": True}), Delivered()),
        (httpx.Response(404), Refused("the webhook answered 404: its URL is dead: nothing is there any more")),
        (httpx.Response(422), Refused("the webhook answered 422")),
        (httpx.Response(429, headers={"Retry-After": "9"}), Delayed("the webhook answered 429", 9.0)),
        (httpx.Response(500), Delayed("the webhook answered 500")),
        (
            httpx.Response(200, json={"error": "no_such_channel"}),
            Refused("the webhook answered 200, and its body says an error (no_such_channel)"),
        ),
    ],
)
async def test_an_answer_is_taken_at_its_word(answer: httpx.Response, result: Result) -> None:
    assert await Hook(answer).get() == result


def test_nothing_of_a_webhook_shows_its_url_or_its_secret() -> None:
    receiver = WebhookReceiver(name="hook", url=Secret(URL), secret=Secret(SECRET))
    webhook = Webhook(receiver)
    assert "hush" not in f"{receiver!r} {vars(webhook)!r} {webhook.name}"
    assert len(webhook.name) == 8
