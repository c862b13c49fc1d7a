import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator import large_tenant
from simulator.large import LARGE_TENANT_ID
from simulator.large_voice import LargeVoice, large_export


def test_half_of_the_apps_are_attendants_and_half_are_queues_with_all_agents_between_them() -> None:
    document = large_export(40, 333)
    assert (len(document["autoAttendants"]), len(document["callQueues"])) == (20, 20)
    sizes = [len(queue["Agents"]) for queue in document["callQueues"]]
    assert sum(sizes) == 333
    assert max(sizes) - min(sizes) == 1
    assert len({agent["ObjectId"] for queue in document["callQueues"] for agent in queue["Agents"]}) == 333
    assert document["complete"] is True
    assert document["tenantId"] == LARGE_TENANT_ID


@pytest.mark.parametrize("apps", [2, 3, 40, 41])
def test_everything_that_a_large_document_refers_to_is_in_it(apps: int) -> None:
    document = large_export(apps, 20)
    queues = {row["Identity"] for row in document["callQueues"]}
    attendants = {row["Identity"] for row in document["autoAttendants"]}
    accounts = {row["ObjectId"] for row in document["applicationInstances"]}
    assert len(queues) + len(attendants) == len(accounts) == apps
    assert {row["Id"] for row in document["associations"]} == accounts
    assert {row["ConfigurationId"] for row in document["associations"]} == queues | attendants
    for row in document["autoAttendants"] + document["callQueues"]:
        [account] = row["ApplicationInstances"]
        [association] = [each for each in document["associations"] if each["Id"] == account]
        assert association["ConfigurationId"] == row["Identity"]
    for attendant in document["autoAttendants"]:
        assert {o["CallTarget"]["Id"] for o in attendant["DefaultCallFlow"]["Menu"]["MenuOptions"]} <= queues
    assert {queue["OverflowActionTarget"]["Id"] for queue in document["callQueues"]} <= accounts


def test_a_large_document_follows_from_its_arguments() -> None:
    assert large_export(10, 25, seed=3) == large_export(10, 25, seed=3)
    first, other = ({row["Identity"] for row in large_export(10, 25, seed=seed)["callQueues"]} for seed in (3, 4))
    assert first.isdisjoint(other)


def test_the_file_holds_the_document(tmp_path: Path) -> None:
    path = tmp_path / "voice.json"
    voice = LargeVoice(11, 60, seed=5, exported_at=datetime(2026, 11, 20, tzinfo=UTC))
    voice.write(path)
    assert json.loads(path.read_bytes()) == json.loads(json.dumps(voice.document()))
    assert voice.document()["exportedAt"] == "2026-11-20T00:00:00Z"


def test_ten_thousand_apps_with_fifty_thousand_agents_are_written_in_seconds(tmp_path: Path) -> None:
    began = time.perf_counter()
    LargeVoice(10_000, 50_000).write(tmp_path / "voice.json")
    assert time.perf_counter() - began < 10
    assert (tmp_path / "voice.json").stat().st_size > 10_000_000


def test_the_accounts_and_people_of_a_large_tenant_can_be_those_of_the_document() -> None:
    tenant = large_tenant(500, 40)
    accounts = [user for user in tenant.users.values() if not user.account_enabled]
    people = [user.id for user in tenant.users.values() if user.account_enabled]
    document = LargeVoice(40, 1_000, accounts=[account.id for account in accounts], people=people).document()
    kinds = {row["Id"]: row["ConfigurationType"] for row in document["associations"]}
    assert kinds == {
        account.id: "AutoAttendant" if account.display_name.startswith("AA") else "CallQueue" for account in accounts
    }
    agents = Counter(agent["ObjectId"] for queue in document["callQueues"] for agent in queue["Agents"])
    assert set(agents) == set(people)
    assert agents.total() == 1_000


def test_more_than_twenty_agents_come_by_a_list() -> None:
    [small] = large_export(2, 20)["callQueues"]
    [large] = large_export(2, 21)["callQueues"]
    assert (len(small["Users"]), small["DistributionLists"]) == (20, [])
    assert (large["Users"], len(large["DistributionLists"]), len(large["Agents"])) == ([], 1, 21)


@pytest.mark.parametrize(
    ("apps", "agents", "accounts", "sentence"),
    [
        (1, 0, (), "1 voice apps"),
        (4, 401, (), "401 agents"),
        (4, -1, (), "-1 agents"),
        (4, 0, ("a", "b", "c"), "3 resource accounts"),
    ],
)
def test_what_cannot_be_made_up_is_refused(apps: int, agents: int, accounts: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        LargeVoice(apps, agents, accounts=accounts)
