"""Attendants and queues that no call can come to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.finding import Finding
from shared.model.voice import ApplicationInstance, AutoAttendant, CallFlow, CallHandling, CallQueue, MenuOption
from shared.rules.snapshot import Snapshot
from shared.rules.voice_app_unreachable import RULE
from simulator.contoso import user_id
from simulator.directory import SimulatedTenant

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]


def found(snapshot: Snapshot) -> list[Finding]:
    return list(RULE.check(snapshot))


def ids(snapshot: Snapshot) -> list[str]:
    return [each.subject.id for each in found(snapshot)]


def test_every_line_of_contoso_can_be_reached(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]
) -> None:
    assert found(as_read(tenant)) == []


def test_a_queue_of_contoso_whose_account_is_deleted_is_flagged_where_the_menu_leads_to_the_account(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]
) -> None:
    tenant.soft_delete(user_id("CQ Sales Seattle"))
    (finding,) = found(as_read(tenant))
    assert finding.subject.name == "CQ Sales Seattle"
    assert "(CQ Sales Seattle)" in finding.summary


def test_a_queue_of_contoso_whose_account_is_deleted_is_not_flagged_where_the_menu_leads_to_the_queue(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]
) -> None:
    tenant.soft_delete(user_id("CQ Customer Service Seattle"))
    assert found(as_read(tenant)) == []


def test_an_app_with_a_live_account_is_not_flagged_though_it_has_no_number(
    make_lines: Lines, make_queue: Queues
) -> None:
    assert found(make_lines(make_queue("sales"), on={1: "sales"})) == []


def test_an_app_without_an_account_that_a_menu_leads_to_is_not_flagged(
    make_lines: Lines, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    main = make_attendant("main", make_option("2", "app:sales"))
    assert found(make_lines(main, make_queue("sales"), on={1: "main"})) == []


def test_an_app_that_a_menu_leads_to_by_its_account_is_not_flagged(
    make_lines: Lines,
    make_attendant: Attendants,
    make_queue: Queues,
    make_option: Options,
    make_guid: Callable[[int], str],
) -> None:
    main = make_attendant("main", make_option("2", f"account:{make_guid(2)}"))
    assert found(make_lines(main, make_queue("sales"), on={1: "main", 2: "sales"})) == []


def test_an_app_that_only_a_flow_for_the_night_leads_to_is_not_flagged(
    make_lines: Lines, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    night = CallFlow(id="night", options=(make_option("1", "app:sales"),))
    handling = CallHandling(kind="after_hours", schedule="hours", flow="night")
    main = make_attendant("main", flows=(night,), handlings=(handling,))
    assert found(make_lines(main, make_queue("sales"), on={1: "main"})) == []


def test_an_app_that_nothing_leads_to_is_flagged(make_lines: Lines, make_queue: Queues) -> None:
    (finding,) = found(make_lines(make_queue("sales")))
    assert finding.severity == "warning"
    assert (finding.subject.kind, finding.subject.id, finding.subject.name) == ("voice_app", "sales", "Sales queue")
    assert finding.summary == (
        "No call can come here: no resource account stands for it, and no other attendant or queue sends calls to it."
    )
    assert finding.remedy.endswith("Teams admin center: Voice > Call queues > Sales queue.")


@pytest.mark.parametrize("handlings", [(), (CallHandling(kind="holiday", flow="night", enabled=False),)])
def test_an_app_that_only_flows_out_of_use_lead_to_is_flagged_as_dormant(
    make_lines: Lines,
    make_attendant: Attendants,
    make_queue: Queues,
    make_option: Options,
    handlings: tuple[CallHandling, ...],
) -> None:
    night = CallFlow(id="night", options=(make_option("1", "app:sales"),))
    main = make_attendant("main", flows=(night,), handlings=handlings)
    (finding,) = found(make_lines(main, make_queue("sales"), on={1: "main"}))
    assert finding.evidence["dormant"] is True
    assert "only call flows that no after-hours or holiday handling uses lead to it" in finding.summary


def test_an_app_whose_account_was_deleted_is_flagged_and_the_account_is_named(
    make_lines: Lines, make_queue: Queues, make_guid: Callable[[int], str], make_departed: Callable[..., object]
) -> None:
    account = make_guid(1)
    instance = ApplicationInstance(id=account, name="AA Sales", deleted=True)
    said = {"instances": (instance,)}
    queue = make_queue("sales", accounts=(account,))
    (finding,) = found(make_lines(queue, said=said, departed={account: make_departed(account)}))
    assert finding.summary == "No call can come here: its resource account is deleted, or is none any more (AA Sales)."
    assert finding.evidence["accounts"] == [account]


def test_apps_that_only_lead_to_each_other_are_flagged_both(make_lines: Lines, make_queue: Queues) -> None:
    snapshot = make_lines(make_queue("a", timeout="app:b"), make_queue("b", timeout="app:a"))
    assert ids(snapshot) == ["a", "b"]
    assert "only B queue would send calls to it" in found(snapshot)[0].summary


def test_an_app_that_leads_to_itself_alone_is_flagged(make_lines: Lines, make_queue: Queues) -> None:
    (finding,) = found(make_lines(make_queue("a", timeout="app:a")))
    assert "no other attendant or queue sends calls to it" in finding.summary


def test_the_apps_that_would_lead_there_are_counted_and_the_first_are_listed(
    make_lines: Lines, make_queue: Queues
) -> None:
    callers = [make_queue(f"q{number:02}", timeout="app:z") for number in range(30)]
    finding = next(each for each in found(make_lines(*callers, make_queue("z"))) if each.subject.id == "z")
    assert finding.evidence["apps"] == [f"q{number:02}" for number in range(20)]
    assert finding.evidence["app_count"] == 30
    assert "only Q00 queue and 29 more would send calls to it" in finding.summary


def test_nothing_is_said_where_no_export_was_read(make_lines: Lines, make_queue: Queues) -> None:
    assert found(make_lines(make_queue("sales"), sources={})) == []
