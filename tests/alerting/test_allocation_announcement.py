"""The announcement that the free allocation moved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from shared.alerting.allocation import allocation_changed, figures, qualifying_by_sku
from shared.licensing.counting import SkuCount
from shared.licensing.ledger import Allocation, from_totals
from shared.licensing.policy import CURRENT, PolicyOverrides
from shared.licensing.price import Price

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LINK = "https://learn.microsoft.com/rule"


def ledger(needed: int = 125, **counted: int) -> Allocation:
    """A ledger of SKUs by part number, with 125 licences owned and 120 assigned."""
    rows = tuple(
        SkuCount(sku_id=f"id of {name}", part_number=name, counted=units, why="") for name, units in counted.items()
    )
    return from_totals(CURRENT, qualifying=sum(counted.values()), owned=125, assigned=120, needed=needed, by_sku=rows)


def test_a_renewal_that_leaves_accounts_uncovered_is_a_warning_that_says_why() -> None:
    message = allocation_changed(148, ledger(SPE_E5=830), {"SPE_E5": 1230}, now=NOW, link=LINK)
    assert message.headline == "Free allocation fell from 148 to 108"
    assert message.severity == "warning"
    assert "SPE_E5 -400" in message.text
    assert message.text.endswith(
        "17 of 125 accounts are not covered free of charge (0 before); their licences would now have to be paid for."
    )
    assert (message.kind, message.link, message.as_of, message.sections) == ("announcement", LINK, NOW, ())


def test_a_cut_that_harms_nobody_is_a_notice() -> None:
    message = allocation_changed(148, ledger(SPE_E5=1000), {"SPE_E5": 1230}, now=NOW, link=LINK)
    assert (message.severity, message.headline) == ("info", "Free allocation fell from 148 to 125")
    assert "All 125 accounts that need a licence are covered free of charge." in message.text


def test_growth_is_a_notice_even_where_it_is_not_enough() -> None:
    message = allocation_changed(25, ledger(SPE_E5=100), {"SPE_E5": 1}, now=NOW, link=LINK)
    assert (message.severity, message.headline) == ("info", "Free allocation rose from 25 to 35")
    assert "90 of 125 accounts are not covered free of charge (100 before)" in message.text


def test_a_price_in_the_settings_turns_the_count_into_money() -> None:
    price = Price(licence=Decimal(8), currency="EUR")
    message = allocation_changed(148, ledger(SPE_E5=830), {"SPE_E5": 1230}, now=NOW, link=LINK, price=price)
    assert message.text.endswith("would now have to be paid for: 136.00 EUR a month.")


def test_a_policy_that_changed_without_any_licence_is_named() -> None:
    site = PolicyOverrides(base=30).applied_to(CURRENT)
    moved = from_totals(site, qualifying=10, owned=0, assigned=0, needed=0, by_sku=())
    message = allocation_changed(26, moved, {}, now=NOW, link=LINK)
    assert message.text.startswith("The policy changed: 2023-shared-devices, base = 30 instead of 25. ")


def test_every_sku_that_moved_is_named_and_no_other() -> None:
    after = ledger(SPE_E5=830, MCOCAP=100, MCOEV=50)
    message = allocation_changed(148, after, {"SPE_E5": 1230, "MCOEV": 50, "MCOEVSMB_1": 10}, now=NOW, link=LINK)
    assert "MCOCAP +100, MCOEVSMB_1 -10, SPE_E5 -400." in message.text
    assert "MCOEV " not in message.text


def test_the_four_numbers_are_shown_side_by_side() -> None:
    assert figures(ledger(SPE_E5=830)) == (
        ("Free allocation", "108"),
        ("Owned", "125"),
        ("Assigned", "120"),
        ("Needed", "125"),
    )


def test_an_allocation_that_rose_because_trials_can_no_longer_be_told_says_so() -> None:
    message = allocation_changed(25, ledger(SPE_E5=600), {"SPE_E5": 100}, now=NOW, link=LINK, unread=True)
    assert "Which of them are trials can no longer be read" in message.text


def test_where_a_site_decides_otherwise_than_the_policy_the_figures_say_so() -> None:
    site = PolicyOverrides(base=30).applied_to(CURRENT)
    shown = figures(from_totals(site, qualifying=10, owned=0, assigned=0, needed=0, by_sku=()))
    assert shown[-1] == ("Policy", "2023-shared-devices, base = 30 instead of 25")


def test_two_skus_with_one_part_number_are_added_up_and_uncounted_ones_left_out() -> None:
    rows = tuple(
        SkuCount(sku_id=str(number), part_number=name, counted=units, why="")
        for number, (name, units) in enumerate([("MCOPSTN5", 3), ("MCOPSTN5", 4), ("MEETING_ROOM", 0)])
    )
    summed = from_totals(CURRENT, qualifying=7, owned=0, assigned=0, needed=0, by_sku=rows)
    assert qualifying_by_sku(summed) == {"MCOPSTN5": 7}
