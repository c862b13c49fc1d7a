"""Queues with agents whom calls cannot reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing import plans
from shared.model.directory import Account, Departed
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.numbers import CallingState
from shared.model.referenced import Referenced
from shared.model.sources import SourceState
from shared.model.voice import Agent, CallQueue
from shared.rules.call_queue_agent_unable import RULE
from shared.rules.snapshot import Snapshot
from simulator.contoso import user_id
from simulator.directory import SimulatedTenant

NUMBER = "+14255550100"
PHONE_SKU = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"

Lines = Callable[..., Snapshot]
Queues = Callable[..., CallQueue]
Known = Callable[..., Referenced]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(
    make_lines: Lines, make_snapshot: Callable[..., Snapshot], make_queue: Queues, make_referenced: Known
) -> Judge:
    """What is found of a queue `sales` with these members: Ann, who is able, and Bob, of whom `bob` is known.

    `calling` is whether Teams said, as long ago as `asked`, that Bob is enabled for Enterprise Voice.
    """
    ann = make_referenced("user", "Ann", enabled=True, phone=True)

    def findings(
        bob: Referenced | None, *, calling: bool | None = None, asked: timedelta = timedelta(0), **members: object
    ) -> list[Finding]:
        referenced = {"ann": ann} | ({"bob": bob} if bob is not None else {})
        queue = make_queue("sales", **(members or {"users": ("ann", "bob")}))
        state = {"bob": CallingState(enterprise_voice=calling)}
        lines = make_lines(queue, on={1: "sales"}, numbers={1: NUMBER}, referenced=referenced, calling=state)
        told = SourceState(state="complete", complete_as_of=lines.now - asked)
        sources = lines.state.sources | {"calling": told}
        return list(RULE.check(make_snapshot(msgspec.structs.replace(lines.state, sources=sources))))

    return findings


def test_an_agent_of_whom_nothing_is_wrong_is_not_flagged(judge: Judge, make_referenced: Known) -> None:
    assert judge(make_referenced("user", "Bob", enabled=True, phone=True), calling=True) == []


def test_an_agent_of_whom_nothing_is_known_is_not_judged(judge: Judge, make_referenced: Known) -> None:
    assert judge(None) == []
    assert judge(None, users=("bob",)) == []
    assert judge(make_referenced("user", "Bob")) == []
    assert judge(make_referenced("group", "Bobs", phone=False)) == []


@pytest.mark.parametrize(
    ("known", "calling", "why", "counted"),
    [
        ({"kind": "nobody"}, None, "deleted", "deleted"),
        ({"enabled": False, "phone": True}, None, "disabled", "disabled"),
        ({"enabled": True, "phone": False}, None, "no phone licence", "without_phone_plan"),
        ({"enabled": True, "phone": True}, False, "not enabled for Enterprise Voice", "without_enterprise_voice"),
    ],
)
def test_an_agent_who_cannot_be_reached_is_told_with_the_reason(  # noqa: PLR0917 - a table
    judge: Judge,
    make_referenced: Known,
    known: dict[str, object],
    calling: bool | None,  # noqa: FBT001 - what Teams says
    why: str,
    counted: str,
) -> None:
    (finding,) = judge(make_referenced(**{"kind": "user", "name": "Bob", **known}), calling=calling)
    assert finding.severity == "warning"
    assert finding.summary == (
        f"1 of 2 agents cannot take its calls (Bob: {why}). Callers come by +1 425 555 0100 > Sales queue; "
        "1 number and 0 other apps lead there."
    )
    assert finding.evidence["unable"] == [f"Bob (bob): {why}"]
    assert (finding.evidence["agents"], finding.evidence["agents_unable"], finding.evidence[counted]) == (2, 1, 1)
    assert "Voice > Call queues > Sales queue > Call answering" in finding.remedy


def test_all_reasons_are_told(judge: Judge, make_referenced: Known) -> None:
    (finding,) = judge(make_referenced("user", "Bob", enabled=False, phone=False), calling=False)
    assert "Bob: disabled and no phone licence and not enabled for Enterprise Voice" in finding.summary


def test_what_teams_said_of_calling_counts_only_while_it_is_read(judge: Judge, make_referenced: Known) -> None:
    bob = make_referenced("user", "Bob", enabled=True, phone=True)
    assert judge(bob, calling=False, asked=timedelta(minutes=15), users=("bob",)) != []
    assert judge(bob, calling=False, asked=timedelta(minutes=16), users=("bob",)) == []
    (finding,) = judge(make_referenced("nobody"), calling=False, asked=timedelta(days=1))
    assert "without_enterprise_voice" not in finding.evidence


@pytest.mark.parametrize(
    ("looked_up", "told"),
    [(None, True), (timedelta(hours=-1), True), (timedelta(0), True), (timedelta(hours=1), False)],
)
def test_an_agent_who_was_a_followed_account_and_is_deleted_is_unable_until_a_later_look_up_finds_it(  # noqa: PLR0917 - a table
    make_lines: Lines,
    make_queue: Queues,
    make_referenced: Known,
    make_departed: Callable[..., Departed],
    looked_up: timedelta | None,
    told: bool,  # noqa: FBT001 - what is expected
) -> None:
    gone = make_departed("bob")
    known = {}
    if looked_up is not None:
        known = {"bob": make_referenced("user", "Bob", enabled=True, phone=True, read_at=gone.read_at + looked_up)}
    queue = make_queue("sales", users=("bob",))
    findings = list(RULE.check(make_lines(queue, on={1: "sales"}, departed={"bob": gone}, referenced=known)))
    assert [(each.severity, each.evidence["deleted"]) for each in findings] == ([("critical", 1)] if told else [])


def test_it_is_critical_where_nobody_is_left(judge: Judge, make_referenced: Known) -> None:
    (finding,) = judge(make_referenced("nobody"), users=("bob",))
    assert finding.severity == "critical"
    assert "1 of 1 agents cannot take its calls (person bob: deleted), and nobody else answers it." in finding.summary
    assert "Sales queue > nobody" in finding.summary


@pytest.mark.parametrize(
    "more", [{"groups": ("team",)}, {"channel": "19:sales@thread.tacv2"}, {"shifts_group": "early"}]
)
def test_a_group_whose_members_are_not_known_may_answer(
    judge: Judge, make_referenced: Known, more: dict[str, object]
) -> None:
    (finding,) = judge(make_referenced("nobody"), users=("bob",), **more)
    assert finding.severity == "warning"
    assert "nobody" not in finding.summary


def test_a_group_whose_members_are_all_unable_leaves_nobody(judge: Judge, make_referenced: Known) -> None:
    (finding,) = judge(make_referenced("nobody"), groups=("team",), agents=(Agent("bob"),))
    assert finding.severity == "critical"


def test_a_queue_that_no_call_comes_to_is_a_warning(
    make_lines: Lines, make_queue: Queues, make_referenced: Known
) -> None:
    known = {"bob": make_referenced("nobody")}
    (finding,) = RULE.check(make_lines(make_queue("sales", users=("bob",)), referenced=known))
    assert finding.severity == "warning"


def test_an_agent_listed_by_name_and_through_a_group_is_counted_once(judge: Judge, make_referenced: Known) -> None:
    (finding,) = judge(make_referenced("nobody"), users=("ann", "bob"), agents=(Agent("bob"), Agent("ann")))
    assert (finding.evidence["agents"], finding.evidence["agents_unable"]) == (2, 1)


def test_many_agents_are_one_finding_that_names_a_few(
    make_lines: Lines, make_queue: Queues, make_referenced: Known
) -> None:
    agents = tuple(Agent(f"agent-{number:03}") for number in range(200))
    known = {agent.id: make_referenced("nobody") for agent in agents}
    (finding,) = RULE.check(make_lines(make_queue("sales", agents=agents), on={1: "sales"}, referenced=known))
    unable = finding.evidence["unable"]
    assert isinstance(unable, list)
    assert (finding.evidence["agents_unable"], len(unable)) == (200, 20)
    assert "+197 more" in finding.summary
    assert len(finding.summary) < 500


def test_an_agent_among_the_followed_accounts_is_judged_by_what_is_known_of_the_account(
    make_lines: Lines, make_queue: Queues, make_account: Callable[..., Account], make_sku: Callable[..., Sku]
) -> None:
    skus = (make_sku(PHONE_SKU, plans.MCOEV, enabled=9),)
    able = make_account(7, PHONE_SKU, marked=False, enabled=True)
    gone_quiet = make_account(8, marked=False, enabled=True)
    queue = make_queue("sales", users=(able.id, gone_quiet.id))
    (finding,) = RULE.check(make_lines(queue, on={1: "sales"}, known=(able, gone_quiet), skus=skus))
    assert finding.evidence["unable"] == [f"Account 8 ({gone_quiet.id}): no phone licence"]


def test_contoso_has_no_agent_who_is_unable_until_one_is_deleted(
    tenant: SimulatedTenant,
    as_read: Callable[[SimulatedTenant], Snapshot],
    make_snapshot: Callable[..., Snapshot],
    make_referenced: Known,
) -> None:
    read = as_read(tenant)
    people = {
        user.id: make_referenced("user", user.display_name, enabled=user.account_enabled, phone=True)
        for user in tenant.users.values()
        if user.account_enabled
    }
    calling = dict.fromkeys(people, CallingState(enterprise_voice=True))
    healthy = msgspec.structs.replace(read.state, referenced=people, calling=calling)
    assert list(RULE.check(make_snapshot(healthy))) == []
    gone = people | {user_id("Adele Archer"): make_referenced("nobody", "Adele Archer")}
    findings = list(RULE.check(make_snapshot(msgspec.structs.replace(healthy, referenced=gone))))
    assert findings
    assert all(finding.severity == "warning" and "Adele Archer: deleted" in finding.summary for finding in findings)


@given(users=st.permutations(["ann", "bob", "cleo"]), listed=st.permutations(["bob", "dora", "ann"]))
def test_the_order_of_the_lists_changes_nothing(
    make_lines: Lines, make_queue: Queues, make_referenced: Known, users: list[str], listed: list[str]
) -> None:
    known = {name: make_referenced("nobody") for name in ("ann", "cleo", "dora")}

    def findings(users: list[str], listed: list[str]) -> list[Finding]:
        queue = make_queue("sales", users=tuple(users), agents=tuple(Agent(each) for each in listed))
        return list(RULE.check(make_lines(queue, on={1: "sales"}, numbers={1: NUMBER}, referenced=known)))

    assert findings(users, listed) == findings(sorted(users), sorted(listed))
    assert [finding.key for finding in findings(users, listed)] == [f"{RULE.id}|sales|"]
