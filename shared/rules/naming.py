"""What things are called in the texts of findings: names from the tenant on one line, bounded, and never trusted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from shared.licensing.catalogue import PUBLISHED
from shared.licensing.phone_skus import Kind
from shared.model.directory import Account
from shared.rules.snapshot import Snapshot

MAX_NAME = 80
MAX_NAMES = 3
"""How many licences a text names; the evidence names all."""

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"

_PRODUCTS: dict[Kind, str] = {
    "resource_account": "Microsoft Teams Phone Resource Account",
    "phone_standard": "Microsoft Teams Phone Standard",
    "shared_device": "Microsoft Teams Shared Devices",
}
"""What the admin center calls a kind whose part numbers it does not show."""


def one_line(text: str, limit: int = MAX_NAME) -> str:
    """A text without line ends, controls and direction marks, cut to a number of characters."""
    line = " ".join("".join(_seen(character) for character in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def licence_name(snapshot: Snapshot, sku_id: str) -> str:
    """A SKU's part number as the tenant has it, else as it is published, else its id."""
    own, listed = snapshot.part_number(sku_id), PUBLISHED.get(sku_id)
    return one_line(listed.part_number if own == sku_id and listed is not None else own) or one_line(sku_id)


def licence_names(snapshot: Snapshot, sku_ids: Iterable[str]) -> str:
    """The first SKUs of a list by name, and how many more there are."""
    every = [licence_name(snapshot, sku_id) for sku_id in sku_ids]
    more = f" and {len(every) - MAX_NAMES} more" if len(every) > MAX_NAMES else ""
    return ", ".join(every[:MAX_NAMES]) + more


def product_name(snapshot: Snapshot, sku_id: str) -> str:
    """A SKU as the admin center shows it, with the part number behind it; the part number alone for bundles."""
    listed = PUBLISHED.get(sku_id)
    kind = "resource_account" if snapshot.is_resource_account_sku(sku_id) else listed.kind if listed else None
    product = _PRODUCTS.get(kind) if kind is not None else None
    name = licence_name(snapshot, sku_id)
    return f"{product} ({name})" if product else name


def person_name(account: Account) -> str:
    """An account as an admin finds it in a list of users: its name and user name, else its id."""
    name, upn = one_line(account.name), one_line(account.upn)
    return f"{name} ({upn})" if name and upn else name or upn or one_line(account.id)


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Cs", "Zl", "Zp"}:
        return " "
    return "" if category == "Cf" and character not in _JOINERS else character
