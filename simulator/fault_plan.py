"""The faults that are switched on, and which of them a request meets."""

from collections.abc import Callable, Collection, Sequence

import msgspec

from simulator.faults import (
    CREATE_SUBSCRIPTION,
    DELTA,
    EVERY_ROUTE,
    ClockSkewFault,
    DeltaExpiredFault,
    DeniedFault,
    Fault,
    HangFault,
    QuotaFault,
    RouteFault,
)
from simulator.permissions import PERMISSIONS


class Met(msgspec.Struct, frozen=True):
    """What one request meets: a delay, a wrong clock, and at most one fault besides."""

    delay: float = 0.0
    skew: float = 0.0
    fault: Fault | None = None


class FaultPlan:
    """The faults that are switched on, in their order.

    A request meets every delay and wrong clock that concerns it, and the first fault of another kind. So two faults
    with ``times`` on one route are met one after the other.
    """

    def __init__(self, routes: Callable[[], Collection[str]]) -> None:
        self._routes = routes
        self._faults: list[Fault] = []

    @property
    def listed(self) -> tuple[Fault, ...]:
        """The faults that are left, with what is left of their counts."""
        return tuple(self._faults)

    def add(self, *faults: Fault) -> None:
        """Switch faults on, after those that are on.

        Raises:
            ValueError: A fault names a route or a permission that there is not, and would never be met.
        """
        self._check(faults)
        self._faults.extend(faults)

    def replace(self, faults: Sequence[Fault]) -> None:
        """Switch on these faults and no others; raises as ``add`` does, and then changes nothing."""
        self._check(faults)
        self._faults = list(faults)

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def meet(self, route: str, *, inner: bool = False, resumed: bool = False) -> Met:
        """What a request meets; counts go down.

        Args:
            route: The route's name.
            inner: Whether the request came inside a batch.
            resumed: Whether the request carries a delta or skip token.
        """
        delay = skew = 0.0
        other: Fault | None = None
        for fault in self.listed:
            beside = isinstance(fault, HangFault | ClockSkewFault)
            if (other is not None and not beside) or not _concerns(fault, route, inner=inner, resumed=resumed):
                continue
            if not self._count(fault):
                continue
            if isinstance(fault, HangFault):
                delay += fault.seconds
            elif isinstance(fault, ClockSkewFault):
                skew += fault.seconds
            else:
                other = fault
        return Met(delay, skew, other)

    def _count(self, fault: Fault) -> bool:
        """Count a request that a fault concerns; False if the fault lets it through."""
        place = next(number for number, each in enumerate(self._faults) if each is fault)
        if fault.skip:
            self._faults[place] = msgspec.structs.replace(fault, skip=fault.skip - 1)
            return False
        if fault.times == 1:
            del self._faults[place]
        elif fault.times is not None:
            self._faults[place] = msgspec.structs.replace(fault, times=fault.times - 1)
        return True

    def _check(self, faults: Sequence[Fault]) -> None:
        routes = self._routes()
        for number, fault in enumerate(faults):
            if isinstance(fault, DeniedFault) and fault.permission not in PERMISSIONS:
                known = ", ".join(PERMISSIONS)
                raise ValueError(f"At $.faults[{number}].permission: {fault.permission!r} is none of {known}.")
            route = getattr(fault, "route", EVERY_ROUTE)
            if route != EVERY_ROUTE and route not in routes:
                raise ValueError(f"At $.faults[{number}].route: {route!r} is neither * nor one of {', '.join(routes)}.")


def _concerns(fault: Fault, route: str, *, inner: bool, resumed: bool) -> bool:
    match fault:
        case DeltaExpiredFault():
            return route == DELTA and resumed
        case DeniedFault(permission=permission):
            return route in PERMISSIONS[permission]
        case QuotaFault():
            return route == CREATE_SUBSCRIPTION
        case RouteFault(where=where):
            return fault.route in {EVERY_ROUTE, route} and where != ("alone" if inner else "batch")
    return not inner and fault.route in {EVERY_ROUTE, route}
