"""Transfers to outside numbers: who pays for them, and whether anybody can."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.licensing.plans import CALLING_PLANS, COMMUNICATIONS_CREDITS
from shared.model.directory import Account, AssignedLicence, AssignedPlan
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.voice import ApplicationInstance, AutoAttendant, CallFlow, CallQueue, MenuOption
from shared.rules.engine import evaluate
from shared.rules.snapshot import Snapshot
from shared.rules.voice_app_external_transfer_blocked import RULE
from simulator.directory import SimulatedTenant
from simulator.voice_shapes import CallTarget, QueueTarget

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]
Numbers = Callable[..., PhoneNumber]
Accounts = Callable[..., Account]
Skus = Callable[..., Sku]
Read = Callable[[SimulatedTenant], Snapshot]

App = AutoAttendant | CallQueue

NUMBER = "+14255550100"
OUTSIDE = "+4930901820"
PLAN_SKU = "0dab259f-bf13-4952-b7f8-7db8f131b28d"
PLAN = "4ed3ff63-69d7-4fb7-b984-5aec7f605ca8"


def found(snapshot: Snapshot) -> list[Finding]:
    return list(RULE.check(snapshot))


@pytest.fixture
def main(make_attendant: Attendants, make_option: Options) -> AutoAttendant:
    """An attendant whose key 5 leads outside."""
    return make_attendant("main", make_option("5", f"number:{OUTSIDE}"))


def test_contoso_calls_outside_only_where_it_can(tenant: SimulatedTenant, as_read: Read) -> None:
    assert found(as_read(tenant)) == []


def test_a_line_of_contoso_on_a_number_of_microsoft_and_without_a_calling_plan_cannot_call_outside(
    tenant: SimulatedTenant, as_read: Read
) -> None:
    tenant.voice.set_option("AA Main Line Berlin", "Tone9", CallTarget(id=f"tel:{OUTSIDE}", type="ExternalPstn"))
    tenant.voice.forward_when_unstaffed("CQ Reception Berlin", QueueTarget(id=f"tel:{OUTSIDE}", type="Phone"))
    # The same from a line on a number of another carrier is in order.
    tenant.voice.forward_when_unstaffed("CQ Reception Zurich", QueueTarget(id=f"tel:{OUTSIDE}", type="Phone"))
    assert {(each.subject.name, each.aspect) for each in found(as_read(tenant))} == {
        ("AA Main Line Berlin", "DefaultCallFlow.MenuOptions[9]"),
        ("CQ Reception Berlin", "NoAgentActionTarget"),
    }


def test_the_finding_names_the_number_the_account_and_the_way(
    make_lines: Lines, make_number: Numbers, main: AutoAttendant
) -> None:
    numbers = (make_number(NUMBER, kind="callingPlan"),)
    (finding,) = found(make_lines(main, on={1: "main"}, numbers=numbers))
    assert (finding.severity, finding.aspect) == ("warning", "DefaultCallFlow.MenuOptions[5]")
    assert finding.summary == (
        f"A transfer to {OUTSIDE} cannot be made: Account 1, through which calls come in, has neither a calling plan "
        "nor a Direct Routing or Operator Connect number. "
        f"Callers come by +1 425 555 0100 > Main line > key 5 > {OUTSIDE}; 1 number and 0 other apps lead there."
    )
    assert finding.remedy.endswith("Teams admin center: Voice > Resource accounts > Account 1.")
    assert finding.evidence["account_count"] == 1


@pytest.mark.parametrize("kind", ["directRouting", "operatorConnect", "DirectRouting", "", "somethingNew"])
def test_a_number_of_another_carrier_or_of_unknown_kind_may_call_outside(
    make_lines: Lines, make_number: Numbers, main: AutoAttendant, kind: str
) -> None:
    assert found(make_lines(main, on={1: "main"}, numbers=(make_number(NUMBER, kind=kind),))) == []


@pytest.fixture
def licensed(
    make_lines: Lines, make_number: Numbers, make_account: Accounts, make_sku: Skus
) -> Callable[..., Snapshot]:
    """The tenant of an app whose account is on a number of Microsoft's, with a licence that holds this plan."""

    def read(app: AutoAttendant, plan: str, *, off: bool = False, state: str = "Enabled") -> Snapshot:
        licence = AssignedLicence(PLAN_SKU, disabled_plans=(plan,) if off else ())
        account = make_account(1, licences=(licence,), plans=(AssignedPlan(plan, state),))
        return make_lines(
            app,
            on={1: app.id},
            known=(account,),
            numbers=(make_number(NUMBER, kind="callingPlan"),),
            skus=(make_sku(PLAN_SKU, plan, enabled=1),),
        )

    return read


@pytest.mark.parametrize("plan", sorted(CALLING_PLANS))
def test_an_account_with_a_calling_plan_can_call_outside(
    licensed: Callable[..., Snapshot], main: AutoAttendant, plan: str
) -> None:
    assert found(licensed(main, plan)) == []


@pytest.mark.parametrize(("off", "state"), [(True, "Enabled"), (False, "Suspended")])
def test_a_calling_plan_that_does_not_work_pays_for_nothing(
    licensed: Callable[..., Snapshot], main: AutoAttendant, *, off: bool, state: str
) -> None:
    assert len(found(licensed(main, PLAN, off=off, state=state))) == 1


def test_communications_credits_are_no_calling_plan(licensed: Callable[..., Snapshot], main: AutoAttendant) -> None:
    (credits_plan,) = COMMUNICATIONS_CREDITS
    assert len(found(licensed(main, credits_plan))) == 1


@pytest.fixture
def queue_behind(make_attendant: Attendants, make_queue: Queues, make_option: Options) -> tuple[App, ...]:
    """An attendant in front of a queue that transfers outside."""
    front = make_attendant("front", make_option("1", "app:sales"))
    return front, make_queue("sales", timeout=f"number:{OUTSIDE}")


@pytest.mark.parametrize(("with_plan", "blocked"), [(1, []), (2, ["sales"])])
def test_the_account_that_takes_the_call_first_pays_and_not_that_of_the_app_that_transfers(
    queue_behind: tuple[App, ...],
    make_lines: Lines,
    plan_holder: Callable[[int], dict[str, object]],
    with_plan: int,
    blocked: list[str],
) -> None:
    on = {1: "front", 2: "sales"}
    assert [each.subject.id for each in found(make_lines(*queue_behind, on=on, **plan_holder(with_plan)))] == blocked


@pytest.fixture
def plan_holder(make_account: Accounts, make_sku: Skus, make_number: Numbers) -> Callable[[int], dict[str, object]]:
    """A tenant whose account 1 has a number of Microsoft's, and of which one account holds a calling plan."""

    def known(holder: int) -> dict[str, object]:
        return {
            "skus": (make_sku(PLAN_SKU, PLAN),),
            "known": (make_account(holder, PLAN_SKU),),
            "numbers": (make_number(NUMBER, kind="callingPlan"),),
        }

    return known


def test_the_accounts_through_which_calls_come_in_are_listed(
    queue_behind: tuple[App, ...], make_lines: Lines, make_number: Numbers, make_guid: Callable[[int], str]
) -> None:
    numbers = (make_number(NUMBER, kind="callingPlan"),)
    (finding,) = found(make_lines(*queue_behind, on={1: "front", 2: "sales"}, numbers=numbers))
    assert (finding.subject.id, finding.aspect) == ("sales", "TimeoutActionTarget")
    assert finding.evidence["accounts"] == [make_guid(1)]


def test_one_account_of_several_that_can_call_outside_is_enough(
    make_lines: Lines, make_number: Numbers, main: AutoAttendant
) -> None:
    own = make_number(NUMBER, kind="callingPlan")
    another = make_number("+14255550101", 2, kind="callingPlan")
    (finding,) = found(make_lines(main, on={1: "main", 2: "main"}, numbers=(own, another)))
    assert "no account through which calls come in has a calling plan or a Direct Routing" in finding.summary
    routed = make_number("+14255550101", 2, kind="directRouting")
    assert found(make_lines(main, on={1: "main", 2: "main"}, numbers=(own, routed))) == []


def test_calls_inside_teams_enter_through_any_account_where_no_number_leads(
    make_lines: Lines, make_account: Accounts, make_sku: Skus, main: AutoAttendant
) -> None:
    (finding,) = found(make_lines(main, on={1: "main"}))
    assert "No number leads there; calls inside Teams come by Account 1 > Main line > key 5" in finding.summary
    plan = make_sku(PLAN_SKU, PLAN)
    assert found(make_lines(main, on={1: "main"}, skus=(plan,), known=(make_account(1, PLAN_SKU),))) == []


def test_an_account_of_which_the_directory_told_nothing_may_be_able_to(
    make_lines: Lines, make_guid: Callable[[int], str], main: AutoAttendant
) -> None:
    account = make_guid(9)
    said = {"instances": (ApplicationInstance(id=account),)}
    attendant = AutoAttendant(id="main", default_flow=main.default_flow, accounts=(account,))
    assert found(make_lines(attendant, said=said)) == []


def test_an_app_that_no_call_comes_to_transfers_nobody(make_lines: Lines, main: AutoAttendant) -> None:
    assert found(make_lines(main)) == []


def test_a_number_of_the_tenant_is_not_outside(make_lines: Lines, make_number: Numbers, main: AutoAttendant) -> None:
    own = make_number(NUMBER, kind="callingPlan")
    personal = make_number(OUTSIDE, 7, status="userAssigned", kind="callingPlan")
    spare = make_number(OUTSIDE, None, status="unassigned", kind="callingPlan")
    assert found(make_lines(main, on={1: "main"}, numbers=(own, personal))) == []
    assert len(found(make_lines(main, on={1: "main"}, numbers=(own, spare)))) == 1


def test_a_flow_that_is_out_of_use_transfers_nobody(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    night = CallFlow(id="night", options=(make_option("5", f"number:{OUTSIDE}"),))
    assert found(make_lines(make_attendant("main", flows=(night,)), on={1: "main"})) == []


def test_an_operator_outside_is_told_once_however_many_keys_lead_there(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    keys = (make_option("0", action="operator"), make_option("9", action="operator"))
    (finding,) = found(make_lines(make_attendant("main", *keys, operator=f"number:{OUTSIDE}"), on={1: "main"}))
    assert finding.aspect == "Operator"


def test_nothing_is_said_where_numbers_were_not_read(make_lines: Lines, main: AutoAttendant) -> None:
    snapshot = make_lines(main, on={1: "main"})
    sources = {source: known for source, known in snapshot.state.sources.items() if source != "numbers"}
    evaluation = evaluate((RULE,), make_lines(main, on={1: "main"}, sources=sources))
    assert (evaluation.findings, [each.why for each in evaluation.skipped]) == ((), ["numbers are not read"])
    assert len(evaluate((RULE,), snapshot).findings) == 1
