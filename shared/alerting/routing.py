"""Which receivers are told of what. Every route that matches applies; without routes, everything goes everywhere."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from shared.model.alert import Alert
from shared.model.finding import Severity

DEFAULT_RECEIVER = "teams"


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Findings of these severities, families, rules (`*` stands for anything) and tenants, to these receivers.

    What is left empty matches everything.
    """

    receivers: tuple[str, ...]
    severities: tuple[Severity, ...] = ()
    families: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()

    def takes(self, rule: str, family: str, severity: Severity, tenant: str) -> bool:
        """Whether what a rule says goes this way."""
        return (
            (not self.severities or severity in self.severities)
            and (not self.families or family in self.families)
            and (not self.rules or any(fnmatchcase(rule, pattern) for pattern in self.rules))
            and (not self.tenants or tenant in self.tenants)
        )


class Routes(msgspec.Struct, frozen=True, kw_only=True):
    """The receivers there are, by name, and the ways to them.

    `quiet` are those that take no heartbeat, `without_resolved` those that are not told of an end.
    """

    receivers: tuple[str, ...] = (DEFAULT_RECEIVER,)
    routes: tuple[Route, ...] = ()
    quiet: frozenset[str] = frozenset()
    without_resolved: frozenset[str] = frozenset()

    def named(self, rule: str, family: str, severity: Severity, tenant: str) -> tuple[str, ...]:
        """The receivers of what a rule says, by name."""
        if not self.routes:
            return tuple(sorted(self.receivers))
        ways = (route for route in self.routes if route.takes(rule, family, severity, tenant))
        return tuple(sorted({name for route in ways for name in route.receivers}))

    def of(self, alert: Alert, tenant: str) -> tuple[str, ...]:
        """The receivers of an alert, by name; one about a receiver that fails goes to the others, if there are any."""
        named = set(self.named(alert.finding.rule, alert.topic.family, alert.finding.severity, tenant))
        if alert.finding.subject.kind == "receiver":
            others = set(self.receivers) - {alert.finding.subject.id}
            named = (named - {alert.finding.subject.id}) or others or named
        return tuple(sorted(named))


def group_of(receiver: str, family: str) -> str:
    """The name of what is told together."""
    return f"{receiver}/{family}"
