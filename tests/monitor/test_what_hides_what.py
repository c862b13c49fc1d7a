"""What hides what, by the sentences of the rules' description and by what the rules themselves find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.alerting.muting import EXPLAINED
from shared.licensing.plans import MCOEV_VIRTUALUSER
from shared.licensing.policy import CURRENT
from shared.model.alert import Alert
from shared.model.directory import Account, AssignedPlan, Departed
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.sources import SOURCES, SourceState
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.model.voice import AutoAttendant, CallFlow, MenuOption, Target, VoiceExport
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.rules.catalogue import RULES
from simulator.contoso import RESOURCE_ACCOUNT

PROMPT = Timing(hold=1, pending={rule.id: timedelta(0) for rule in RULES})

MakeState = Callable[..., TenantState]


def judged(state: TenantState, now: datetime, *, minutes: int = 0) -> dict[tuple[str, str], Alert]:
    """The alerts by rule and subject, after a look."""
    occasion = Occasion(now=now + timedelta(minutes=minutes), policy=CURRENT, timing=PROMPT)
    alerts = evaluate(state, occasion).alerts.values()
    return {(alert.finding.rule, alert.finding.subject.id): alert for alert in alerts}


@pytest.fixture
def holders(
    make_state: MakeState,
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_resource_account_sku: Callable[..., Sku],
) -> Callable[[str], TenantState]:
    """Three accounts, two of them behind numbers, whose licences' plans are out of force, as their SKU is."""

    def of(status: str) -> TenantState:
        accounts = [
            make_account(number, RESOURCE_ACCOUNT, plans=(AssignedPlan(MCOEV_VIRTUALUSER, "Suspended"),))
            for number in (1, 2, 3)
        ]
        numbers = (make_number("+14255550101", 1), make_number("+14255550102", 2))
        return make_state(*accounts, skus=(make_resource_account_sku(5, 3, status=status),), numbers=numbers)

    return of


@pytest.mark.parametrize("status", ["Suspended", "LockedOut", "Deleted"])
def test_a_suspended_resource_account_sku_hides_the_accounts_plan_unusable(
    holders: Callable[[str], TenantState], now: datetime, make_guid: Callable[[int], str], status: str
) -> None:
    alerts = judged(holders(status), now)
    cause = alerts["licence-subscription-suspended", RESOURCE_ACCOUNT]
    assert cause.muted_by == ""
    for number in (1, 2, 3):
        hidden = alerts["resource-account-plan-unusable", make_guid(number)]
        assert (hidden.phase, hidden.muted_by) == ("firing", EXPLAINED + cause.finding.key)


@pytest.mark.parametrize("status", ["Enabled", "Warning"])
def test_one_in_its_grace_period_hides_nothing(
    holders: Callable[[str], TenantState], now: datetime, status: str
) -> None:
    unusable = [alert for (rule, _), alert in judged(holders(status), now).items() if rule.endswith("plan-unusable")]
    assert len(unusable) == 3
    assert {alert.muted_by for alert in unusable} == {""}


def test_of_what_has_one_cause_the_cause_alone_is_told(holders: Callable[[str], TenantState], now: datetime) -> None:
    state = holders("Suspended")
    for second in (0, 30, 60):
        at = now + timedelta(seconds=second)
        state = evaluate(state, Occasion(now=at, policy=CURRENT, timing=PROMPT))
    told = [item.rule for entry in state.outbox for section in entry.message.sections for item in section.items]
    assert "licence-subscription-suspended" in told
    assert "resource-account-plan-unusable" not in told


@pytest.fixture
def dangling(
    make_state: MakeState,
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_guid: Callable[[int], str],
    now: datetime,
) -> Callable[..., TenantState]:
    """An attendant whose menu leads to a deleted account, to which a number may lead as well."""

    def of(*, numbered: bool) -> TenantState:
        known = SourceState(state="complete", tried_at=now, complete_as_of=now)
        option = MenuOption(key="2", action="target", target=Target("account", make_guid(9)))
        attendant = AutoAttendant(id=make_guid(50), name="AA Main", default_flow=CallFlow(options=(option,)))
        return make_state(
            make_account(1),
            numbers=(make_number("+14255550109", 9),) if numbered else (),
            departed={make_guid(9): Departed(id=make_guid(9), name="CQ Sales", read_at=now)},
            sources=dict.fromkeys(SOURCES, known),
            voice=VoiceExport(
                exported_at=now,
                complete=True,
                attendants=(attendant,),
                queues=(),
                instances=(),
                associations=(),
                statuses=(),
            ),
        )

    return of


def test_a_deleted_account_hides_target_missing_for_references_to_it_where_its_number_is_told_of(
    dangling: Callable[..., TenantState], now: datetime, make_guid: Callable[[int], str]
) -> None:
    alerts = judged(dangling(numbered=True), now)
    cause = alerts["resource-account-deleted-with-number", make_guid(9)]
    hidden = alerts["voice-app-target-missing", make_guid(50)]
    assert hidden.muted_by == EXPLAINED + cause.finding.key
    alone = judged(dangling(numbered=False), now)
    assert ("resource-account-deleted-with-number", make_guid(9)) not in alone
    assert alone["voice-app-target-missing", make_guid(50)].muted_by == ""


def test_money_never_hides_an_outage(  # noqa: PLR0917 - builders
    make_state: MakeState,
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_resource_account_sku: Callable[..., Sku],
    make_guid: Callable[[int], str],
    now: datetime,
) -> None:
    accounts = [make_account(number) for number in range(1, 60)]
    skus = (make_resource_account_sku(40, 0),)
    alerts = judged(make_state(*accounts, skus=skus, numbers=(make_number("+14255550101", 1),)), now)
    assert {"allocation-exceeded", "allocation-short"} <= {rule for rule, _ in alerts}
    outage = alerts["resource-account-unlicensed", make_guid(1)]
    assert (outage.finding.severity, outage.muted_by) == ("critical", "")
    assert {alert.muted_by for alert in alerts.values()} == {""}
