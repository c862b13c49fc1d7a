"""What is told by the calendar."""

from __future__ import annotations

from collections.abc import Callable

from shared.alerting.compose import MAX_ITEMS
from shared.alerting.digest import digest, heartbeat
from shared.model.alert import Alert
from shared.model.finding import Finding

MakeFinding = Callable[..., Finding]
MakeAlert = Callable[..., Alert]


def alerts(make_alert: MakeAlert, *findings: Finding) -> dict[str, Alert]:
    return {finding.key: make_alert(finding) for finding in findings}


def test_a_digest_tells_hints_and_counts_what_was_told_already(
    make_finding: MakeFinding, make_alert: MakeAlert
) -> None:
    open_now = alerts(
        make_alert,
        make_finding("margin", "tenant", "info"),
        make_finding("unused", 1, "info", name="CQ Oslo"),
        make_finding("unlicensed", 2),
    )
    message = digest("teams", open_now, tenant="t", facts=(("Owned", "85"),))
    assert (message.kind, message.group, message.severity) == ("digest", "teams", "info")
    assert message.headline == "The week: 2 hints; 1 finding told already"
    (section,) = message.sections
    assert {item.rule for item in section.items} == {"margin", "unused"}
    assert message.facts == (("Owned", "85"),)


def test_a_week_without_hints_says_so() -> None:
    message = digest("teams", {}, tenant="t")
    assert (message.headline, message.sections) == ("The week: No hints", ())


def test_a_digest_names_as_many_as_a_card_holds_and_counts_the_rest(
    make_finding: MakeFinding, make_alert: MakeAlert
) -> None:
    many = alerts(make_alert, *(make_finding("unused", number, "info") for number in range(50)))
    (section,) = digest("teams", many, tenant="t").sections
    assert (len(section.items), section.total) == (MAX_ITEMS, 50)


def test_a_heartbeat_is_one_line_with_what_is_open(make_finding: MakeFinding, make_alert: MakeAlert) -> None:
    open_now = alerts(make_alert, make_finding("a"), make_finding("b", 2, "warning"), make_finding("c", 3, "warning"))
    message = heartbeat("teams", open_now, tenant="t")
    assert message.headline == "Linekeeper is watching: 1 critical, 2 warning"
    assert heartbeat("teams", {}, tenant="t").headline == "Linekeeper is watching: nothing is open"
