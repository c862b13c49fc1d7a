"""What Teams could not set up: whose it is, how bad it is, and what is no failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.finding import Finding
from shared.model.voice import (
    ApplicationInstance,
    AssociationStatus,
    AutoAttendant,
    CallQueue,
    ProvisioningStatus,
)
from shared.rules.snapshot import Snapshot
from shared.rules.voice_app_provisioning_failed import RULE
from simulator.contoso import user_id
from simulator.directory import SimulatedTenant

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Guids = Callable[[int], str]
Read = Callable[[SimulatedTenant], Snapshot]

NUMBER = "+14255550100"
FAILED = ProvisioningStatus(kind="SipProvisioning", status="error", message="The number is not routable.")


def found(snapshot: Snapshot) -> list[Finding]:
    return list(RULE.check(snapshot))


def test_all_of_contoso_could_be_set_up(tenant: SimulatedTenant, as_read: Read) -> None:
    assert found(as_read(tenant)) == []


def test_an_account_of_contoso_that_could_not_be_associated_is_told_of_its_app(
    tenant: SimulatedTenant, as_read: Read
) -> None:
    account = user_id("AA Main Line Milan")
    tenant.voice.fail_provisioning(account, "Timed out.")
    (finding,) = found(as_read(tenant))
    assert (finding.severity, finding.subject.name) == ("critical", "AA Main Line Milan")
    assert finding.aspect == f"AssociationStatus[{account}][sipprovisioning]"
    assert "Teams could not associate AA Main Line Milan: calls through this account fail (Timed out)." in (
        finding.summary
    )


@pytest.mark.parametrize("status", ["success", "pending", "unknown"])
def test_what_is_set_up_or_pending_or_not_known_is_no_failure(
    make_lines: Lines, make_attendant: Attendants, make_guid: Guids, status: str
) -> None:
    known = ProvisioningStatus(kind="SipProvisioning", status=status)  # type: ignore[arg-type]
    main = make_attendant("main", statuses=(known,))
    statuses = (AssociationStatus(account=make_guid(1), status=known),)
    assert found(make_lines(main, on={1: "main"}, said={"statuses": statuses})) == []


def test_an_attendant_whose_calls_could_not_be_set_up_is_critical(
    make_lines: Lines, make_attendant: Attendants
) -> None:
    main = make_attendant("main", statuses=(FAILED,))
    (finding,) = found(make_lines(main, on={1: "main"}, numbers={1: NUMBER}))
    assert (finding.severity, finding.subject.id, finding.aspect) == ("critical", "main", "Status[sipprovisioning]")
    assert finding.summary == (
        "Teams could not set up SipProvisioning: calls to it fail (The number is not routable). "
        "Callers come by +1 425 555 0100 > Main line; 1 number and 0 other apps lead there."
    )
    assert finding.evidence["message"] == "The number is not routable."


@pytest.mark.parametrize("kind", ["AudioFile", "DialByNameVoiceResponses", ""])
def test_greetings_and_names_that_could_not_be_set_up_are_a_warning_each_kind_once(
    make_lines: Lines, make_attendant: Attendants, kind: str
) -> None:
    failed = tuple(ProvisioningStatus(kind=kind, status="error", message=each) for each in ("b", "a"))
    (finding,) = found(make_lines(make_attendant("main", statuses=failed), on={1: "main"}))
    assert (finding.severity, finding.aspect) == ("warning", f"Status[{kind.casefold()}]")
    assert (finding.evidence["message"], finding.evidence["failed"]) == ("a", 2)


def test_several_failures_of_an_attendant_are_told_apart(make_lines: Lines, make_attendant: Attendants) -> None:
    failed = (FAILED, ProvisioningStatus(kind="AudioFile", status="error"))
    main = make_attendant("main", statuses=failed)
    assert [each.severity for each in found(make_lines(main, on={1: "main"}))] == ["warning", "critical"]


def test_a_failed_association_is_told_of_the_account_where_it_stands_for_nothing(
    make_lines: Lines, make_queue: Queues, make_guid: Guids
) -> None:
    statuses = (AssociationStatus(account=make_guid(1), status=FAILED),)
    (finding,) = found(make_lines(make_queue("sales"), on={1: "gone"}, said={"statuses": statuses}))
    assert (finding.subject.kind, finding.subject.id) == ("resource_account", make_guid(1))
    assert finding.severity == "critical"
    assert finding.remedy.endswith("Teams admin center: Voice > Resource accounts > Account 1.")


def test_two_accounts_of_an_app_that_could_not_be_associated_are_told_apart(
    make_lines: Lines, make_queue: Queues, make_guid: Guids
) -> None:
    statuses = tuple(AssociationStatus(account=make_guid(each), status=FAILED) for each in (2, 1))
    findings = found(make_lines(make_queue("sales"), on={1: "sales", 2: "sales"}, said={"statuses": statuses}))
    assert [each.subject.id for each in findings] == ["sales", "sales"]
    assert len({each.key for each in findings}) == 2


@pytest.mark.parametrize("how", ["departed", "deleted in the export"])
def test_an_account_that_is_deleted_has_another_fault_than_its_association(
    make_lines: Lines, make_queue: Queues, make_guid: Guids, make_departed: Callable[..., object], how: str
) -> None:
    account = make_guid(1)
    said = {
        "statuses": (AssociationStatus(account=account, status=FAILED),),
        "instances": (ApplicationInstance(id=account, deleted=how != "departed"),),
    }
    departed = {account: make_departed(account)} if how == "departed" else {}
    assert found(make_lines(make_queue("sales"), said=said, departed=departed)) == []
    assert len(found(make_lines(make_queue("sales"), on={1: "sales"}, said=said))) == 1


def test_a_long_message_is_cut_and_put_on_one_line(make_lines: Lines, make_attendant: Attendants) -> None:
    failed = ProvisioningStatus(kind="AudioFile", status="error", message="no\n\u202efile " + "x" * 300)
    (finding,) = found(make_lines(make_attendant("main", statuses=(failed,)), on={1: "main"}))
    assert "(no file xxx" in finding.summary
    assert len(finding.summary) < 450
