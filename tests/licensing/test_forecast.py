"""What the ledger says under assumptions, and which assumptions are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from shared.licensing import plans
from shared.licensing.forecast import Assumptions, Change, Forecast, SeatChange, forecast, without_subscription
from shared.licensing.policy import CURRENT, POLICIES, PolicyOverrides
from shared.model.errors import LinekeeperError
from shared.model.licences import CommerceSubscription, Sku

E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
SHARED_DEVICES = "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff"
PHONE_MOBILE = "b84d58c9-0a0d-46cf-8a4b-d9f23c1674d5"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
POLICY_OF_2020 = POLICIES["2019-07-virtual-user"]
DAY = date(2027, 3, 31)

MakeSku = Callable[..., Sku]


@pytest.fixture
def e5(make_sku: MakeSku) -> Callable[..., Sku]:
    def make(enabled: int, **changed: object) -> Sku:
        return make_sku(E5, plans.MCOEV, enabled=enabled, part_number="SPE_E5", **changed)

    return make


@pytest.fixture
def owned(make_resource_account_sku: MakeSku) -> Callable[..., Sku]:
    def make(units: int, **changed: object) -> Sku:
        return make_resource_account_sku(units, part_number="PHONESYSTEM_VIRTUALUSER", **changed)

    return make


def subscription(
    name: str, sku_id: str, total: int, *, ends: date | None = DAY, **changed: object
) -> CommerceSubscription:
    end = datetime(ends.year, ends.month, ends.day, 12, tzinfo=UTC) if ends else None
    values = {"id": name, "sku_id": sku_id, "total": total, "next_lifecycle": end, **changed}
    return msgspec.convert(values, CommerceSubscription)


def what_if(
    *skus: Sku,
    needed: int = 0,
    subscriptions: tuple[CommerceSubscription, ...] | None = (),
    seats: tuple[tuple[str | None, int], ...] = (),
    accounts: int = 0,
    on: date | None = None,
) -> Forecast:
    changes = tuple(SeatChange(sku=sku, by=by) for sku, by in seats)
    return forecast(CURRENT, skus, subscriptions, needed, Assumptions(seats=changes, accounts=accounts, on=on))


def refusal(*skus: Sku, **assumed: object) -> str:
    with pytest.raises(LinekeeperError) as raised:
        what_if(*skus, **assumed)  # type: ignore[arg-type]
    return str(raised.value)


def test_story_2_a_renewal_with_400_seats_fewer_takes_the_allocation_from_148_to_108_and_17_must_be_paid(
    e5: MakeSku, owned: MakeSku
) -> None:
    found = what_if(e5(1230), owned(125), needed=125, seats=(("SPE_E5", -400),))
    assert (found.today.entitled, found.today.paid, found.today.seats_to_lose) == (148, 0, 230)
    assert (found.then.qualifying, found.then.entitled, found.then.paid, found.then.to_buy) == (830, 108, 17, 0)


def test_story_2_where_the_licences_were_not_ordered_17_must_be_bought(e5: MakeSku, owned: MakeSku) -> None:
    found = what_if(e5(1230), owned(108), needed=125, seats=((None, -400),))
    assert (found.then.entitled, found.then.paid, found.then.to_buy) == (108, 0, 17)


def test_story_2_the_cut_costs_nothing_down_to_1000_seats(e5: MakeSku, owned: MakeSku) -> None:
    harmless = what_if(e5(1230), owned(125), needed=125, seats=((None, -230),))
    harmful = what_if(e5(1230), owned(125), needed=125, seats=((None, -231),))
    assert (harmless.then.qualifying, harmless.then.paid, harmful.then.paid) == (1000, 0, 1)


def test_story_21_free_licences_that_were_never_ordered_stay_35_and_25_more_accounts_cost_nothing(
    e5: MakeSku, owned: MakeSku
) -> None:
    found = what_if(e5(600), owned(25), needed=60, accounts=25)
    assert (found.today.entitled, found.today.free_to_claim) == (85, 35)
    assert (found.then.free_to_claim, found.then.to_buy) == (60, 0)
    assert what_if(e5(600), owned(25), needed=60, accounts=26).then.to_buy == 1


def test_story_26_of_60_further_queues_42_are_free_and_18_payable(e5: MakeSku, owned: MakeSku) -> None:
    found = what_if(e5(1230), owned(106), needed=106, accounts=60)
    assert (found.then.entitled, found.then.needed, found.then.free_to_claim, found.then.to_buy) == (148, 166, 42, 18)
    assert found.changes == (Change(kind="accounts", by=60, why="assumed accounts, which each need a licence"),)


def test_g5_50_seats_more_make_the_five_missing_licences_free(e5: MakeSku, owned: MakeSku, make_sku: MakeSku) -> None:
    devices = make_sku(SHARED_DEVICES, plans.MCOEV, enabled=100, part_number="MCOCAP")
    found = what_if(e5(500), devices, owned(85), needed=90, seats=((None, 50),))
    assert (found.today.to_buy, found.then.to_buy, found.then.free_to_claim) == (5, 0, 5)


def test_pooled_seats_belong_to_no_sku(e5: MakeSku) -> None:
    found = what_if(e5(100), seats=((None, 50), (None, -10)))
    assert found.then.by_sku == found.today.by_sku
    assert found.changes == (Change(kind="seats", by=40, why="assumed qualifying seats, whatever their SKU"),)


def test_a_sku_is_named_by_part_number_in_any_case_or_by_id_in_any_spelling(e5: MakeSku) -> None:
    by_name = what_if(e5(100), seats=(("spe_e5", 10),))
    by_id = what_if(e5(100), seats=((E5.upper(), 10),))
    in_braces = what_if(e5(100), seats=(("{" + E5 + "}", 10),))
    assert by_name == by_id == in_braces
    assert by_name.then.qualifying == 110
    assert by_name.changes == (
        Change(
            kind="seats",
            by=10,
            why="assumed seats, which count towards the allocation",
            sku_id=E5,
            part_number="SPE_E5",
        ),
    )


def test_seats_of_the_resource_account_licence_change_what_is_owned(e5: MakeSku, owned: MakeSku) -> None:
    found = what_if(e5(600), owned(85), needed=90, seats=(("PHONESYSTEM_VIRTUALUSER", -5),))
    assert (found.then.owned, found.then.entitled) == (80, 85)
    assert found.changes[0].why == "assumed licences, which change what is owned"


def test_a_published_sku_that_the_tenant_lacks_may_be_added_as_what_it_is(e5: MakeSku) -> None:
    found = what_if(e5(100), seats=(("MCOEV", 20), ("PHONESYSTEM_VIRTUALUSER", 3), (PHONE_MOBILE, 500)))
    assert (found.then.qualifying, found.then.owned) == (120, 3)
    assert {row.part_number: row.counted for row in found.then.by_sku} == {
        "SPE_E5": 100,
        "MCOEV": 20,
        "PHONESYSTEM_VIRTUALUSER": 0,
        "Operator_Connect_Mobile": 0,
    }
    whys = {change.part_number: change.why for change in found.changes}
    assert whys["Operator_Connect_Mobile"] == "assumed seats, which do not count towards the allocation"


def test_what_a_policy_does_not_count_adds_nothing(make_sku: MakeSku) -> None:
    devices = make_sku(SHARED_DEVICES, plans.MCOEV, enabled=100, part_number="MCOCAP")
    assumed = Assumptions(seats=(SeatChange(sku="MCOCAP", by=100),))
    assert forecast(POLICY_OF_2020, [devices], (), 0, assumed).then.qualifying == 0
    assert forecast(CURRENT, [devices], (), 0, assumed).then.qualifying == 200


def test_what_a_site_decided_otherwise_holds_in_the_forecast_too(e5: MakeSku) -> None:
    policy = PolicyOverrides(base=5).applied_to(CURRENT)
    then = forecast(policy, [e5(100)], (), 0, Assumptions(seats=(SeatChange(by=10),))).then
    assert (then.entitled, then.overrides) == (16, policy.overrides)


def test_changes_of_one_sku_that_cancel_out_leave_no_trace_even_of_a_sku_that_the_tenant_lacks(e5: MakeSku) -> None:
    found = what_if(e5(100), seats=(("MCOEV", 10), (PHONE_STANDARD, -10), (None, 5), (None, -5)))
    assert found.then == found.today
    assert found.changes == ()


def test_more_seats_than_a_sku_has_cannot_go(e5: MakeSku) -> None:
    assert refusal(e5(100), seats=(("SPE_E5", -101),)) == "101 seats of SPE_E5 cannot go: there are 100."
    assert what_if(e5(100), seats=(("SPE_E5", -100),)).then.entitled == 0


def test_seats_of_a_sku_that_the_tenant_lacks_cannot_go(e5: MakeSku) -> None:
    assert refusal(e5(100), seats=(("MCOEV", -1),)) == "1 seat of MCOEV cannot go: there are none."


def test_more_seats_than_qualify_cannot_go(e5: MakeSku) -> None:
    assert refusal(e5(600), seats=((None, -601),)) == "601 qualifying seats cannot go: there are 600."
    assert refusal(seats=((None, -1),)) == "1 qualifying seat cannot go: there are none."
    assert what_if(e5(600), seats=((None, -601), ("SPE_E5", 1))).then.qualifying == 0


def test_units_in_their_grace_period_are_none_that_can_go(e5: MakeSku) -> None:
    assert refusal(e5(0, warning=50), seats=(("SPE_E5", -1),)) == "1 seat of SPE_E5 cannot go: there are none."


def test_a_part_number_of_two_skus_is_refused_with_both_ids(make_sku: MakeSku, make_guid: Callable[[int], str]) -> None:
    twins = [make_sku(number, plans.MCOEV, enabled=5, part_number="MCOPSTN5") for number in (8, 7)]
    said = refusal(*twins, seats=(("mcopstn5", 1),))
    assert said.endswith(f"give the id of one: {make_guid(7)}, {make_guid(8)}.")
    assert what_if(*twins, seats=((make_guid(7), 1),)).then.qualifying == 11


def test_an_unknown_name_is_refused_with_the_nearest_right_one(e5: MakeSku) -> None:
    assert refusal(e5(1), seats=(("SPEE5", 1),)) == "no SKU is called 'SPEE5'; did you mean SPE_E5?"
    assert refusal(e5(1), seats=(("mcovee", 1),)).endswith("did you mean MCOEV?")


def test_an_unknown_name_that_is_near_to_nothing_is_refused_with_what_the_tenant_has(
    e5: MakeSku, make_sku: MakeSku
) -> None:
    irrelevant = make_sku(9, "0feaeb32-d00e-4d66-bd5a-43b5b83db82c", enabled=5, part_number="VISIO")
    assert refusal(e5(1), irrelevant, seats=(("quux", 1),)).endswith("; the tenant's phone licences are SPE_E5.")
    assert refusal(seats=(("quux", 1),)) == "no SKU is called 'quux' in the tenant or in the catalogue."


def test_accounts_can_only_be_added() -> None:
    assert "fewer than none" in refusal(accounts=-1)


def test_a_subscription_that_ends_takes_its_seats_along(e5: MakeSku, owned: MakeSku) -> None:
    ending = subscription("big", E5, 400)
    found = what_if(
        e5(1230), owned(125), needed=125, subscriptions=(ending, subscription("rest", E5, 830, ends=None)), on=DAY
    )
    assert (found.then.entitled, found.then.paid) == (108, 17)
    assert found.changes == (
        Change(
            kind="subscription",
            by=-400,
            why="its subscription ends on 2027-03-31, if it is not renewed",
            sku_id=E5,
            part_number="SPE_E5",
            subscription_id="big",
            ends=ending.next_lifecycle,
        ),
    )
    assert found.subscriptions == (subscription("rest", E5, 830, ends=None),)


def test_a_subscription_ends_within_its_day_and_not_before(e5: MakeSku) -> None:
    last = datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)
    for end, left in ((last, 0), (last + timedelta(seconds=1), 100)):
        ending = msgspec.structs.replace(subscription("one", E5, 100), next_lifecycle=end)
        assert what_if(e5(100), subscriptions=(ending,), on=DAY).then.qualifying == left


def test_a_day_is_that_of_utc_whatever_zone_an_end_is_written_in(e5: MakeSku) -> None:
    end = datetime.fromisoformat("2027-04-01T01:00:00+02:00")
    ending = msgspec.structs.replace(subscription("one", E5, 100), next_lifecycle=end)
    assert what_if(e5(100), subscriptions=(ending,), on=DAY).then.qualifying == 0


def test_a_subscription_in_its_grace_period_takes_what_is_in_grace(owned: MakeSku, e5: MakeSku) -> None:
    grace = subscription("grace", RESOURCE_ACCOUNT, 10, status="Warning")
    found = what_if(e5(600), owned(75, warning=10), subscriptions=(grace,), on=DAY)
    assert (found.today.owned, found.then.owned) == (85, 75)
    assert found.changes[0].why == "the grace period of its subscription ends on 2027-03-31, if it is not renewed"


@pytest.mark.parametrize("status", ["Suspended", "LockedOut", "Deleted"])
def test_a_subscription_whose_licences_have_left_takes_nothing_more(status: str, e5: MakeSku) -> None:
    gone = subscription("gone", E5, 50, status=status)
    found = what_if(e5(100), subscriptions=(gone,), on=DAY)
    assert found.then == found.today
    assert found.changes == ()


def test_a_trial_that_ends_changes_nothing_that_counted(e5: MakeSku) -> None:
    trial = subscription("trial", E5, 25, is_trial=True)
    found = what_if(e5(125), subscriptions=(trial, subscription("paid", E5, 100, ends=None)), on=DAY)
    assert (found.today.qualifying, found.then.qualifying) == (100, 100)
    assert found.skus[0].enabled == 100
    assert found.changes[0].why == "its trial ends on 2027-03-31, if it is not renewed"


def test_a_sku_that_names_its_subscriptions_loses_by_those_alone(e5: MakeSku) -> None:
    mine, other = subscription("mine", E5, 30), subscription("other", E5, 50)
    skus, left = without_subscription([e5(100, subscription_ids=("mine",))], [mine, other], "other")
    assert (skus[0].enabled, left) == (100, (mine,))
    assert without_subscription(skus, left, "mine")[0][0].enabled == 70


def test_what_is_not_there_cannot_leave(e5: MakeSku) -> None:
    skus, left = without_subscription([e5(10, warning=5)], [subscription("big", E5, 400)], "big")
    assert (skus[0].enabled, skus[0].warning, left) == (0, 5, ())


def test_a_subscription_that_nobody_knows_ends_nothing(e5: MakeSku) -> None:
    skus, subscriptions = (e5(10),), (subscription("one", E5, 10),)
    assert without_subscription(skus, subscriptions, "two") == (skus, subscriptions)


def test_seats_change_before_subscriptions_end(e5: MakeSku) -> None:
    ending = subscription("one", E5, 100)
    assert what_if(e5(100), subscriptions=(ending,), seats=(("SPE_E5", 40),), on=DAY).then.qualifying == 40
    assert what_if(e5(100), subscriptions=(ending,), seats=(("SPE_E5", -40),), on=DAY).then.qualifying == 0
    assert what_if(e5(100), subscriptions=(ending,), seats=((None, -40),), on=DAY).then.qualifying == 0


def test_subscriptions_of_what_is_no_phone_licence_are_not_among_the_changes(e5: MakeSku, make_sku: MakeSku) -> None:
    visio = make_sku(9, "0feaeb32-d00e-4d66-bd5a-43b5b83db82c", enabled=5, part_number="VISIO")
    found = what_if(e5(100), visio, subscriptions=(subscription("v", visio.id, 5),), on=DAY)
    assert found.changes == ()
    assert [sku.enabled for sku in found.skus] == [100, 0]


def test_a_day_cannot_be_looked_at_where_subscriptions_may_not_be_read(e5: MakeSku) -> None:
    said = refusal(e5(100), subscriptions=None, on=DAY)
    assert "Organization.Read.All" in said
    assert what_if(e5(100), subscriptions=None, seats=((None, 10),)).then.qualifying == 110


def test_a_trial_larger_than_what_is_enabled_of_it_adds_nothing_by_ending_where_grace_units_count(e5: MakeSku) -> None:
    policy = PolicyOverrides(counts_grace=True).applied_to(CURRENT)
    skus, trial = [e5(10, warning=50)], subscription("trial", E5, 25, is_trial=True)
    found = forecast(policy, skus, [trial], 0, Assumptions(on=DAY))
    assert (found.today.qualifying, found.then.qualifying) == (35, 35)
    assert (found.skus[0].enabled, found.skus[0].warning) == (0, 35)


def test_the_order_in_which_graph_lists_subscriptions_does_not_matter(e5: MakeSku) -> None:
    trial, paid = subscription("a", E5, 25, is_trial=True), subscription("b", E5, 10)
    one, other = (
        what_if(e5(10, warning=50), subscriptions=listed, on=DAY) for listed in ((trial, paid), (paid, trial))
    )
    assert one == other
