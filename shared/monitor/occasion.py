"""When and how an evaluation happens: everything that a pure step is told beside the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting.routing import Routes
from shared.licensing.policy import Policy
from shared.licensing.price import Price
from shared.model.sources import GRAPH_URL, INTERVALS, Source
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.rules.snapshot import Snapshot
from shared.rules.thresholds import DEFAULTS, Thresholds


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """This moment, what a site has set, and the trace that an evaluation belongs to."""

    now: datetime
    policy: Policy
    timing: Timing
    routes: Routes = Routes()
    expects_subscription: bool = False
    expects_delivery: bool = False
    expects_queue: bool = False
    intervals: Mapping[Source, timedelta] = msgspec.field(default_factory=lambda: INTERVALS)
    thresholds: Thresholds = DEFAULTS
    price: Price | None = None
    graph_url: str = GRAPH_URL
    traceparent: str = ""


def snapshot_of(state: TenantState, occasion: Occasion) -> Snapshot:
    """What the rules see of the document."""
    return Snapshot(
        state,
        now=occasion.now,
        policy=occasion.policy,
        intervals=occasion.intervals,
        expects_subscription=occasion.expects_subscription,
        expects_delivery=occasion.expects_delivery,
        expects_queue=occasion.expects_queue,
        thresholds=occasion.thresholds,
        price=occasion.price,
        graph_url=occasion.graph_url,
    )
