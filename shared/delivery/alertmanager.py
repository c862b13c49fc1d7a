"""An Alertmanager as a receiver: findings as its alerts, so that a site's own routes and pagers take over.

Source: prometheus/alertmanager, `api/v2/openapi.yaml` (`POST /alerts`). Labels identify an alert there; one that is
not posted again ends by itself at its `endsAt`, or after `resolve_timeout` (five minutes) where it has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import msgspec

from shared.delivery.posting import SHUT_OUT, Answer, Clock, Poster, Watch, short_hash, utc_now
from shared.delivery.sender import Delivered, Result
from shared.model.alert import Item, Message
from shared.model.finding import Severity
from shared.model.receiver import AlertmanagerReceiver
from shared.model.timing import Timing

HEARTBEAT = "LinekeeperHeartbeat"
TEST = "LinekeeperTest"
UNNAMED = "LinekeeperFindingsNotNamed"
TEST_LASTS = timedelta(minutes=5)
MAX_LABEL = 200
MAX_ANNOTATION = 4000
"""Characters. A label must not be cut alike for two findings, so what is too long ends in a hash of the whole."""

MISSED = 2
"""How many reminders or heartbeats may stay away before what they keep alive ends by itself."""

SLACK = timedelta(minutes=15)


class PostableAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An alert as the API takes it: labels identify it, it fires until `ends_at`."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    generator_url: str = msgspec.field(default="", name="generatorURL")


def alerts_of(message: Message, timing: Timing, now: datetime) -> list[PostableAlert]:
    """What a message is in an Alertmanager; an announcement and a notice are nothing there.

    Args:
        message: the message.
        timing: how often what goes on is told again: until twice that it fires by itself.
        now: the time.
    """
    if message.kind == "heartbeat":
        return [_own(HEARTBEAT, message, "none", ends_at=now + MISSED * timing.heartbeat + SLACK, now=now)]
    if message.kind == "test":
        return [_own(TEST, message, "info", ends_at=now + TEST_LASTS, now=now)]
    return list(_alerts(message, timing, now))


class Alertmanager:
    """Posts alerts to an Alertmanager."""

    def __init__(
        self,
        receiver: AlertmanagerReceiver,
        timing: Timing,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
        watch: Watch | None = None,
    ) -> None:
        self._url = receiver.url
        self._timing = timing
        self._clock = clock
        self._poster = Poster("the Alertmanager", client, clock, watch=watch)
        self.name = short_hash(receiver.url.reveal())

    async def send(self, message: Message, receipt: str = "") -> Result:  # noqa: ARG002 - its labels know an alert again
        """Post a message's findings; what is no finding is delivered without a request."""
        alerts = alerts_of(message, self._timing, self._clock())
        if not alerts:
            return Delivered()
        answer = await self._poster.ask(
            "POST",
            f"{self._url.reveal().rstrip('/')}/api/v2/alerts",
            content=msgspec.json.encode(alerts),
            headers={"Content-Type": "application/json"},
        )
        if not isinstance(answer, Answer):
            return answer
        return self._poster.verdict(answer, meanings=SHUT_OUT) or Delivered()

    async def close(self) -> None:
        """Let go of connections."""
        await self._poster.close()


def _alerts(message: Message, timing: Timing, now: datetime) -> Iterator[PostableAlert]:
    unnamed = 0
    for section in message.sections:
        for item in section.items:
            over = section.kind == "resolved"
            ended = (item.ended or now) if over else now
            lasts = now + MISSED * _told_again(item.severity, timing) + SLACK
            yield _alert(item, message, item.severity, ended if over else lasts)
            if message.kind == "alert":
                yield from (_alert(item, message, each, ended) for each in _before(item, section.kind))
        if section.kind != "resolved":
            unnamed += max(0, section.total - len(section.items))
    if unnamed:
        worst: Severity = message.severity if message.severity != "resolved" else "warning"
        summary = f"{unnamed} more findings than a message names"
        ends_at = now + MISSED * _told_again(worst, timing) + SLACK
        yield _own(UNNAMED, message, worst, ends_at=ends_at, now=now, summary=summary)


def _before(item: Item, kind: str) -> Iterator[Severity]:
    """As what else a finding may stand there, and would go on alone: another severity is another alert.

    What is new was never told, and what has become critical was a warning. What was told before may have been critical;
    it is not known here whether it was, and an alert that ends without having fired wakes nobody.
    """
    if item.worse or (kind == "resolved" and item.severity == "critical"):
        yield "warning"
    elif kind != "new" and item.severity == "warning":
        yield "critical"


def _told_again(severity: Severity, timing: Timing) -> timedelta:
    return timing.digest if severity == "info" else timing.repeat.of(severity)


def _alert(item: Item, message: Message, severity: str, ends_at: datetime) -> PostableAlert:
    aspect = item.key.split("|", 2)[2] if item.key.count("|") > 1 else ""
    return PostableAlert(
        labels=_labels(
            alertname=item.rule,
            severity=severity,
            subject_kind=item.subject_kind,
            subject_id=item.subject_id,
            aspect=aspect,
            **_place(message),
        ),
        annotations=_annotations(
            summary=item.summary,
            title=item.title,
            name=item.name,
            remedy=item.remedy,
            numbers=", ".join(item.numbers),
        ),
        starts_at=item.since,
        ends_at=max(ends_at, item.since),
        generator_url=message.link,
    )


def _own(
    alertname: str, message: Message, severity: str, *, ends_at: datetime, now: datetime, summary: str = ""
) -> PostableAlert:
    """An alert of Linekeeper's own."""
    return PostableAlert(
        labels=_labels(alertname=alertname, severity=severity, **_place(message)),
        annotations=_annotations(summary=summary or message.headline, description=message.text),
        starts_at=now,
        ends_at=ends_at,
    )


def _place(message: Message) -> dict[str, str]:
    return {"tenant": message.tenant, "family": message.group.partition("/")[2]}


def _labels(**texts: str) -> dict[str, str]:
    """Those that are not empty: an empty label is none."""
    return {name: _identifying(text) for name, text in texts.items() if text}


def _identifying(text: str) -> str:
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 9]}~{short_hash(text)}"


def _annotations(**texts: str) -> dict[str, str]:
    return {
        name: text if len(text) <= MAX_ANNOTATION else f"{text[: MAX_ANNOTATION - 1]}\N{HORIZONTAL ELLIPSIS}"
        for name, text in texts.items()
        if text
    }
