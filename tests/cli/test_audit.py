from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import simulator
from shared.cli.audit import run_audit
from simulator.contoso import RESOURCE_ACCOUNT, unlicensed_line_names, user_id

Audit = Callable[..., Any]
MCOEV_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
MCOEV = simulator.ServicePlan("4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "MCOEV", "MicrosoftCommunicationsOnline")


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer) -> dict[str, str]:
    return {"LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id, "LINEKEEPER_GRAPH_URL": contoso.graph_url}


async def audited(environment: dict[str, str], *, as_json: bool = True, fail_on: Any = "warning") -> int:  # noqa: ANN401
    """The command in a thread of its own, since it runs a loop of its own."""
    return await asyncio.to_thread(run_audit, environment, as_json=as_json, fail_on=fail_on)


async def test_microsofts_own_example_is_entitled_to_85_and_has_five_to_buy(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code = await audited(environment)
    document = json.loads(capsysbinary.readouterr().out)
    assert code == 1
    assert set(document) == {"schema", "tenant", "as_of", "sources", "allocation", "findings", "skipped"}
    assert document["schema"] == 1
    assert document["tenant"] == environment["LINEKEEPER_TENANT_ID"]
    assert document["as_of"].endswith("Z")
    allocation = document["allocation"]
    by_sku = {row["part_number"]: row["counted"] for row in allocation.pop("by_sku")}
    assert allocation == {
        "policy": "2023-shared-devices",
        "qualifying": 600,
        "entitled": 85,
        "owned": 85,
        "assigned": 85,
        "needed": 90,
        "free_to_claim": 0,
        "to_buy": 5,
        "paid": 0,
        "spare": 0,
        "seats_to_next": 10,
        "seats_to_lose": 0,
    }
    assert by_sku == {"SPE_E5": 500, "MCOCAP": 100, "PHONESYSTEM_VIRTUALUSER": 0}
    assert document["sources"]["licences"]["state"] == "complete"
    assert document["sources"]["voice"] == {"state": "absent"}
    assert [finding["rule"] for finding in document["findings"]] == ["allocation-short"] + [
        "resource-account-unlicensed"
    ] * 5
    assert {finding["subject"]["name"] for finding in document["findings"][1:]} == set(unlicensed_line_names())


async def test_every_wrong_licence_is_found_with_its_remedy(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    tenant = contoso.tenant
    tenant.add_sku(MCOEV_STANDARD, "MCOEV", [MCOEV], 10)
    tenant.set_enabled_units(RESOURCE_ACCOUNT, 100)
    swapped, doubled = user_id("AA Main Line Seattle"), user_id("CQ Sales Seattle")
    tenant.swap_license(swapped, RESOURCE_ACCOUNT, MCOEV_STANDARD)
    tenant.assign_license(doubled, MCOEV_STANDARD)
    person = next(user for user in tenant.users.values() if user.department == "Finance")
    tenant.assign_license(person.id, RESOURCE_ACCOUNT)
    await audited(environment)
    findings = {finding["subject"]["id"]: finding for finding in json.loads(capsysbinary.readouterr().out)["findings"]}
    assert findings[swapped]["rule"] == "resource-account-phone-licence"
    assert f"-RemoveLicenses @('{MCOEV_STANDARD}')" in findings[swapped]["remedy"]
    assert RESOURCE_ACCOUNT in findings[swapped]["remedy"]
    assert findings[doubled]["rule"] == "resource-account-double-licensed"
    assert findings[person.id]["rule"] == "person-holds-resource-account-licence"
    assert findings[person.id]["subject"]["kind"] == "user"
    assert findings[tenant.tenant_id]["rule"] == "allocation-exceeded"


async def test_a_tenant_with_nothing_but_hints_exits_with_0(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in unlicensed_line_names():
        contoso.tenant.soft_delete(user_id(name))
    assert await audited(environment) == 0
    findings = json.loads(capsysbinary.readouterr().out)["findings"]
    assert [(each["rule"], each["severity"]) for each in findings] == [("allocation-margin-low", "info")]


async def test_findings_below_the_asked_severity_do_not_fail(environment: dict[str, str]) -> None:
    assert await audited(environment, fail_on="critical") == 0
    assert await audited(environment, fail_on="info") == 1


async def test_graph_that_is_down_exits_with_2_and_a_finding_about_the_sources(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.graph.outage = 500
    assert await audited(environment) == 2
    captured = capsysbinary.readouterr()
    document = json.loads(captured.out)
    assert captured.err == b""
    assert document["allocation"] is None
    assert {finding["rule"] for finding in document["findings"]} == {"source-stale"}
    assert {row["rule"] for row in document["skipped"]} >= {"resource-account-unlicensed", "allocation-short"}
    others = [row["why"] for row in document["skipped"] if row["why"] != "the voice export is not read"]
    assert others
    assert all("Microsoft Graph answered 500" in why for why in others)


async def test_a_host_without_graph_exits_with_2_and_names_no_url(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    environment["LINEKEEPER_GRAPH_URL"] = "http://127.0.0.1:1/v1.0"
    assert await audited(environment) == 2
    assert b"127.0.0.1" not in capsysbinary.readouterr().out


async def test_people_get_the_verdict_first_and_commands_that_can_be_copied(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "[bold red]Free[/] calls [link=https://x]here[/link]"
    contoso.tenant.set_property(user_id(unlicensed_line_names()[0]), "displayName", hostile)
    assert await audited(environment, as_json=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "6 findings: 6 warnings."
    assert any(hostile in line for line in lines)
    assert sum("Set-MgUserLicense -UserId" in line and line.endswith("-RemoveLicenses @()") for line in lines) == 5
