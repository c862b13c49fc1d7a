"""Ids and phone numbers in the one form in which they are compared."""

from __future__ import annotations

import re

LONGEST = 256
"""No name, number or message is kept longer than this many characters."""

_NOBODY = "00000000-0000-0000-0000-000000000000"
_GUID_LENGTH = 36
_BARE_GUID = re.compile(r"[0-9a-f]{32}")
_END_OF_NUMBER = re.compile(r"[;,@A-Za-z]")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_INTERNATIONAL = re.compile(r"[1-9][0-9]{7,}")
_REPLACED = re.compile(r"\s*(?:System\.|Microsoft\.|Deserialized\.|@\{)|\s*\S+\s+\S")
_DIALLABLE = re.compile(r"\s*(?:tel:|\+)", re.IGNORECASE)


def canonical(text: str) -> str:
    """An id as it is compared: a GUID in lower case, with hyphens and without braces; .NET's empty GUID is no id.

    What is no GUID (a call flow's or a schedule's id may be any text) is put in lower case as well.
    """
    name = text.strip("{}() \t\r\n").lower()
    if len(name) == _GUID_LENGTH:
        return "" if name == _NOBODY else name
    if _BARE_GUID.fullmatch(name):
        name = f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"
    return "" if name == _NOBODY else name


class NoIdentifier(ValueError):  # noqa: N818 - says what it is
    """A text stands where an id belongs and can be none; `text` is that text."""

    def __init__(self, text: str) -> None:
        super().__init__("a type's name, a joined list or a long text stands where an id belongs")
        self.text = text


def identifier(text: str) -> str:
    """As `canonical`, of a text that PowerShell wrote for an id.

    Raises:
        NoIdentifier: it is what PowerShell writes below `-Depth` (a type's name, or ids joined by spaces), or too long.
    """
    if len(text) > LONGEST or _REPLACED.match(text):
        raise NoIdentifier(text)
    return canonical(text)


def is_diallable(text: str) -> bool:
    """Whether a text can be nothing but a phone number: `tel:…` or `+…`."""
    return _DIALLABLE.match(text) is not None


def dialled(text: str) -> str:
    """A phone number as `+` and digits, without separators and extension (`;ext=`); "" where it has no digit.

    Teams prints E.164 numbers with and without the plus. A short or national number gets none: it would be another one.
    """
    number = text.strip()
    if number[:4].casefold() == "tel:":
        number = number[4:]
    number = _END_OF_NUMBER.split(number, maxsplit=1)[0]
    digits = _NOT_A_DIGIT.sub("", number)[: LONGEST - 1]
    if digits and ("+" in number or _INTERNATIONAL.fullmatch(digits)):
        return f"+{digits}"
    return digits


def shortened(text: str | None) -> str:
    """A text for people, at a length that cannot hurt; "" for none."""
    return text.strip()[:LONGEST] if text else ""
