"""A resource account whose usage location is missing, or is not its number's country."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.model.numbers import PhoneNumber
from shared.rules.assignment import Mending
from shared.rules.commands import ACTIVE_USERS, usage_location_commands
from shared.rules.location import countries_of, country_of, location_of
from shared.rules.naming import person_name
from shared.rules.reach import named
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts without a usage location, or with another one than the country of one of their numbers.

    A number whose country Graph does not give as two letters says nothing.
    """
    for account in snapshot.resource_accounts:
        location, countries = location_of(account), countries_of(snapshot, account)
        elsewhere = [number for number in snapshot.numbers_of(account) if country_of(number) not in {"", location}]
        if location and not elsewhere:
            continue
        mending = _mending(snapshot, account, countries)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=_summary(location, elsewhere),
            remedy=mending.remedy,
            evidence={"usage_location": location, "number_countries": countries},
            commands=mending.commands,
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """The usage location, and the countries of the account's numbers."""
    location = location_of(account)
    place = f"Usage location {location}" if location else "No usage location"
    placed = [number for number in snapshot.numbers_of(account) if country_of(number)]
    if not placed:
        known = "no number of a known country leads to it" if snapshot.knows_numbers else "its numbers are not known"
        return f"{place}; {known}."
    numbers = "number" if len(placed) == 1 else "numbers"
    verb = "is" if len(placed) == 1 else "are"
    return f"{place}; its {numbers} {named(placed)} {verb} of {', '.join(countries_of(snapshot, account))}."


def _summary(location: str, elsewhere: list[PhoneNumber]) -> str:
    if not location:
        return "No usage location: a licence cannot be assigned to it."
    countries = ", ".join(sorted({country_of(number) for number in elsewhere}))
    return f"Usage location {location}, but the country of {named(elsewhere)} is {countries}."


def _mending(snapshot: Snapshot, account: Account, countries: list[str]) -> Mending:
    """No country is guessed: a command is given only where the numbers name one and the same."""
    if len(countries) == 1:
        commands = usage_location_commands(snapshot, account, countries[0])
        return Mending(f"{RULE.remedy} {commands.powershell}", commands)
    if countries:
        told = f"its numbers are from {', '.join(countries)}; a number of another country belongs on another account."
        return Mending(f"{RULE.remedy} {told}")
    return Mending(
        f"{RULE.remedy} the country where the line is ({ACTIVE_USERS} > {person_name(account)} > Licenses and apps > "
        "Select location)."
    )


RULE = Rule(
    id="resource-account-usage-location",
    family="accounts",
    severity="warning",
    title="Resource account without the right usage location",
    holds_when="the usage location is missing, or differs from its number's country",
    reads=frozenset({"accounts"}),
    why="Without a usage location no licence, and in another country than the number's no number, can be assigned.",
    remedy="Set the usage location to its number's country:",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    sharpened_by=frozenset({"numbers"}),
    reading=reading,
)
