"""By default an end must be seen twice: the second look is not put off until the next timer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from shared.model.timing import Timing
from shared.monitor.baseline import read_everything
from shared.monitor.ingest import catch_up, read_changes
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

LINE = user_id("AA Main Line Seattle")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"


async def test_a_licence_that_is_given_back_is_told_to_be_once_two_reads_have_seen_it(
    sim: SimulatorServer, make_monitor: Callable[..., Monitor], clock: Clock
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url)
    file = msgspec.structs.replace(monitor.settings.file, alerting=Timing())
    monitor = msgspec.structs.replace(monitor, settings=msgspec.structs.replace(monitor.settings, file=file))
    await read_everything(monitor)
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    clock.advance(minutes=5)
    await read_changes(monitor)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    clock.advance(minutes=1)
    await read_changes(monitor)
    once = (await monitor.load()).alerts[UNLICENSED]
    assert (once.phase, once.absences) == ("firing", 1)
    clock.advance(seconds=30)
    await catch_up(monitor)
    assert (await monitor.load()).alerts[UNLICENSED].phase == "resolved"
