"""A tenant written down as a table: what was bought, the lines that are answered by machine, and some people."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from simulator.contoso import DEPARTMENT_MARKER
from simulator.directory import SimulatedTenant
from simulator.journal import Clock
from simulator.plain_voice import add_plain_voice
from simulator.products import Product
from simulator.records import User

_FIRST_NAMES = ("Amara", "Bruno", "Chiara", "Dmitri", "Esra", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Liam")
_LAST_NAMES = ("Adler", "Brandt", "Costa", "Doyle")
_ONE_YEAR = 365
_HEADSTART = timedelta(days=700)


class Purchase(NamedTuple):
    """One commerce subscription of a product.

    Attributes:
        product: What was bought.
        units: How many licences.
        days_left: Days until the subscription changes its state.
        is_trial: Whether it is a trial.
    """

    product: Product
    units: int
    days_left: int = _ONE_YEAR
    is_trial: bool = False


class Line(NamedTuple):
    """One resource account.

    Attributes:
        name: Its display name.
        holds: Its licences.
        number: The telephone number that leads to it, or none.
        country: Its usage location and its number's country, if not the tenant's.
        sign_in: Whether somebody may sign in as it, which nobody should.
        deleted: Whether it is in the deleted items.
    """

    name: str
    holds: tuple[Product, ...] = ()
    number: str = ""
    country: str = ""
    sign_in: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A tenant before it is built.

    Attributes:
        tenant_id: Its id, from which all others are derived.
        name: Its account name, and the first part of its domain.
        country: Where its accounts are.
        purchases: What was bought.
        lines: Its resource accounts.
        people: How many people hold which product; holders of a telephone plan have Enterprise Voice.
        national_cloud: Whether Graph has no Teams administration for it.
    """

    tenant_id: str
    name: str
    country: str
    purchases: tuple[Purchase, ...]
    lines: tuple[Line, ...] = ()
    people: tuple[tuple[Product, int], ...] = ()
    national_cloud: bool = False


def build(recipe: Recipe, clock: Clock) -> SimulatedTenant:
    """The tenant of a recipe; the same recipe gives the same ids on any day."""
    tenant = SimulatedTenant(recipe.tenant_id, name=recipe.name, clock=clock)
    tenant.national_cloud = recipe.national_cloud
    now = clock().replace(microsecond=0)
    for product, units, days_left, is_trial in recipe.purchases:
        tenant.add_sku(
            *product,
            units,
            created=now - (timedelta(days=18) if is_trial else _HEADSTART),
            next_lifecycle=now + timedelta(days=days_left),
            is_trial=is_trial,
        )
    lines = [
        _add_line(tenant, recipe, line, now - _HEADSTART + timedelta(days=3 * place))
        for place, line in enumerate(recipe.lines)
    ]
    _add_people(tenant, recipe, now - _HEADSTART)
    add_plain_voice(tenant, lines)
    tenant.journal.settle()
    return tenant


def account_id(recipe: Recipe, name: str) -> str:
    """The id of the recipe's user or resource account with this name."""
    return str(uuid.uuid5(uuid.UUID(recipe.tenant_id), name))


def _add_line(tenant: SimulatedTenant, recipe: Recipe, line: Line, created: datetime) -> User:
    country = line.country or recipe.country
    account = tenant.add_user(
        line.name,
        f"line-{account_id(recipe, line.name)[:8]}@{recipe.name}.example",
        user_id=account_id(recipe, line.name),
        created=created,
        account_enabled=line.sign_in,
        department=DEPARTMENT_MARKER,
        usage_location=country,
    )
    for product in line.holds:
        tenant.assign_license(account.id, product.sku_id, at=created + timedelta(minutes=9))
    if line.number:
        tenant.assign_number(line.number, account.id, country=country)
    if line.deleted:
        tenant.soft_delete(account.id)
    return account


def _add_people(tenant: SimulatedTenant, recipe: Recipe, hired: datetime) -> None:
    place = 0
    for product, count in recipe.people:
        for _ in range(count):
            person = _person(tenant, recipe, place, hired)
            tenant.assign_license(person.id, product.sku_id, at=hired + timedelta(hours=1))
            if any(plan.name.startswith("MCOEV") and "VIRTUALUSER" not in plan.name for plan in product.plans):
                tenant.configure_user(person.id, enterprise_voice=True, feature_types=("Teams", "PhoneSystem"))
            place += 1


def _person(tenant: SimulatedTenant, recipe: Recipe, place: int, hired: datetime) -> User:
    # Names meet once each; from the 49th person on they are numbered.
    again, rest = divmod(place, len(_FIRST_NAMES) * len(_LAST_NAMES))
    first, last = _FIRST_NAMES[rest % len(_FIRST_NAMES)], _LAST_NAMES[rest // len(_FIRST_NAMES)]
    name = f"{first} {last}" + (f" {again + 1}" if again else "")
    return tenant.add_user(
        name,
        f"{name.replace(' ', '.')}@{recipe.name}.example".lower(),
        user_id=account_id(recipe, name),
        created=hired,
        usage_location=recipe.country,
    )
