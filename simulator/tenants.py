"""The tenants that the simulator can serve, by name: one for every kind of organisation that licences differ by.

Names are invented, ids are derived from them, and telephone numbers come from ranges kept free for fiction. Every
tenant is small enough to be read through; but for the one without telephones, each has something that an audit finds.
"""

import difflib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from simulator.contoso import contoso
from simulator.directory import SimulatedTenant
from simulator.hostile import hostile
from simulator.journal import Clock, utc_now
from simulator.products import (
    A5_FACULTY,
    A5_STUDENT,
    E3,
    E5,
    E5_GCC_HIGH,
    G5,
    MEETING_ROOM,
    PHONE_STANDARD_FACULTY,
    PHONE_STANDARD_GCC_HIGH,
    PHONE_STANDARD_GOV,
    RESOURCE_ACCOUNT,
    RESOURCE_ACCOUNT_FACULTY,
    RESOURCE_ACCOUNT_GCC_HIGH,
    RESOURCE_ACCOUNT_GOV,
    SHARED_DEVICES_FACULTY,
    SHARED_DEVICES_GOV,
    TEAMS_ROOMS_PRO,
)
from simulator.recipes import Line, Purchase, Recipe, build

_GOV, _HIGH, _FACULTY, _PLAIN = (
    (RESOURCE_ACCOUNT_GOV,),
    (RESOURCE_ACCOUNT_GCC_HIGH,),
    (RESOURCE_ACCOUNT_FACULTY,),
    (RESOURCE_ACCOUNT,),
)

GOVERNMENT: Final = Recipe(
    tenant_id="1d6c0d5a-4a3b-4f0e-9c86-6a1b7d2f0a11",
    name="lakecounty",
    country="US",
    purchases=(
        Purchase(G5, 60),
        Purchase(PHONE_STANDARD_GOV, 20),
        Purchase(SHARED_DEVICES_GOV, 15),
        Purchase(RESOURCE_ACCOUNT_GOV, 12),
    ),
    lines=(
        Line("AA County Switchboard", _GOV, "+12025550100"),
        Line("AA County Clerk", _GOV, "+12025550101"),
        Line("AA Public Works", _GOV, "+12025550102"),
        Line("AA Public Health", _GOV, "+12025550103", sign_in=True),
        Line("CQ Switchboard", _GOV),
        Line("CQ Permits", _GOV),
        Line("CQ Property Tax", _GOV),
        Line("CQ Water and Sewer", _GOV),
        Line("CQ Road Maintenance", _GOV),
        Line("CQ Vaccination", _GOV),
        Line("CQ Animal Control", _GOV),
        Line("AA Elections", (), "+12025550104"),
        Line("CQ Elections"),
        Line("CQ Voter Registration"),
        Line("CQ Parks", (PHONE_STANDARD_GOV,), "+12025550105"),
    ),
    people=((G5, 14), (PHONE_STANDARD_GOV, 4)),
)

GOVERNMENT_HIGH: Final = Recipe(
    tenant_id="2e7d1e6b-5b4c-4a1f-8d97-7b2c8e3a1b22",
    name="harborworks",
    country="US",
    purchases=(
        Purchase(E5_GCC_HIGH, 30),
        Purchase(PHONE_STANDARD_GCC_HIGH, 40),
        Purchase(RESOURCE_ACCOUNT_GCC_HIGH, 6),
    ),
    lines=(
        Line("AA Yard Gate", _HIGH),
        Line("AA Procurement", _HIGH),
        Line("CQ Yard Gate", _HIGH),
        Line("CQ Security Desk", _HIGH),
        Line("CQ Dry Dock", _HIGH),
        Line("CQ Invoices", _HIGH),
        Line("CQ Visitors"),
        Line("CQ Night Watch", (PHONE_STANDARD_GCC_HIGH,)),
    ),
    people=((E5_GCC_HIGH, 9),),
    national_cloud=True,
)

EDUCATION: Final = Recipe(
    tenant_id="3f8e2f7c-6c5d-4b2a-9ea8-8c3d9f4b2c33",
    name="northfield",
    country="GB",
    purchases=(
        Purchase(A5_FACULTY, 180),
        Purchase(A5_STUDENT, 1_400),
        Purchase(SHARED_DEVICES_FACULTY, 25),
        Purchase(PHONE_STANDARD_FACULTY, 10),
        Purchase(RESOURCE_ACCOUNT_FACULTY, 16),
    ),
    lines=(
        Line("AA University Switchboard", _FACULTY, "+442079460100"),
        Line("AA Admissions", _FACULTY, "+442079460101"),
        Line("AA Student Services", _FACULTY, "+442079460102"),
        Line("AA Campus Security", _FACULTY, "+442079460103"),
        Line("CQ Undergraduate Admissions", _FACULTY),
        Line("CQ Postgraduate Admissions", _FACULTY),
        Line("CQ Clearing", _FACULTY),
        Line("CQ Accommodation", _FACULTY),
        Line("CQ Fees", _FACULTY),
        Line("CQ Wellbeing", _FACULTY),
        Line("CQ Library", _FACULTY, "+442079460104"),
        Line("CQ IT Help", _FACULTY),
        Line("CQ Security Desk", _FACULTY),
        Line("CQ Sports Centre", (PHONE_STANDARD_FACULTY, RESOURCE_ACCOUNT_FACULTY), "+442079460105"),
        Line("CQ Alumni"),
        Line("AA Dublin Office", (), "+442079460106", country="IE"),
        Line("AA Old Observatory", (), "+442079460107", deleted=True),
    ),
    # The wizard that gives licences to everybody without one gave a resource account's to a teacher.
    people=((A5_FACULTY, 20), (A5_STUDENT, 30), (RESOURCE_ACCOUNT_FACULTY, 1)),
)

ROOMS: Final = Recipe(
    tenant_id="4a9f3a8d-7d6e-4c3b-8fb9-9d4eaf5c3d44",
    name="rheinhaus",
    country="DE",
    purchases=(Purchase(TEAMS_ROOMS_PRO, 40), Purchase(MEETING_ROOM, 12), Purchase(RESOURCE_ACCOUNT, 6)),
    lines=(
        Line("AA Empfang", _PLAIN, "+493023125000"),
        Line("AA Konferenzzentrum", _PLAIN, "+493023125001"),
        Line("CQ Empfang", _PLAIN),
        Line("CQ Raumbuchung", _PLAIN),
        Line("CQ Catering", _PLAIN),
        Line("CQ Medientechnik"),
        Line("AA Parkhaus", (), "+493023125002"),
    ),
    people=((TEAMS_ROOMS_PRO, 16), (MEETING_ROOM, 5)),
)

TRIAL: Final = Recipe(
    tenant_id="5baa4b9e-8e7f-4d4c-9aca-ae5fba6d4e55",
    name="startwerk",
    country="US",
    purchases=(
        Purchase(E5, 25, days_left=12, is_trial=True),
        Purchase(E5, 25, days_left=26, is_trial=True),
        Purchase(RESOURCE_ACCOUNT, 5),
    ),
    lines=(
        Line("AA Welcome", _PLAIN, "+14155550100"),
        Line("CQ Sales", _PLAIN),
        Line("CQ Support", _PLAIN, "+14155550101"),
        Line("CQ Billing", _PLAIN),
        Line("AA After Hours", _PLAIN),
        Line("CQ Partners"),
        Line("AA Careers", (), "+14155550102"),
    ),
    people=((E5, 11),),
)

NONE: Final = Recipe(
    tenant_id="6cbb5caf-9f8a-4e5d-8bdb-bf6acb7e5f66",
    name="papermill",
    country="CA",
    purchases=(Purchase(E3, 40),),
    people=((E3, 12),),
)

_BRANCHES = (
    *("Albany", "Austin", "Boise", "Boston", "Buffalo", "Dallas", "Denver", "Detroit", "El Paso", "Fresno", "Houston"),
    *("Lansing", "Memphis", "Miami", "Mobile", "Newark", "Omaha", "Orlando", "Phoenix", "Reno", "Salem", "Tampa"),
    *("Topeka", "Tucson", "Tulsa"),
)

RENEWAL: Final = Recipe(
    tenant_id="7dcc6dba-af9b-4f6e-9cec-ca7bdc8f6a77",
    name="meridian",
    country="US",
    purchases=(
        Purchase(E5, 830),
        Purchase(E5, 400, days_left=21),
        Purchase(RESOURCE_ACCOUNT, 130),
    ),
    lines=(
        *(Line(f"AA {branch}", _PLAIN, f"+1303555{100 + place:04}") for place, branch in enumerate(_BRANCHES)),
        *(
            Line(f"CQ {team} {branch}", _PLAIN)
            for branch in _BRANCHES
            for team in ("Reservations", "Claims", "Roadside", "Fleet")
        ),
    ),
    people=((E5, 60),),
)


class Offer(NamedTuple):
    """A tenant that can be served: what makes it, and what it is in a few words."""

    make: Callable[[Clock], SimulatedTenant]
    subject: str


def tenant(name: str, clock: Clock = utc_now) -> SimulatedTenant:
    """The tenant of this name.

    Raises:
        LookupError: There is none; the sentence names the nearest one that there is.
    """
    offer = TENANTS.get(name)
    if offer is None:
        raise LookupError(f"There is no tenant {name!r}: did you mean {_nearest(name)!r}?")
    return offer.make(clock)


def government(clock: Clock) -> SimulatedTenant:
    """A county in GCC: government plans and SKUs, on the worldwide Graph with all that it has."""
    return build(GOVERNMENT, clock)


def government_high(clock: Clock) -> SimulatedTenant:
    """A contractor in GCC High: commercial plans in government SKUs, and no Teams administration in Graph."""
    made = build(GOVERNMENT_HIGH, clock)
    # So the part number is published, with the space.
    made.misprint(RESOURCE_ACCOUNT_GCC_HIGH.sku_id, skuPartNumber=f"{RESOURCE_ACCOUNT_GCC_HIGH.part_number} ")
    return made


def education(clock: Clock) -> SimulatedTenant:
    """A university: faculty and student SKUs, one of them with the stray spaces that it is published with.

    Only a commerce subscription has them in its ``skuId`` too: that one is a string in Graph, and the other a Guid.
    """
    made = build(EDUCATION, clock)
    stray = f"\u00a0{SHARED_DEVICES_FACULTY.part_number} "
    made.misprint(SHARED_DEVICES_FACULTY.sku_id, skuPartNumber=stray)
    for purchase in made.purchases.values():
        if purchase.sku_id == SHARED_DEVICES_FACULTY.sku_id:
            made.misprint(purchase.id, skuPartNumber=stray, skuId=f" {purchase.sku_id}\u00a0")
    return made


def rooms(clock: Clock) -> SimulatedTenant:
    """A conference house: Teams Rooms alone have telephone plans, and earn no free licence."""
    return build(ROOMS, clock)


def trial(clock: Clock) -> SimulatedTenant:
    """A young company: everything that would count is on trial."""
    return build(TRIAL, clock)


def none(clock: Clock) -> SimulatedTenant:
    """A mill without Teams Phone: no SKU that matters and no resource account."""
    return build(NONE, clock)


def renewal(clock: Clock) -> SimulatedTenant:
    """An insurer before its renewal: 1,230 E5, of which 400 end in three weeks, and 125 lines."""
    return build(RENEWAL, clock)


TENANTS: Final[Mapping[str, Offer]] = {
    "commercial": Offer(contoso, "Contoso: 500 E5, 100 Shared Devices, 90 lines and 85 licences for them"),
    "government": Offer(government, "a county in GCC with government SKUs and plans"),
    "government-high": Offer(government_high, "a contractor in GCC High, where Graph has no Teams administration"),
    "education": Offer(education, "a university with faculty and student SKUs"),
    "rooms": Offer(rooms, "Teams Rooms only: nothing qualifies"),
    "trial": Offer(trial, "E5 on trial only: nothing qualifies for long"),
    "none": Offer(none, "no SKU with a telephone plan and no resource account"),
    "renewal": Offer(renewal, "1,230 E5, of which 400 end in three weeks, and 125 lines"),
    "hostile": Offer(hostile, "values that should never come"),
}


def _nearest(name: str) -> str:
    return difflib.get_close_matches(name, TENANTS, n=1, cutoff=0.0)[0]
