"""Accounts read directly: what only such a read tells, and who is no live user any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.graph.reader import GraphReader
from shared.model.directory import Assignment, Departed
from shared.model.errors import Denied, Throttled
from simulator import SimulatorServer
from simulator.contoso import E5, RESOURCE_ACCOUNT, user_id

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Clock, ScriptedGraph

LINE = user_id("AA Main Line Seattle")
OTHER_LINE = user_id("CQ Reception Seattle")
NOBODY = "00000000-0000-4000-8000-00000000dead"
GROUP = "7f3a1b52-1c1c-4c56-9b8e-2f9df6a0d0aa"


async def test_a_deleted_account_is_departed_with_its_name_and_whether_it_can_be_restored(
    sim: SimulatorServer, reader: GraphReader, clock: Clock
) -> None:
    sim.tenant.soft_delete(LINE)
    sim.tenant.purge(OTHER_LINE)
    read = await reader.accounts([LINE, OTHER_LINE, NOBODY])
    assert read.found == ()
    assert sorted(read.departed, key=lambda departed: departed.id) == sorted(
        [
            Departed(id=LINE, name="AA Main Line Seattle", restorable=True, read_at=clock.now),
            Departed(id=OTHER_LINE, restorable=False, read_at=clock.now),
            Departed(id=NOBODY, restorable=False, read_at=clock.now),
        ],
        key=lambda departed: departed.id,
    )


async def test_a_restored_account_is_found(sim: SimulatorServer, reader: GraphReader) -> None:
    sim.tenant.soft_delete(LINE)
    sim.tenant.restore(LINE)
    read = await reader.accounts([LINE])
    assert ([account.id for account in read.found], read.departed) == ([LINE], ())


@pytest.mark.parametrize(("status", "kind"), [(403, Denied), (429, Throttled)])
async def test_whether_an_account_is_deleted_is_never_guessed(
    sim: SimulatorServer, reader: GraphReader, status: int, kind: type[Exception]
) -> None:
    sim.tenant.soft_delete(LINE)
    sim.graph.refusals["GET directory/deletedItems/{id}"] = status
    with pytest.raises(kind):
        await reader.accounts([LINE, OTHER_LINE])


async def test_how_the_assignment_of_a_licence_went_is_read(sim: SimulatorServer, reader: GraphReader) -> None:
    states = [
        {"skuId": RESOURCE_ACCOUNT.upper(), "state": "Error", "error": "CountViolation", "assignedByGroup": GROUP},
        {"skuId": E5, "state": "ActiveWithError", "error": "DependencyViolation"},
    ]
    stamped = [state | {"lastUpdatedDateTime": "2026-11-20T09:00:00Z"} for state in states]
    sim.tenant.set_property(LINE, "licenseAssignmentStates", stamped)
    (account,) = (await reader.accounts([LINE])).found
    assert account.assignments == (
        Assignment(sku_id=RESOURCE_ACCOUNT, state="Error", error="CountViolation", group=GROUP),
        Assignment(sku_id=E5, state="ActiveWithError", error="DependencyViolation"),
    )
    assert all(assignment.failed for assignment in account.assignments)


async def test_an_assignment_that_went_well_has_not_failed(reader: GraphReader) -> None:
    (account,) = (await reader.accounts([LINE])).found
    assert [(each.sku_id, each.state, each.group, each.failed) for each in account.assignments] == [
        (RESOURCE_ACCOUNT, "Active", None, False)
    ]


async def test_the_fields_that_are_asked_for_are_those_that_are_read(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    scripted.answer("POST $batch", answer({"responses": [{"id": LINE, "status": 200, "body": {"id": LINE.upper()}}]}))
    (account,) = (await scripted_reader.accounts([LINE])).found
    assert account.id == LINE
    assert b"licenseAssignmentStates" in scripted.asked[0].body
    scripted.answer("GET users/delta", answer({"value": [], "@odata.deltaLink": f"{scripted.graph_url}/users/delta"}))
    await scripted_reader.delta_from_now()
    assert "licenseAssignmentStates" not in scripted.asked[1].path
    assert "assignedLicenses,assignedPlans" in scripted.asked[1].path
