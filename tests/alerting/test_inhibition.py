"""What hides what: the cause is told, and money never hides an outage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.alerting.inhibition import inhibited
from shared.model.alert import Alert
from shared.model.finding import Finding

SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
OTHER_SKU = "0e142028-345e-45da-8d92-8bfd4093bbb9"

MakeFinding = Callable[..., Finding]
MakeAlert = Callable[..., Alert]


def firing(make_alert: MakeAlert, *findings: Finding) -> dict[str, Alert]:
    return {finding.key: make_alert(finding) for finding in findings}


@pytest.mark.parametrize(("state", "hides"), [("Suspended", True), ("LockedOut", True), ("Warning", False)])
def test_a_licence_that_no_longer_works_hides_the_accounts_that_hold_it(
    make_finding: MakeFinding,
    make_alert: MakeAlert,
    state: str,
    hides: bool,  # noqa: FBT001
) -> None:
    cause = make_finding("licence-subscription-suspended", SKU, evidence={"state": state})
    account = make_finding("resource-account-plan-unusable", 1, evidence={"licences": [SKU]})
    hidden = inhibited(firing(make_alert, cause, account))
    assert hidden == ({account.key: cause.key} if hides else {})


def test_accounts_that_hold_another_licence_are_not_hidden(make_finding: MakeFinding, make_alert: MakeAlert) -> None:
    cause = make_finding("licence-subscription-suspended", SKU, evidence={"state": "Suspended"})
    account = make_finding("resource-account-plan-unusable", 1, evidence={"licences": [OTHER_SKU]})
    assert inhibited(firing(make_alert, cause, account)) == {}


def test_a_deleted_account_under_its_number_hides_references_to_it(
    make_finding: MakeFinding, make_alert: MakeAlert
) -> None:
    cause = make_finding("resource-account-deleted-with-number", "gone")
    reference = make_finding("voice-app-target-missing", "app", evidence={"target": "gone"}, aspect="Operator")
    another = make_finding("voice-app-target-missing", "app", evidence={"target": "else"}, aspect="TimeoutAction")
    assert inhibited(firing(make_alert, cause, reference, another)) == {reference.key: cause.key}


@pytest.mark.parametrize("rule", ["allocation-exceeded", "allocation-short", "source-stale", "permission-missing"])
def test_neither_money_nor_blindness_hides_an_outage(
    make_finding: MakeFinding, make_alert: MakeAlert, rule: str
) -> None:
    outage = make_finding("resource-account-unlicensed", 1)
    assert inhibited(firing(make_alert, make_finding(rule, "accounts"), outage)) == {}


def test_what_has_ended_hides_nothing(make_finding: MakeFinding, make_alert: MakeAlert) -> None:
    cause = make_finding("resource-account-deleted-with-number", "gone")
    reference = make_finding("voice-app-target-missing", "app", evidence={"target": "gone"})
    alerts = firing(make_alert, reference)
    alerts[cause.key] = make_alert(cause, lasted=timedelta(minutes=1))
    assert inhibited(alerts) == {}
