"""A resource account whose usage location is missing, or is not its number's country."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.model.numbers import PhoneNumber
from shared.rules.reach import named
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts without a usage location, or with another one than the country of one of their numbers.

    A number whose country Graph does not give as two letters says nothing.
    """
    for account in snapshot.resource_accounts:
        location = (account.usage_location or "").strip().upper()
        placed = [number for number in snapshot.numbers_of(account) if _country(number)]
        elsewhere = [number for number in placed if _country(number) != location]
        if location and not elsewhere:
            continue
        countries = sorted({_country(number) for number in placed})
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=_summary(location, elsewhere),
            remedy=f"{RULE.remedy} {_how(account, countries)}",
            evidence={"usage_location": location, "number_countries": countries},
        )


def _country(number: PhoneNumber) -> str:
    country = (number.country or "").strip().upper()
    return country if re.fullmatch("[A-Z]{2}", country) else ""


def _summary(location: str, elsewhere: list[PhoneNumber]) -> str:
    if not location:
        return "No usage location: a licence cannot be assigned to it."
    countries = ", ".join(sorted({_country(number) for number in elsewhere}))
    return f"Usage location {location}, but the country of {named(elsewhere)} is {countries}."


def _how(account: Account, countries: list[str]) -> str:
    if len(countries) == 1:
        return f"Update-MgUser -UserId '{account.id}' -UsageLocation '{countries[0]}'"
    if countries:
        return f"its numbers are from {', '.join(countries)}; a number of another country belongs on another account."
    return "the country where the line is, in the account's properties in the Microsoft 365 admin center."


RULE = Rule(
    id="resource-account-usage-location",
    family="accounts",
    severity="warning",
    title="Resource account without the right usage location",
    reads=frozenset({"accounts"}),
    why="Without a usage location no licence, and in another country than the number's no number, can be assigned.",
    remedy="Set the usage location to its number's country:",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
)
