"""Graph's JSON as it really comes: units missing, null or negative, ids in any spelling, plans without names."""

from __future__ import annotations

import json
import uuid

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.wire import WireCommerceSubscription, WireSku, WireUser, guid
from shared.licensing.ledger import allocation
from shared.licensing.policy import CURRENT
from shared.model.licences import Sku

MICROSOFT_365_E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
MCOEV = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"


def read(**row: object) -> Sku:
    return msgspec.json.decode(json.dumps({"skuId": MICROSOFT_365_E5, **row}), type=WireSku).sku()


@pytest.mark.parametrize("units", [None, {}, {"enabled": None}, {"enabled": None, "warning": None, "lockedOut": None}])
def test_units_that_are_null_or_missing_are_none(units: object) -> None:
    sku = read(prepaidUnits=units, consumedUnits=None, servicePlans=[{"servicePlanId": MCOEV}])
    assert (sku.enabled, sku.warning, sku.suspended, sku.locked_out, sku.consumed) == (0, 0, 0, 0, 0)
    ledger = allocation(CURRENT, [sku], (), needed=0)
    assert (ledger.qualifying, ledger.by_sku[0].why) == (0, "includes Phone System")


def test_a_row_with_nothing_but_its_id_is_read() -> None:
    assert read() == Sku(id=MICROSOFT_365_E5)


def test_plans_without_names_are_read_and_plans_without_ids_are_left_out() -> None:
    sku = read(
        servicePlans=[
            {"servicePlanId": MCOEV, "servicePlanName": None},
            {"servicePlanName": "MCOEV"},
            {"servicePlanId": None},
        ]
    )
    assert [(plan.id, plan.name) for plan in sku.plans] == [(MCOEV, "")]


@given(st.uuids(), st.sampled_from(["", " ", "\u00a0", "\t"]), st.sampled_from(["{}", "()", ""]), st.booleans())
def test_a_guid_in_any_spelling_is_one_id(value: uuid.UUID, stray: str, around: str, upper: bool) -> None:  # noqa: FBT001
    spelled = f"{{{value}}}" if around == "{}" else value.hex if around == "()" else str(value)
    assert guid(stray + (spelled.upper() if upper else spelled) + stray) == str(value)


def test_what_is_no_guid_stays_what_it_is() -> None:
    assert guid(" Not-A-Guid ") == "not-a-guid"
    assert guid("") == ""


def test_skus_subscriptions_and_assigned_licences_meet_whatever_their_spelling() -> None:
    spelled = f"\u00a0{MICROSOFT_365_E5.upper()}\u00a0"
    subscription = msgspec.convert({"id": "{" + MCOEV.upper() + "}", "skuId": spelled}, WireCommerceSubscription)
    sku = read(skuId=spelled, subscriptionIds=[MCOEV.upper()], servicePlans=[{"servicePlanId": MCOEV.upper() + "\t"}])
    user = msgspec.convert({"id": MCOEV, "assignedLicenses": [{"skuId": spelled}]}, WireUser)
    licences = user.change().licences
    assert licences is not msgspec.UNSET
    assert sku.id == subscription.subscription().sku_id == licences[0].sku_id == MICROSOFT_365_E5
    assert sku.subscription_ids == (subscription.subscription().id,)
    assert sku.plan_ids == {MCOEV}


def test_an_account_may_hold_40_skus() -> None:
    rows = [{"skuId": str(uuid.UUID(int=number)), "disabledPlans": None} for number in range(40)]
    licences = msgspec.convert({"id": MCOEV, "assignedLicenses": rows}, WireUser).change().licences
    assert licences is not msgspec.UNSET
    assert len(licences) == 40
