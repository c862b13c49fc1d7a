"""A tenant full of values that should never come: what Graph is not known to send, and what a reader must survive.

Underneath it is an ordinary small tenant, so that an audit of it has an answer: 100 E5 and 30 Shared Devices count, and
12 lines need a licence. Each odd SKU has a part number that says what is odd.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import UNSET

from simulator.directory import SimulatedTenant
from simulator.journal import Clock
from simulator.products import (
    DOMESTIC_CALLING_PLAN,
    E5,
    PHONE,
    PHONE_STANDARD,
    RESOURCE_ACCOUNT,
    SHARED_DEVICES,
    TEAMS,
    Product,
)
from simulator.recipes import Line, Purchase, Recipe, account_id, build
from simulator.records import ServicePlan

_RIGHT_TO_LEFT = "\u202e"
_NO_BREAK = "\u00a0"
_LONGEST_NAME = 256
_HELD_BY_ONE = 40
_WITH_ITS_LICENCE = (RESOURCE_ACCOUNT,)
_PLAN_NAME = "servicePlanName"

HOARDER: Final = "AA Hoarder"

MARKUP: Final = "AA <script>alert('1')</script> & \"Sons\""
LINES_AND_TABS: Final = "CQ First line\nSecond line\tand a tab"
MARKDOWN: Final = "CQ **Bold** [link](https://example.com) `code` | cell"
BACKWARDS: Final = f"AA {_RIGHT_TO_LEFT}selaS{_NO_BREAK}"
TEMPLATE: Final = "CQ {{name}} ${jndi} %s {0}"
SPREADSHEET: Final = "=HYPERLINK('https://example.com')"
LONG: Final = "AA " + "Very Long Name " * 16
CONTROL: Final = "CQ Bell\u0007 and\u0000nothing"

HOSTILE: Final = Recipe(
    tenant_id="8edd7ecb-baac-4a7f-8dfd-db8ced9a7b88",
    name="hostile",
    country="US",
    purchases=(
        Purchase(E5, 100),
        Purchase(RESOURCE_ACCOUNT, 20),
        Purchase(PHONE_STANDARD, 15),
        Purchase(SHARED_DEVICES, 30, days_left=10),
    ),
    lines=(
        Line(MARKUP, _WITH_ITS_LICENCE, "+16175550100"),
        Line(LINES_AND_TABS, _WITH_ITS_LICENCE),
        Line(MARKDOWN),
        Line(BACKWARDS, _WITH_ITS_LICENCE, "+16175550101"),
        Line(TEMPLATE, (), "+16175550102"),
        Line(SPREADSHEET, _WITH_ITS_LICENCE),
        Line(LONG[:_LONGEST_NAME], _WITH_ITS_LICENCE),
        Line(CONTROL, (PHONE_STANDARD,)),
        Line(HOARDER, _WITH_ITS_LICENCE, "+16175550103"),
        Line("AA Upper Case", _WITH_ITS_LICENCE),
        Line("AA Failed Assignment", _WITH_ITS_LICENCE, "+16175550104"),
        Line("CQ No Country", _WITH_ITS_LICENCE, "+16175550105"),
    ),
    people=((E5, 6),),
)

MISPRINTED: Final[Mapping[str, Mapping[str, Any]]] = {
    "NULL_UNITS": {"prepaidUnits": None},
    "NO_UNITS": {"prepaidUnits": UNSET},
    "EMPTY_UNITS": {"prepaidUnits": {}},
    "NULLS_IN_UNITS": {"prepaidUnits": {"enabled": None, "warning": None, "suspended": None, "lockedOut": None}},
    "NEGATIVE_UNITS": {"prepaidUnits": {"enabled": -5, "warning": -1, "suspended": 0, "lockedOut": 0}},
    "NULL_CONSUMED": {"consumedUnits": None},
    "NO_CONSUMED": {"consumedUnits": UNSET},
    "NEGATIVE_CONSUMED": {"consumedUnits": -3},
    "NULL_PLANS": {"servicePlans": None},
    "NAMELESS_PLANS": {
        "servicePlans": [
            {"servicePlanId": PHONE.id, _PLAN_NAME: None, "provisioningStatus": "Success", "appliesTo": "User"},
            {"servicePlanId": TEAMS.id, "provisioningStatus": "Success", "appliesTo": "User"},
        ]
    },
    "NULL_NAMES": {"skuPartNumber": None, "appliesTo": None, "capabilityStatus": None, "accountName": None},
    "COMPANY_WIDE": {"appliesTo": "Company"},
    "UNHEARD_OF_STATE": {"capabilityStatus": "Hibernating"},
    "NULL_SUBSCRIPTIONS": {"subscriptionIds": None},
}
"""SKUs of ten units with the plan of Teams Phone, under part numbers that say what is printed wrong."""

UNKNOWN_PHONE_PLAN: Final = ServicePlan(
    "0c0ffee0-5eed-4bad-8ace-0ddba11f00d5", "MCOEV_SOMETHING", "MicrosoftCommunicationsOnline"
)


def hostile(clock: Clock) -> SimulatedTenant:
    """The tenant, with every oddity in it."""
    tenant = build(HOSTILE, clock)
    now = clock().replace(microsecond=0)
    for part_number, values in MISPRINTED.items():
        _buy(tenant, part_number, PHONE, now)
        tenant.misprint(sku_id(part_number), **values)
    _buy(tenant, "MYSTERY_PHONE", UNKNOWN_PHONE_PLAN, now)
    _misprint_ids(tenant)
    _misprint_purchases(tenant)
    _spoil_accounts(tenant, now)
    tenant.set_sku_status(PHONE_STANDARD.sku_id, "LockedOut")
    tenant.journal.settle()
    return tenant


def sku_id(part_number: str) -> str:
    """The id of a SKU that exists in this tenant alone."""
    return str(uuid.uuid5(uuid.UUID(HOSTILE.tenant_id), f"sku {part_number}"))


def _buy(tenant: SimulatedTenant, part_number: str, plan: ServicePlan, now: datetime) -> Product:
    product = Product(sku_id(part_number), part_number, (plan,))
    tenant.add_sku(*product, 10, created=now - timedelta(days=90), next_lifecycle=now + timedelta(days=200))
    return product


def _misprint_ids(tenant: SimulatedTenant) -> None:
    """GUIDs in upper case and with no-break spaces, on the SKUs that count most."""
    for product in (E5, RESOURCE_ACCOUNT):
        shouted = f"{_NO_BREAK}{product.sku_id.upper()}{_NO_BREAK}"
        plans = [
            {
                "servicePlanId": f"{plan.id.upper()}{_NO_BREAK}",
                _PLAN_NAME: f"{plan.name}{_NO_BREAK}",
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
            for plan in product.plans
        ]
        tenant.misprint(
            product.sku_id, skuId=shouted, skuPartNumber=f"\t{product.part_number}{_NO_BREAK}", servicePlans=plans
        )
        for purchase in tenant.purchases.values():
            if purchase.sku_id == product.sku_id:
                tenant.misprint(product.sku_id, subscriptionIds=[purchase.id.upper()])
                tenant.misprint(purchase.id, skuId=shouted)


def _misprint_purchases(tenant: SimulatedTenant) -> None:
    by_sku = {purchase.sku_id: purchase.id for purchase in tenant.purchases.values()}
    tenant.misprint(by_sku[sku_id("NULL_UNITS")], totalLicenses=None, status=None, isTrial=None)
    tenant.misprint(by_sku[sku_id("NO_UNITS")], totalLicenses=UNSET, status=UNSET, isTrial=UNSET, skuId=UNSET)
    tenant.misprint(by_sku[sku_id("NEGATIVE_UNITS")], totalLicenses=-5, nextLifecycleDateTime=None)
    # A trial of more licences than the SKU has: what is left to count must not fall below nothing.
    tenant.misprint(by_sku[sku_id("NULL_PLANS")], totalLicenses=500, isTrial=True)


def _spoil_accounts(tenant: SimulatedTenant, now: datetime) -> None:
    hoarder = account_id(HOSTILE, HOARDER)
    tenant.add_sku(*DOMESTIC_CALLING_PLAN, 10, created=now - timedelta(days=90))
    tenant.assign_license(hoarder, DOMESTIC_CALLING_PLAN.sku_id)
    for number in range(_HELD_BY_ONE - len(tenant.users[hoarder].assigned_licenses)):
        plan = ServicePlan(sku_id(f"plan {number}"), f"ADD_ON_PLAN_{number}", "exchange")
        tenant.assign_license(hoarder, _buy(tenant, f"ADD_ON_{number}", plan, now).sku_id)
    upper = account_id(HOSTILE, "AA Upper Case")
    shouted = [{"skuId": each.sku_id.upper()} for each in tenant.users[upper].assigned_licenses]
    tenant.set_property(upper, "assignedLicenses", shouted)
    failed = account_id(HOSTILE, "AA Failed Assignment")
    [state] = tenant.users[failed].license_assignment_states
    tenant.set_property(
        failed,
        "licenseAssignmentStates",
        [{"skuId": state.sku_id, "lastUpdatedDateTime": now, "state": "Perplexed", "error": "NobodyKnows"}],
    )
    nowhere = account_id(HOSTILE, "CQ No Country")
    tenant.set_property(nowhere, "usageLocation", None)
    tenant.set_number("+16175550105", "isoCountryCode", None)
    tenant.acquire_number("+16175550106")
    tenant.set_number("+16175550106", "assignmentTargetId", "not a guid")
