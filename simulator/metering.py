"""What requests cost, and the limit on it.

Imitates "Microsoft Graph service-specific throttling limits", section "Identity and access service limits": resource
units by route and query options, a limit for an application in a tenant over ten seconds, and the headers that tell of
both. The window slides by the tenant's clock.
"""

import math
import uuid
from collections import Counter, deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from simulator.exchange import GraphError
from simulator.journal import Clock

_WINDOW = timedelta(seconds=10)
_BASE_COSTS = {"GET users": 2, "GET subscribedSkus": 3, "POST $batch": 0, "POST directoryObjects/getByIds": 5}
# Where $select saves more than the one unit that it saves elsewhere.
_SELECTED_COSTS = {"POST directoryObjects/getByIds": 2}
_SMALL_PAGE = 20
_WARN_FROM = 0.8


def resource_units(route: str, query: Mapping[str, str]) -> int:
    """What a request costs; a batch itself costs nothing, for each request in it is metered alone."""
    base = _BASE_COSTS.get(route, 1)
    if base == 0:
        return 0
    top = query.get("$top", "")
    if "$select" in query:
        base = _SELECTED_COSTS.get(route, base - 1)
    base += "$expand" in query
    base -= top.isdecimal() and int(top) < _SMALL_PAGE
    return max(1, base)


class Meter:
    """Counts resource units, and refuses more of them than a limit allows.

    Attributes:
        units: Resource units so far, by route.
        limit: Units that the application may use in ten seconds, at least 1, or None for no limit.
    """

    def __init__(self, clock: Clock, tenant_id: str) -> None:
        self.units: Counter[str] = Counter()
        self.limit: int | None = None
        self._clock = clock
        self._scope = f"Tenant_Application/ReadWrite/{uuid.uuid5(uuid.UUID(tenant_id), 'application')}/{tenant_id}"
        self._window: deque[tuple[datetime, int]] = deque()

    def charge(self, route: str, cost: int) -> dict[str, str]:
        """Charge a request; returns the headers that tell of it.

        Raises:
            GraphError: 429: what the last ten seconds cost has reached the limit.
        """
        if not cost:
            return {}
        self._admit(cost)
        self.units[route] += cost
        headers = {"x-ms-resource-unit": str(cost)}
        if self.limit is not None and self._used() / self.limit >= _WARN_FROM:
            headers["x-ms-throttle-limit-percentage"] = f"{self._used() / self.limit:.1f}"
        return headers

    def _admit(self, cost: int) -> None:
        if self.limit is None:
            self._window.clear()
            return
        now = self._clock()
        while self._window and self._window[0][0] <= now - _WINDOW:
            self._window.popleft()
        if self._used() >= self.limit:
            raise self._throttled(now, self._used() - self.limit + 1)
        self._window.append((now, cost))

    def _used(self) -> int:
        return sum(units for _, units in self._window)

    def _throttled(self, now: datetime, surplus: int) -> GraphError:
        """The refusal, with the seconds after which enough units have left the window."""
        free_at = now
        for at, units in self._window:
            surplus -= units
            free_at = at + _WINDOW
            if surplus <= 0:
                break
        headers = {
            "Retry-After": str(max(1, math.ceil((free_at - now).total_seconds()))),
            "x-ms-throttle-scope": self._scope,
            "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        }
        return GraphError(429, "TooManyRequests", "Too many requests: the resource unit limit is exceeded.", headers)
