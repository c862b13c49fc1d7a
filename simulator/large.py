"""A large tenant for measurements: as many users as one likes, built in seconds.

The tenant has no change log before it is first changed, and users with the same licences share the records of them, so
that a hundred thousand users take some tens of megabytes.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from simulator.contoso import DEPARTMENT_MARKER, DOMAIN, E5, RESOURCE_ACCOUNT
from simulator.directory import SimulatedTenant
from simulator.journal import Clock, utc_now
from simulator.licences import with_licences
from simulator.records import AssignedLicense, ServicePlan, User

LARGE_TENANT_ID = "2f9d8a51-6a3e-4c0f-9a57-0f5b1c6d7e21"

_PHONE = ServicePlan("4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "MCOEV", "MicrosoftCommunicationsOnline")
_TEAMS = ServicePlan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "TeamspaceAPI")
_RESOURCE_ACCOUNT_PLAN = ServicePlan(
    "f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "MicrosoftCommunicationsOnline"
)
_COUNTRIES = ("US", "GB", "DE", "FR")
_DEPARTMENTS = ("Finance", "Sales", "Customer Service", "Operations", None)
_LICENSED_PEOPLE = 0.9
_LICENSED_ACCOUNTS = 0.97
_NUMBERED_ACCOUNTS = 0.5
_NUMBERS_PER_AREA = 100
_FIRST_AREA = 201


def large_tenant(
    users: int = 100_000, resource_accounts: int = 2_000, *, seed: int = 1, clock: Clock = utc_now
) -> SimulatedTenant:
    """A tenant whose content follows from its arguments.

    About nine tenths of the people have E5, about 97 in 100 resource accounts have their licence, and about half of the
    resource accounts have a telephone number.

    Args:
        users: How many users there are, resource accounts included.
        resource_accounts: How many of them are resource accounts.
        seed: What chance is drawn from; another seed is another tenant.
        clock: Where the tenant takes its time from.
    """
    if not 0 <= resource_accounts <= users:
        raise ValueError(f"{resource_accounts} of {users} users cannot be resource accounts.")
    chance = random.Random(seed)
    tenant = SimulatedTenant(LARGE_TENANT_ID, name="large", clock=clock)
    since = clock().replace(microsecond=0) - timedelta(days=900)
    tenant.add_sku(E5, "SPE_E5", (_PHONE, _TEAMS), users, created=since)
    tenant.add_sku(
        RESOURCE_ACCOUNT, "PHONESYSTEM_VIRTUALUSER", (_RESOURCE_ACCOUNT_PLAN,), resource_accounts, created=since
    )
    tenant.users.update((user.id, user) for user in _accounts(tenant, resource_accounts, chance, since))
    _assign_numbers(tenant, chance)
    tenant.users.update((user.id, user) for user in _people(tenant, users - resource_accounts, chance, since))
    tenant.journal.settle()
    return tenant


def _accounts(tenant: SimulatedTenant, count: int, chance: random.Random, since: datetime) -> Iterator[User]:
    bare = User(
        id="",
        display_name="",
        user_principal_name="",
        created_date_time=since,
        account_enabled=False,
        department=DEPARTMENT_MARKER,
        usage_location="US",
    )
    licensed = with_licences(bare, (AssignedLicense(RESOURCE_ACCOUNT),), tenant.skus, since)
    for number in range(count):
        like = licensed if chance.random() < _LICENSED_ACCOUNTS else bare
        yield _copy(like, f"{('AA', 'CQ')[number % 2]} Line {number}", f"line-{number}", chance, like.department)


def _people(tenant: SimulatedTenant, count: int, chance: random.Random, since: datetime) -> Iterator[User]:
    for_country = {
        country: User(id="", display_name="", user_principal_name="", created_date_time=since, usage_location=country)
        for country in _COUNTRIES
    }
    licensed = {
        country: with_licences(bare, (AssignedLicense(E5),), tenant.skus, since)
        for country, bare in for_country.items()
    }
    for number in range(count):
        country = _COUNTRIES[number % len(_COUNTRIES)]
        like = licensed[country] if chance.random() < _LICENSED_PEOPLE else for_country[country]
        yield _copy(like, f"Person {number}", f"person-{number}", chance, _DEPARTMENTS[number % len(_DEPARTMENTS)])


def _copy(like: User, name: str, alias: str, chance: random.Random, department: str | None) -> User:
    return User(
        id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        display_name=name,
        user_principal_name=f"{alias}@{DOMAIN}",
        created_date_time=like.created_date_time,
        account_enabled=like.account_enabled,
        department=department,
        usage_location=like.usage_location,
        assigned_licenses=like.assigned_licenses,
        assigned_plans=like.assigned_plans,
        license_assignment_states=like.license_assignment_states,
    )


def _assign_numbers(tenant: SimulatedTenant, chance: random.Random) -> None:
    """Numbers from 555-0100 to 555-0199, which are free for fiction in every area of North America."""
    numbered = [user_id for user_id in tenant.users if chance.random() < _NUMBERED_ACCOUNTS]
    for place, user_id in enumerate(numbered):
        area, number = divmod(place, _NUMBERS_PER_AREA)
        tenant.assign_number(f"+1{_FIRST_AREA + area}55501{number:02}", user_id)
