from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import simulator
from shared.cli.explain import run_explain
from shared.model.errors import LinekeeperError
from shared.rules.catalogue import RULES
from simulator.contoso import RESOURCE_ACCOUNT, user_id

SEATTLE = "AA Main Line Seattle"
STEPS = ["licence_obtained", "account_created", "licensed", "number_assigned", "associated"]


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer, tmp_path: Path) -> dict[str, str]:
    return {
        "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": contoso.graph_url,
        "LINEKEEPER_TEAMS_WEBHOOK_URL": contoso.webhook_url,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
    }


def has_made_files(folder: Path) -> bool:
    return any(folder.iterdir())


async def explained(environment: dict[str, str], account: str, *, as_json: bool = True) -> int:
    """The command in a thread of its own, since it runs a loop of its own."""
    return await asyncio.to_thread(run_explain, environment, account=account, as_json=as_json)


def printed(capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, Any]:
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    document: dict[str, Any] = json.loads(captured.out)
    return document


async def test_a_line_in_order_is_explained_by_its_number(
    contoso: simulator.SimulatorServer,
    environment: dict[str, str],
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert await explained(environment, "+1 (425) 555-0100") == 0
    document = printed(capsysbinary)
    assert set(document) == {"schema", "account", "rules", "steps"}
    assert document["schema"] == 1
    account = document["account"]
    assert account.pop("as_of").endswith("Z")
    assert account.pop("created").endswith("Z")
    assert account == {
        "id": user_id(SEATTLE),
        "name": SEATTLE,
        "upn": "aa-main-line-seattle@contoso.example",
        "kind": "resource_account",
        "evidence": ["department marker", "number +14255550100"],
        "licences": ["PHONESYSTEM_VIRTUALUSER"],
        "usage_location": "US",
        "enabled": False,
        "numbers": ["+14255550100"],
    }
    assert {row["rule"] for row in document["rules"]} >= {rule.id for rule in RULES if rule.family == "accounts"}
    assert all(set(row) == {"rule", "state", "why", "as_of"} for row in document["rules"])
    assert document["rules"][0]["state"] == "does_not_hold"
    assert set(document["rules"][0]["as_of"]) == {"licences", "accounts", "numbers"}
    assert [(row["step"], row["state"]) for row in document["steps"][:4]] == [(step, "done") for step in STEPS[:4]]
    assert contoso.channel.cards == []
    assert not has_made_files(tmp_path)


async def test_what_is_missing_first_says_what_to_do(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.tenant.remove_license(user_id(SEATTLE), RESOURCE_ACCOUNT)
    assert await explained(environment, SEATTLE) == 0
    document = printed(capsysbinary)
    unlicensed = next(row for row in document["rules"] if row["rule"] == "resource-account-unlicensed")
    assert (unlicensed["state"], unlicensed["severity"]) == ("holds", "critical")
    assert "callers to +14255550100 cannot be answered" in unlicensed["why"]
    todo = [row for row in document["steps"] if "next" in row]
    assert [(row["step"], row["state"]) for row in todo] == [("licensed", "missing")]
    assert f"Set-MgUserLicense -UserId '{user_id(SEATTLE)}'" in todo[0]["next"]


async def test_a_person_is_explained_without_the_steps_of_a_line(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    person = next(user for user in contoso.tenant.users.values() if user.department == "Finance")
    assert await explained(environment, person.user_principal_name, as_json=False) == 0
    output = capsys.readouterr().out
    assert output.splitlines()[0] == f"{person.display_name}: no rule about accounts holds."
    assert "a person" in output
    assert "No resource account: the set-up steps of a line are left out." in output
    assert "Numbers" not in output


async def test_a_deleted_line_is_explained_by_the_number_that_still_leads_to_it(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    contoso.tenant.soft_delete(user_id(SEATTLE))
    assert await explained(environment, "tel:+14255550100", as_json=False) == 0
    output = capsys.readouterr().out
    assert "deleted (can be restored until 30 days after its deletion)" in output
    assert "CRITICAL       resource-account-deleted-with-number" in output
    restore = f"Restore-MgDirectoryDeletedItem -DirectoryObjectId '{user_id(SEATTLE)}'"
    assert f"\N{RIGHTWARDS ARROW} Next: Restore it: {restore}" in output.splitlines()


async def test_people_get_who_it_is_first_and_names_as_plain_text(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "[bold red]Free[/] calls [link=https://x]here[/link]\x1b[2J\u202e\nsecond line"
    contoso.tenant.set_property(user_id(SEATTLE), "displayName", hostile)
    assert await explained(environment, user_id(SEATTLE), as_json=False) == 0
    output = capsys.readouterr().out
    lines = output.splitlines()
    assert lines[0].startswith("[bold red]Free[/] calls [link=https://x]here[/link]\ufffd[2J\ufffd\ufffdsecond line: ")
    assert "\x1b" not in output
    assert any(line.split()[:3] == ["Is", "a", "resource"] for line in lines)
    assert any(line.startswith("As of: licences 20") for line in lines)
    assert any(line.startswith("not known  Associated with an attendant or queue") for line in lines)


async def test_a_missing_permission_skips_what_rests_on_it_and_exits_with_2_where_it_is_required(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.graph.deny("TeamsTelephoneNumber.Read.All")
    assert await explained(environment, SEATTLE) == 0
    document = printed(capsysbinary)
    skipped = {row["rule"]: row["why"] for row in document["rules"] if row["state"] == "skipped"}
    assert set(skipped) >= {"resource-account-deleted-with-number", "number-assignment-failed"}
    assert skipped["number-assignment-failed"].startswith("Numbers could not be read: Microsoft Graph refused the read")
    assert document["account"]["numbers"] is None
    contoso.graph.deny("GET subscribedSkus")
    with pytest.raises(LinekeeperError, match="no account is known by"):
        await explained(environment, SEATTLE)
    assert await explained(environment, user_id(SEATTLE)) == 2
    document = printed(capsysbinary)
    assert document["account"]["name"] == SEATTLE
    assert next(row for row in document["rules"] if row["rule"] == "resource-account-unlicensed")["state"] == "skipped"
    assert [row["state"] for row in document["steps"][:3]] == ["done", "not_known", "not_known"]


async def test_people_are_told_first_that_the_tenant_could_not_be_read(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    contoso.graph.deny("GET subscribedSkus")
    assert await explained(environment, user_id(SEATTLE), as_json=False) == 2
    output = capsys.readouterr().out
    assert output.startswith("The tenant could not be read completely")
    assert "not judged     resource-account-unlicensed" in output


async def test_who_is_not_known_is_an_error_with_the_nearest_name(environment: dict[str, str]) -> None:
    with pytest.raises(LinekeeperError, match="The nearest known is 'AA Main Line Seattle'"):
        await explained(environment, "AA Main Line Seatle")


async def test_settings_are_checked_first(environment: dict[str, str]) -> None:
    with pytest.raises(LinekeeperError, match="LINEKEEPER_STORE must be"):
        await explained(environment | {"LINEKEEPER_STORE": "cupboard"}, SEATTLE)
