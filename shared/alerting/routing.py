"""Which receivers are told of what. Every route that matches applies; without routes, everything goes everywhere."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache

import msgspec

from shared.model.alert import Alert
from shared.model.finding import Severity

DEFAULT_RECEIVER = "teams"

ALLOCATION_CHANGED = "allocation-changed"
ANNOUNCED = {ALLOCATION_CHANGED: "allocation"}
"""What is announced without being a rule, and its family."""


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

    `quiet` are those that take no heartbeat, `without_resolved` those that are not told of an end. `forgetful` ones
    take for ended what they are not reminded of: so they are, even of what cannot be confirmed for now.
    """

    receivers: tuple[str, ...] = (DEFAULT_RECEIVER,)
    routes: tuple[Route, ...] = ()
    quiet: frozenset[str] = frozenset()
    without_resolved: frozenset[str] = frozenset()
    forgetful: frozenset[str] = frozenset()

    def named(self, rule: str, family: str, severity: Severity, tenant: str) -> tuple[str, ...]:
        """The receivers of what a rule says, by name."""
        if not self.routes:
            return tuple(sorted(self.receivers))
        ways = (route for route in self.routes if route.takes(rule, family, severity, tenant))
        return tuple(sorted({name for route in ways for name in route.receivers}))

    def of(self, alert: Alert, tenant: str) -> tuple[str, ...]:
        """The receivers of an alert, by name; one about a receiver that fails goes to the others, if there are any."""
        return self.finder(tenant)(alert)

    def finder(self, tenant: str) -> Callable[[Alert], tuple[str, ...]]:
        """What tells the receivers of a tenant's alerts, as `of` does, and works each kind of alert out but once."""

        @cache
        def named(rule: str, family: str, severity: Severity) -> tuple[str, ...]:
            return self.named(rule, family, severity, tenant)

        def of(alert: Alert) -> tuple[str, ...]:
            ways = named(alert.finding.rule, alert.topic.family, alert.finding.severity)
            if alert.finding.subject.kind != "receiver":
                return ways
            failing = {alert.finding.subject.id}
            return tuple(sorted((set(ways) - failing) or (set(self.receivers) - failing) or ways))

        return of


def group_of(receiver: str, family: str) -> str:
    """The name of what is told together."""
    return f"{receiver}/{family}"
