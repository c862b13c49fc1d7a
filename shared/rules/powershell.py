"""Microsoft Graph PowerShell commands that mend what a rule found, each one line that is fit to be pasted.

Source: Microsoft Graph PowerShell reference, `Set-MgUserLicense`, `Update-MgUser`, `Restore-MgDirectoryDeletedItem`;
for the quotes, PowerShell's "about_Quoting_Rules" and its tokenizer, which takes the typographic single quotes for `'`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from shared.model.directory import AssignedLicence

_SINGLE_QUOTES = re.compile("['\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
                            "\N{SINGLE LOW-9 QUOTATION MARK}\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}]")  # fmt: skip
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of what is not seen, or changes how the rest is seen: controls, direction marks, line ends."""


def quoted(text: str) -> str:
    """A text as a single-quoted literal: one line, in which nothing is expanded and which nothing in the text ends.

    Every kind of single quote that PowerShell knows is doubled. What is not seen becomes U+FFFD: a line end would split
    the paste into two commands, a direction mark would show another command than the one that runs. No id holds such;
    if one did, the command would name an object that is not there, and Graph would refuse it.
    """
    return f"'{_SINGLE_QUOTES.sub(lambda quote: quote[0] * 2, visible(text))}'"


def visible(text: str) -> str:
    """The text with each character that is not seen replaced by U+FFFD."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _UNSEEN else character for character in text
    )


def set_user_licence(user_id: str, add: Iterable[AssignedLicence], remove: Iterable[str]) -> str:
    """Add and remove SKUs in one call; both lists are there even where they are empty, as the call requires."""
    added = ", ".join(_licence(licence) for licence in add)
    return f"Set-MgUserLicense -UserId {quoted(user_id)} -AddLicenses @({added}) -RemoveLicenses {_array(remove)}"


def update_user(user_id: str, parameter: str, value: str | bool) -> str:  # noqa: FBT001 - a value, not a switch
    """Set one property of a user. `parameter` is the cmdlet's own name for it; a switch's value is bound by a colon."""
    said = f":${str(value).lower()}" if isinstance(value, bool) else f" {quoted(value)}"
    return f"Update-MgUser -UserId {quoted(user_id)} -{parameter}{said}"


def restore_deleted(object_id: str) -> str:
    """Restore a soft-deleted directory object."""
    return f"Restore-MgDirectoryDeletedItem -DirectoryObjectId {quoted(object_id)}"


def _licence(licence: AssignedLicence) -> str:
    off = f"; DisabledPlans={_array(licence.disabled_plans)}" if licence.disabled_plans else ""
    return f"@{{SkuId={quoted(licence.sku_id)}{off}}}"


def _array(texts: Iterable[str]) -> str:
    return f"@({', '.join(map(quoted, texts))})"
