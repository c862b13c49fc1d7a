"""Microsoft's own licensing example as a tenant: 600 licences with Teams Phone, 85 for resource accounts, 90 lines.

The numbers are those of "Assign Microsoft Teams Phone Resource Account licenses": 500 Microsoft 365 E5 and 100 Teams
Shared Devices entitle the tenant to 85 resource account licences, and five of its 90 resource accounts have none. Names
are invented, ids are derived from the names, and times count back from the clock, so that a demonstration looks alike
on any day.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from simulator.contoso_telephony import add_telephony
from simulator.contoso_voice import add_voice
from simulator.directory import SimulatedTenant
from simulator.journal import Clock, utc_now
from simulator.records import ServicePlan

TENANT_ID = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
DOMAIN = "contoso.example"

E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
SHARED_DEVICES = "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"

DEPARTMENT_MARKER = "Microsoft Communication Application Instance"

LICENSED_ACCOUNTS = 85
RESOURCE_ACCOUNTS = 90
PEOPLE = 48

_TEAMS = ServicePlan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "TeamspaceAPI")
_PHONE = ServicePlan("4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "MCOEV", "MicrosoftCommunicationsOnline")
_E5_PLANS = (
    _TEAMS,
    _PHONE,
    ServicePlan("0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "MCOSTANDARD", "MicrosoftCommunicationsOnline"),
    ServicePlan("3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40", "MCOMEETADV", "MicrosoftCommunicationsOnline"),
    ServicePlan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE", "exchange"),
    ServicePlan("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE", "SharePoint"),
)
_RESOURCE_ACCOUNT_PLAN = ServicePlan(
    "f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "MicrosoftCommunicationsOnline"
)

# The last city is the new office: its first line has a licence, the others are the five that have none.
_CITIES = (
    ("Seattle", "US"),
    ("Chicago", "US"),
    ("Atlanta", "US"),
    ("Toronto", "CA"),
    ("London", "GB"),
    ("Manchester", "GB"),
    ("Dublin", "IE"),
    ("Paris", "FR"),
    ("Berlin", "DE"),
    ("Munich", "DE"),
    ("Zurich", "CH"),
    ("Madrid", "ES"),
    ("Milan", "IT"),
    ("Sydney", "AU"),
    ("Lisbon", "PT"),
)
_EVERYWHERE = ("AA Main Line", "AA After Hours", "CQ Reception")
_DEPARTMENTS = (
    "CQ Sales",
    "CQ Customer Service",
    "CQ IT Service Desk",
    "CQ Billing",
    "CQ Field Service",
    "AA Human Resources",
    "CQ Orders",
    "CQ Warranty",
)
_LINES_PER_CITY = 6

_FIRST_NAMES = (
    "Adele",
    "Alex",
    "Diego",
    "Grady",
    "Isaiah",
    "Johanna",
    "Lee",
    "Lidia",
    "Lynne",
    "Megan",
    "Nestor",
    "Pradeep",
)
_LAST_NAMES = ("Archer", "Berger", "Holloway", "Santos")
_TEAMS_OF_PEOPLE = ("Finance", "Sales", "Customer Service", "IT", "Human Resources", "Operations")


def contoso(clock: Clock = utc_now) -> SimulatedTenant:
    """The tenant of the example.

    Args:
        clock: Where the tenant takes its time from, now and later.
    """
    tenant = SimulatedTenant(TENANT_ID, name="contoso", clock=clock)
    now = clock().replace(microsecond=0)
    _buy(tenant, now)
    _add_resource_accounts(tenant, now)
    _add_people(tenant, now)
    add_telephony(tenant, _CITIES)
    add_voice(tenant, _CITIES)
    tenant.journal.settle()
    return tenant


def user_id(name: str) -> str:
    """The id of the user or resource account with this display name."""
    return str(uuid.uuid5(uuid.UUID(TENANT_ID), name))


def line_names() -> tuple[str, ...]:
    """The display names of the 90 resource accounts, in the order in which they came into being."""
    return tuple(name for name, _ in islice(_lines(), RESOURCE_ACCOUNTS))


def unlicensed_line_names() -> tuple[str, ...]:
    """The display names of the five resource accounts for which no licence is left."""
    return line_names()[LICENSED_ACCOUNTS:]


def _buy(tenant: SimulatedTenant, now: datetime) -> None:
    created, renewal = now - timedelta(days=655), now + timedelta(days=75 + 365)
    for sku_id, part_number, plans, units in (
        (E5, "SPE_E5", _E5_PLANS, 500),
        (SHARED_DEVICES, "MCOCAP", (_PHONE, _TEAMS), 100),
        (RESOURCE_ACCOUNT, "PHONESYSTEM_VIRTUALUSER", (_RESOURCE_ACCOUNT_PLAN,), LICENSED_ACCOUNTS),
    ):
        tenant.add_sku(sku_id, part_number, plans, units, created=created, next_lifecycle=renewal)


def _lines() -> Iterator[tuple[str, str]]:
    for number, (city, country) in enumerate(_CITIES):
        more = (_DEPARTMENTS[(number + step) % len(_DEPARTMENTS)] for step in range(_LINES_PER_CITY - len(_EVERYWHERE)))
        for line in (*_EVERYWHERE, *more):
            yield f"{line} {city}", country


def _add_resource_accounts(tenant: SimulatedTenant, now: datetime) -> None:
    for number, (name, country) in enumerate(islice(_lines(), RESOURCE_ACCOUNTS)):
        licensed = number < LICENSED_ACCOUNTS
        age = timedelta(days=600 - 5 * number) if licensed else timedelta(hours=30, minutes=-7 * number)
        account = tenant.add_user(
            name,
            f"{name.lower().replace(' ', '-')}@{DOMAIN}",
            user_id=user_id(name),
            created=now - age,
            account_enabled=False,
            department=DEPARTMENT_MARKER,
            usage_location=country,
        )
        if licensed:
            tenant.assign_license(account.id, RESOURCE_ACCOUNT, at=now - age + timedelta(minutes=9))


def _add_people(tenant: SimulatedTenant, now: datetime) -> None:
    for number in range(PEOPLE):
        # Twelve first names and four last names meet once each.
        first, last = _FIRST_NAMES[number % 12], _LAST_NAMES[number // 12]
        hired = now - timedelta(days=640 - 3 * number)
        person = tenant.add_user(
            f"{first} {last}",
            f"{first}.{last}@{DOMAIN}".lower(),
            user_id=user_id(f"{first} {last}"),
            created=hired,
            department=_TEAMS_OF_PEOPLE[number % len(_TEAMS_OF_PEOPLE)],
            usage_location=_CITIES[number % len(_CITIES)][1],
        )
        tenant.assign_license(person.id, E5, at=hired + timedelta(hours=1))
