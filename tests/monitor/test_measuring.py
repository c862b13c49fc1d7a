"""What is stated is known: nothing of what could not be read, and nothing of what nobody looks after."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from shared.licensing.policy import CURRENT
from shared.model.alert import Alert, ReceiverState
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.sources import SourceState
from shared.model.tenant import SubscriptionState, TenantState
from shared.model.timing import Timing
from shared.model.voice import AutoAttendant, VoiceExport
from shared.monitor.evaluate import Judgement, evaluated
from shared.monitor.measuring import how_alive, what_holds
from shared.monitor.occasion import Occasion
from shared.rules.snapshot import Snapshot
from shared.telemetry.instruments import OTHER, SKU
from shared.telemetry.meters import Measurement

MakeState = Callable[..., TenantState]
Stated = dict[tuple[str, ...], float]


def stated(measurements: list[Measurement], name: str) -> Stated:
    return {
        tuple(str(value) for value in each.attributes.values()): each.value
        for each in measurements
        if each.name == f"linekeeper.{name}"
    }


def test_a_rule_that_could_not_judge_is_not_said_to_have_found_nothing(make_state: MakeState, now: datetime) -> None:
    told = list(what_holds(evaluated(make_state(), Occasion(now=now, policy=CURRENT, timing=Timing()))))
    found = stated(told, "finding.active")
    assert found["resource-account-unlicensed", "critical", "firing"] == 0
    # It reads the export, and there is none.
    assert not [rule for rule, *_ in found if rule == "voice-app-target-missing"]


@pytest.mark.parametrize("known", [True, False])
def test_no_line_is_said_to_be_well_while_its_accounts_are_not_known(
    make_state: MakeState,
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
    make_snapshot: Callable[..., Snapshot],
    *,
    known: bool,
) -> None:
    broken = make_alert(make_finding("voice-app-loop", "broken"))
    now = broken.since
    read, old = (SourceState(state="complete", complete_as_of=at) for at in (now, now - timedelta(hours=1)))
    state = make_state(
        voice=VoiceExport(
            exported_at=now, complete=True, attendants=(AutoAttendant(id="broken"), AutoAttendant(id="another"))
        ),
        sources={"licences": read if known else old, "accounts": read, "voice": read},
        alerts={broken.finding.key: broken},
    )
    told = list(what_holds(Judgement(make_snapshot(state), state, ())))
    lines = stated(told, "voice_app.count")
    assert lines["auto_attendant", "broken"] == 1
    assert ("auto_attendant", "ok") in lines if known else set(lines) == {("auto_attendant", "broken")}


@pytest.mark.parametrize(
    ("seen", "depth"),
    [(None, {}), (timedelta(minutes=5), {("changes-poison",): 0}), (timedelta(hours=2), {})],
)
def test_a_queue_that_nobody_looked_at_lately_has_no_depth(
    make_state: MakeState, now: datetime, seen: timedelta | None, depth: Stated
) -> None:
    state = make_state(poisoned_seen=now - seen if seen is not None else None)
    assert stated(list(how_alive(state, now, ())), "queue.depth") == depth


def test_a_receiver_that_gets_no_heartbeat_is_not_late_with_one(make_state: MakeState, now: datetime) -> None:
    state = make_state(receivers=dict.fromkeys(("teams", "pager"), ReceiverState(delivered_at=now - timedelta(days=3))))
    told = list(how_alive(state, now, ("teams", "pager"), quiet={"pager"}))
    assert stated(told, "delivery.heartbeat.age") == {("teams",): timedelta(days=3).total_seconds()}
    assert stated(told, "delivery.waiting") == {("teams",): 0, ("pager",): 0}


@pytest.mark.parametrize("subscribes", [True, False])
def test_a_subscription_that_nobody_wants_any_more_may_end(
    make_state: MakeState, now: datetime, *, subscribes: bool
) -> None:
    state = make_state(subscription=SubscriptionState(id="1", expires=now + timedelta(hours=1)))
    told = list(how_alive(state, now, (), subscribes=subscribes))
    assert stated(told, "subscription.remaining") == ({("users",): 3600} if subscribes else {})


def test_of_more_part_numbers_than_a_metric_may_tell_apart_the_rest_is_one_and_nothing_is_lost(
    make_state: MakeState, make_resource_account_sku: Callable[..., Sku], make_snapshot: Callable[..., Snapshot]
) -> None:
    sku = make_resource_account_sku(0)
    many = [
        msgspec.structs.replace(sku, id=str(uuid.UUID(int=place + 1)), part_number=f"PART_{place}", enabled=place + 1)
        for place in range(60)
    ]
    state = make_state(skus=tuple(many))
    told = list(what_holds(Judgement(make_snapshot(state), state, ())))
    owned = stated(told, "license.owned.count")
    parts = {part for part, _ in owned}
    assert len(parts) == SKU.at_most
    assert OTHER in parts
    assert sum(owned.values()) == sum(each.enabled for each in many)
    assert len({part for part, _ in stated(told, "license.assigned.count")}) <= SKU.at_most


def test_licences_that_bear_one_part_number_are_added_up(
    make_state: MakeState, make_resource_account_sku: Callable[..., Sku], make_snapshot: Callable[..., Snapshot]
) -> None:
    sku = make_resource_account_sku(7, part_number="PHONESYSTEM_VIRTUALUSER")
    state = make_state(skus=(sku, msgspec.structs.replace(sku, id=str(uuid.UUID(int=1)))))
    told = list(what_holds(Judgement(make_snapshot(state), state, ())))
    assert stated(told, "license.owned.count")[sku.part_number, "enabled"] == 14
