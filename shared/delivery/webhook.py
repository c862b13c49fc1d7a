"""The generic webhook: Linekeeper's own JSON, version 1, signed. `docs/webhook.schema.json` is made of these types."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Literal

import httpx
import msgspec

from shared.delivery.posting import SHUT_OUT, Answer, Clock, Poster, Watch, short_hash, utc_now
from shared.delivery.sender import Delivered, Result
from shared.model.alert import Item, Message, MessageKind
from shared.model.finding import Commands, Severity
from shared.model.receiver import WebhookReceiver

SIGNATURE = "Linekeeper-Signature"
IDEMPOTENCY_KEY = "Idempotency-Key"

State = Literal["new", "open", "resolved"]


class WebhookSubject(msgspec.Struct, frozen=True):
    """What a finding is about. The id identifies; the name is for people and may change."""

    kind: str
    id: str
    name: str


class WebhookFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `key` identifies it, and stays the same while it lasts; `ended` is null while it fires."""

    key: str
    state: State
    rule: str
    severity: Severity
    subject: WebhookSubject
    title: str
    summary: str
    remedy: str
    commands: Commands | None
    numbers: list[str]
    since: datetime
    ended: datetime | None
    worse: bool


class WebhookLink(msgspec.Struct, frozen=True):
    """A page about the message. It may be signed and short-lived."""

    title: str
    url: str


class WebhookFigure(msgspec.Struct, frozen=True):
    """A figure for people, such as how many licences are left."""

    title: str
    value: str


class WebhookBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request. Keys may be added within a version: ignore those that you do not know.

    `findings` names the first of them, `totals` counts all by state, `firing` all that fires in the group.
    `severity` is the worst that fires, or `resolved`. Times are UTC, RFC 3339. `trace` is the id of the OpenTelemetry
    trace that led to the message, or empty.
    """

    version: Literal[1]
    kind: MessageKind
    tenant: str
    group: str
    severity: Severity | Literal["resolved"]
    headline: str
    text: str
    findings: list[WebhookFinding]
    totals: dict[State, int]
    firing: int
    figures: list[WebhookFigure]
    links: list[WebhookLink]
    as_of: datetime | None
    trace: str


def body_of(message: Message) -> WebhookBody:
    """A message as version 1 of the payload."""
    about = [WebhookLink("About this rule", message.link)] if message.link else []
    return WebhookBody(
        version=1,
        kind=message.kind,
        tenant=message.tenant,
        group=message.group,
        severity=message.severity,
        headline=message.headline,
        text=message.text,
        findings=[_finding(item, section.kind) for section in message.sections for item in section.items],
        totals={section.kind: section.total for section in message.sections},
        firing=message.firing,
        figures=[WebhookFigure(*fact) for fact in message.facts],
        links=[*about, *(WebhookLink(*link) for link in message.links)],
        as_of=message.as_of,
        trace=message.trace,
    )


def signature(secret: str, body: bytes, now: datetime) -> str:
    """The signature header: HMAC-SHA256 over the Unix time of sending, a dot and the body."""
    sent = int(now.timestamp())
    digest = hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={sent},v1={digest}"


def idempotency_key(message: Message) -> str:
    """The same for every attempt at one message, and another for every other message.

    Links are left out: they are made anew for each attempt. A heartbeat, a test and whatever else may come again in the
    same words has a key of its own for each attempt: one too many is better than one too few.
    """
    if message.kind in {"heartbeat", "test"} or (message.as_of is None and not message.sections):
        return secrets.token_hex(16)
    content = msgspec.json.encode(msgspec.structs.replace(message, links=()), order="deterministic")
    return hashlib.sha256(content).hexdigest()[:32]


def schema() -> bytes:
    """The payload's JSON Schema, as `docs/webhook.schema.json` has it."""
    made = msgspec.json.schema(WebhookBody)
    for definition in made["$defs"].values():
        # Whether a docstring keeps its indentation depends on the version of Python.
        definition["description"] = " ".join(definition["description"].split())
    content = msgspec.json.encode({"$schema": "https://json-schema.org/draft/2020-12/schema", **made})
    return msgspec.json.format(content, indent=2) + b"\n"


class Webhook:
    """Posts JSON, signed with a secret that both sides know."""

    def __init__(
        self,
        receiver: WebhookReceiver,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
        watch: Watch | None = None,
    ) -> None:
        self._url = receiver.url
        self._secret = receiver.secret
        self._clock = clock
        self._poster = Poster("the webhook", client, clock, watch=watch)
        self.name = short_hash(receiver.url.reveal())

    async def send(self, message: Message, receipt: str = "") -> Result:  # noqa: ARG002 - nothing to update
        """Post a message. 2xx is taken at its word, unless the body says an error."""
        body = msgspec.json.encode(body_of(message))
        answer = await self._poster.ask(
            "POST",
            self._url.reveal(),
            content=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Linekeeper",
                SIGNATURE: signature(self._secret.reveal(), body, self._clock()),
                IDEMPOTENCY_KEY: idempotency_key(message),
            },
        )
        if not isinstance(answer, Answer):
            return answer
        return self._poster.verdict(answer, meanings=SHUT_OUT) or Delivered()

    async def close(self) -> None:
        """Let go of connections."""
        await self._poster.close()


def _finding(item: Item, state: State) -> WebhookFinding:
    return WebhookFinding(
        key=item.key,
        state=state,
        rule=item.rule,
        severity=item.severity,
        subject=WebhookSubject(item.subject_kind, item.subject_id, item.name),
        title=item.title,
        summary=item.summary,
        remedy=item.remedy,
        commands=item.commands,
        numbers=list(item.numbers),
        since=item.since,
        ended=item.ended,
        worse=item.worse,
    )
