"""In which country an account and its numbers are, as far as Graph says so in two letters."""

from __future__ import annotations

import re

from shared.model.directory import Account
from shared.model.numbers import PhoneNumber
from shared.rules.naming import one_line
from shared.rules.snapshot import Snapshot


def location_of(account: Account) -> str:
    """The account's usage location in upper case; empty where it has none."""
    return one_line(account.usage_location or "").upper()


def country_of(number: PhoneNumber) -> str:
    """A number's country; empty where Graph does not give two letters."""
    country = (number.country or "").strip().upper()
    return country if re.fullmatch("[A-Z]{2}", country) else ""


def countries_of(snapshot: Snapshot, account: Account) -> list[str]:
    """The countries of the account's numbers, each once."""
    return sorted({country for number in snapshot.numbers_of(account) if (country := country_of(number))})
