"""The voice export on its way into the document: read when it changed, looked up, and never half believed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.exports.file import ExportFile
from shared.model.tenant import TenantState
from shared.monitor.baseline import read_everything
from shared.monitor.ingest import read_changes, read_lines, sweep
from shared.monitor.monitor import Monitor
from shared.monitor.referencing import LOOKED_UP_EVERY
from shared.voice.export import LARGEST
from simulator import SimulatorServer
from simulator.contoso import line_names, user_id
from simulator.export import export_document
from simulator.faults import StatusFault

if TYPE_CHECKING:
    from tests.monitor.conftest import AtFirst, Clock, Counters, WatchedStore

LOOK_UP = "POST directoryObjects/getByIds"
QUEUE = "CQ Reception Seattle"


class Exporter:
    """Writes the simulated tenant's export where the monitor looks for it."""

    def __init__(self, sim: SimulatorServer, path: Path, clock: Clock) -> None:
        self.sim = sim
        self.path = path
        self._clock = clock
        self._stamp = 0

    def write(self, *, age: timedelta = timedelta(0), errors: tuple[dict[str, str], ...] = ()) -> None:
        document = export_document(self.sim.tenant, exported_at=self._clock.now - age, errors=errors)
        self.write_bytes(msgspec.json.encode(document))

    def write_bytes(self, content: bytes) -> None:
        self.path.write_bytes(content)
        self._stamp += 1
        os.utime(self.path, ns=(self._stamp, self._stamp))

    def agents(self) -> list[str]:
        return [str(agent.object_id) for agent in self.sim.tenant.voice.queue(QUEUE).agents]


@pytest.fixture
def exporter(sim: SimulatorServer, tmp_path: Path, clock: Clock) -> Exporter:
    made = Exporter(sim, tmp_path / "voice.json", clock)
    made.write()
    return made


@pytest.fixture
def listening(make_monitor: Callable[..., Monitor], sim: SimulatorServer, exporter: Exporter) -> Monitor:
    return msgspec.structs.replace(make_monitor(graph_url=sim.graph_url), export=ExportFile(exporter.path, LARGEST))


async def read(monitor: Monitor) -> TenantState:
    await read_everything(monitor)
    return await monitor.load()


async def test_the_export_enters_the_document_as_of_when_it_was_made(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    exporter.write(age=timedelta(hours=2))
    state = await read(listening)
    known = state.source("voice")
    assert (known.state, known.complete_as_of) == ("complete", clock.now - timedelta(hours=2))
    assert state.voice is not None
    assert len(state.voice.attendants or ()) + len(state.voice.queues or ()) == len(line_names())


async def test_a_healthy_line_without_a_licence_is_critical_once_the_export_shows_what_it_stands_for(
    listening: Monitor,
) -> None:
    state = await read(listening)
    severities = [each.finding.severity for each in state.alerts.values() if "unlicensed" in each.finding.rule]
    assert severities == ["critical"] * 5


async def test_whom_call_flows_refer_to_is_looked_up_with_the_export(exporter: Exporter, listening: Monitor) -> None:
    state = await read(listening)
    agents = exporter.agents()
    assert agents
    assert all(state.referenced[each].kind == "user" for each in agents)
    assert all(state.referenced[each].phone and state.referenced[each].enabled for each in agents)
    assert not any(each.kind == "nobody" for each in state.referenced.values())


async def test_an_unchanged_export_costs_nothing_until_somebody_is_to_be_looked_up_again(
    exporter: Exporter, listening: Monitor, store: WatchedStore, clock: Clock
) -> None:
    await read(listening)
    asked, written = exporter.sim.graph.requests[LOOK_UP], store.saves
    clock.advance(minutes=5)
    await read_lines(listening)
    assert (exporter.sim.graph.requests[LOOK_UP], store.saves) == (asked, written)
    clock.advance(seconds=LOOKED_UP_EVERY.total_seconds())
    await read_lines(listening)
    assert exporter.sim.graph.requests[LOOK_UP] > asked


async def test_an_agent_who_was_deleted_is_nobody_after_the_delta_that_tells_of_it(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    await read(listening)
    gone, disabled = exporter.agents()[:2]
    exporter.sim.tenant.soft_delete(gone)
    exporter.sim.tenant.set_property(disabled, "accountEnabled", value=False)
    clock.advance(minutes=5)
    await read_changes(listening)
    state = await listening.load()
    assert state.referenced[gone].kind == "nobody"
    assert state.referenced[gone].name
    assert state.referenced[disabled].enabled is False


async def test_an_agent_who_was_gone_before_the_export_is_looked_up_and_not_found(
    exporter: Exporter, listening: Monitor
) -> None:
    gone = exporter.agents()[0]
    exporter.sim.tenant.soft_delete(gone)
    assert (await read(listening)).referenced[gone].kind == "nobody"


async def test_who_may_not_look_up_many_at_once_reads_users_one_by_one_and_judges_no_group(
    exporter: Exporter, listening: Monitor
) -> None:
    exporter.sim.graph.refusals[LOOK_UP] = 403
    state = await read(listening)
    assert all(state.referenced[each].kind == "user" for each in exporter.agents())
    assert {each.kind for each in state.referenced.values()} == {"user"}


async def test_a_look_up_that_fails_judges_nobody_and_the_export_is_read_all_the_same(
    exporter: Exporter, listening: Monitor
) -> None:
    exporter.sim.graph.refusals[LOOK_UP] = 500
    state = await read(listening)
    assert state.source("voice").state == "complete"
    assert state.referenced == {}


async def test_an_id_that_is_none_ends_no_look_up(exporter: Exporter, listening: Monitor) -> None:
    document = msgspec.json.decode(exporter.path.read_bytes())
    document["callQueues"][0] |= {
        "TimeoutAction": "Voicemail",
        "TimeoutActionTarget": {"Id": "tel:+14255550199", "Type": "Phone"},
        "AuthorizedUsers": ["somebody"],
    }
    exporter.write_bytes(msgspec.json.encode(document))
    state = await read(listening)
    assert all(state.referenced[each].kind == "user" for each in exporter.agents())


async def test_groups_that_may_not_be_looked_up_are_spoken_of(
    exporter: Exporter, listening: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    exporter.sim.graph.refusals[LOOK_UP] = 403
    with caplog.at_level(logging.WARNING, logger="linekeeper"):
        await read(listening)
    assert "groups that call flows refer to are not judged" in caplog.text


async def test_look_ups_that_fail_for_three_hours_are_a_failure_of_the_export(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    first = (await read(listening)).source("voice")
    exporter.sim.graph.refusals[LOOK_UP] = 500
    clock.advance(hours=1)
    exporter.write()
    await read_lines(listening)
    known = (await listening.load()).source("voice")
    assert (known.state, known.complete_as_of) == ("complete", clock.now)
    clock.advance(hours=3)
    exporter.write()
    await read_lines(listening)
    failed = (await listening.load()).source("voice")
    assert (failed.state, failed.complete_as_of) == ("failed", known.complete_as_of)
    assert "could not be looked up since 2026-11-20 11:00 UTC" in failed.problem
    assert first.complete_as_of != failed.complete_as_of
    del exporter.sim.graph.refusals[LOOK_UP]
    clock.advance(minutes=5)
    await read_lines(listening)
    mended = (await listening.load()).source("voice")
    assert (mended.state, mended.problem) == ("complete", "")
    assert mended.complete_as_of == clock.now - timedelta(minutes=5)


async def test_look_ups_that_fail_for_days_are_a_stale_source(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    await read(listening)
    exporter.sim.graph.refusals[LOOK_UP] = 500
    for _ in range(10):
        clock.advance(hours=3)
        exporter.write()
        await read_changes(listening)
        await read_lines(listening)
    assert "source-stale|voice|" in (await listening.load()).alerts


async def test_nobody_is_looked_up_before_graph_wants_to_be_asked_again(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    await read(listening)
    clock.advance(hours=1)
    exporter.sim.graph.faults.add(StatusFault(status=429, retry_after=900, route=LOOK_UP, times=1))
    await read_lines(listening)
    asked = exporter.sim.graph.requests[LOOK_UP]
    clock.advance(minutes=10)
    await read_lines(listening)
    assert exporter.sim.graph.requests[LOOK_UP] == asked
    clock.advance(minutes=5)
    await read_lines(listening)
    assert exporter.sim.graph.requests[LOOK_UP] == asked + 1


async def test_what_was_looked_up_is_kept_where_accounts_cannot_be_read(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    await read_everything(msgspec.structs.replace(listening, export=None))
    document = msgspec.json.decode(exporter.path.read_bytes())
    unknown = {"ObjectId": "00000000-0000-4000-8000-00000000beef", "UserPrincipalName": "line@contoso.example"}
    document["applicationInstances"].append(document["applicationInstances"][0] | unknown)
    exporter.write_bytes(msgspec.json.encode(document))
    exporter.sim.graph.refusals["POST $batch"] = 503
    clock.advance(minutes=5)
    await read_lines(listening)
    state = await listening.load()
    assert all(state.referenced[each].kind == "user" for each in exporter.agents())
    assert state.look_ups.failing_since == clock.now


async def test_an_export_in_part_that_was_away_for_a_moment_is_in_part_again_and_not_missing(
    exporter: Exporter, listening: Monitor, clock: Clock, counters: Counters
) -> None:
    exporter.write(errors=({"stage": "callQueues", "message": "timed out"},))
    before = (await read(listening)).source("voice")
    away = exporter.path.with_suffix(".away")
    exporter.path.rename(away)
    clock.advance(minutes=5)
    await read_lines(listening)
    assert (await listening.load()).source("voice").problem != before.problem
    away.rename(exporter.path)
    clock.advance(minutes=5)
    await read_lines(listening)
    assert (await listening.load()).source("voice").problem == before.problem
    assert counters.of("linekeeper.source.reads")["partial", "voice"] == 1


async def test_an_older_export_put_back_is_read_once_and_clears_what_was_wrong_with_another(
    exporter: Exporter, listening: Monitor, clock: Clock, counters: Counters
) -> None:
    before = await read(listening)
    clock.advance(minutes=5)
    exporter.write_bytes(b"{}")
    await read_lines(listening)
    exporter.write(age=timedelta(hours=5))
    for _ in range(3):
        clock.advance(minutes=5)
        await read_lines(listening)
    state = await listening.load()
    assert (state.voice, state.source("voice").state) == (before.voice, "complete")
    assert counters.of("linekeeper.source.reads")["complete", "voice"] == 2


async def test_an_agent_who_was_deleted_during_a_sweep_is_nobody_after_it(
    exporter: Exporter, listening: Monitor, clock: Clock, at_first: AtFirst
) -> None:
    await read(listening)
    gone = exporter.agents()[0]
    clock.advance(minutes=20)
    at_first("GET users", lambda: exporter.sim.tenant.purge(gone))
    await sweep(listening)
    assert (await listening.load()).referenced[gone].kind == "nobody"


async def test_somebody_whom_one_look_up_misses_is_nobody_only_if_the_next_does_too(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    state = await read(listening)
    group = next(key for key, each in state.referenced.items() if each.kind == "group")
    hidden = exporter.sim.tenant.groups.pop(group)
    clock.advance(hours=1)
    await read_lines(listening)
    assert (await listening.load()).referenced[group].kind == "group"
    clock.advance(minutes=5)
    await read_lines(listening)
    assert (await listening.load()).referenced[group].kind == "nobody"
    exporter.sim.tenant.groups[group] = hidden
    clock.advance(minutes=5)
    await read_lines(listening)
    assert (await listening.load()).referenced[group].kind == "group"


async def test_an_export_that_is_not_complete_removes_nothing_and_proves_nothing(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    before = await read(listening)
    clock.advance(minutes=5)
    exporter.sim.tenant.voice.delete_queue(QUEUE)
    exporter.write(errors=({"stage": "callQueues", "message": "timed out"},))
    await read_lines(listening)
    state = await listening.load()
    known = state.source("voice")
    assert (known.state, known.complete_as_of) == ("partial", before.source("voice").complete_as_of)
    assert state.voice is not None
    assert before.voice is not None
    assert {each.id for each in state.voice.queues or ()} == {each.id for each in before.voice.queues or ()}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schemaVersion": 2}'])
async def test_a_file_that_is_no_export_fails_the_source_and_keeps_what_was_known(
    exporter: Exporter, listening: Monitor, clock: Clock, counters: Counters, content: bytes
) -> None:
    before = await read(listening)
    clock.advance(minutes=5)
    exporter.write_bytes(content)
    await read_lines(listening)
    state = await listening.load()
    assert state.source("voice").state == "failed"
    assert state.source("voice").problem
    assert state.voice == before.voice
    assert counters.of("linekeeper.source.reads")["failed", "voice"] == 1


async def test_an_export_that_is_missing_fails_the_source_and_is_read_when_it_comes_back(
    exporter: Exporter, listening: Monitor, clock: Clock
) -> None:
    exporter.path.rename(exporter.path.with_suffix(".away"))
    state = await read(listening)
    assert (state.source("voice").state, state.voice) == ("failed", None)
    exporter.path.with_suffix(".away").rename(exporter.path)
    clock.advance(minutes=5)
    await read_lines(listening)
    assert (await listening.load()).source("voice").state == "complete"


async def test_a_file_that_is_too_large_is_refused_unread(exporter: Exporter, listening: Monitor) -> None:
    small = msgspec.structs.replace(listening, export=ExportFile(exporter.path, 10))
    state = await read(small)
    assert "at most 10 are read" in state.source("voice").problem


async def test_an_older_export_never_replaces_a_newer_one(exporter: Exporter, listening: Monitor) -> None:
    before = await read(listening)
    exporter.sim.tenant.voice.delete_queue(QUEUE)
    exporter.write(age=timedelta(hours=1))
    await read_lines(listening)
    assert (await listening.load()).voice == before.voice


async def test_an_account_that_teams_lists_without_the_marker_is_followed(
    exporter: Exporter, listening: Monitor
) -> None:
    account = user_id(QUEUE)
    exporter.sim.tenant.set_property(account, "department", "Sales")
    for sku in list(exporter.sim.tenant.users[account].assigned_licenses):
        exporter.sim.tenant.remove_license(account, sku.sku_id)
    exporter.write()
    state = await read(listening)
    assert account in state.accounts
    assert f"resource-account-unlicensed|{account}|" in state.alerts


async def test_without_an_export_nothing_is_read(monitor: Monitor) -> None:
    await read_lines(monitor)
    assert (await monitor.load()).source("voice").state == "absent"
