from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.alerting.grouping import tell
from shared.alerting.lifecycle import RuleLife, step
from shared.alerting.routing import Routes
from shared.model.alert import Alert, GroupLog, Message
from shared.model.finding import Finding, Topic
from shared.model.timing import Timing

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOPICS = {
    "unlicensed": Topic("accounts", "Account without a licence"),
    "misused": Topic("accounts", "Account with the wrong licence"),
    "short": Topic("allocation", "Licences to buy"),
}


class Desk:
    """Looks at findings one after the other, and keeps what has to be remembered from one look to the next."""

    def __init__(self, topics: dict[str, Topic] | None = None) -> None:
        self.topics = TOPICS if topics is None else topics
        self.alerts: dict[str, Alert] = {}
        self.groups: dict[str, GroupLog] = {}
        self.muted: set[str] = set()
        self.explained: dict[str, str] = {}
        self.routes = Routes()

    def look(
        self, seconds: float, *findings: Finding, silent: Collection[str] = (), ahead: float = 0
    ) -> tuple[Message, ...]:
        """The messages that a look sends, so many seconds after the start, where these findings hold."""
        now = START + timedelta(seconds=seconds)
        rules = {
            rule: RuleLife(topic=topic, evidence=now, silent=rule in silent) for rule, topic in self.topics.items()
        }
        lives = step(self.alerts, findings, rules=rules, now=now)
        alerts = {
            key: msgspec.structs.replace(alert, muted_by=self._why_muted(key)) for key, alert in lives.alerts.items()
        }
        told = tell(
            alerts,
            self.groups,
            routes=self.routes,
            tenant="tenant",
            timing=Timing(),
            now=now,
            ahead=timedelta(seconds=ahead),
        )
        self.alerts, self.groups = told.alerts, told.groups
        return told.messages

    def _why_muted(self, key: str) -> str:
        if key in self.muted:
            return "silence:s"
        return f"inhibited:{self.explained[key]}" if key in self.explained else ""


@pytest.fixture(scope="session")
def new_desk() -> Callable[..., Desk]:
    return Desk


def shown(message: Message) -> dict[str, list[str]]:
    return {section.kind: [item.name for item in section.items] for section in message.sections}


@pytest.fixture(scope="session")
def named() -> Callable[[Message], dict[str, list[str]]]:
    """Whom a message names, by section."""
    return shown
