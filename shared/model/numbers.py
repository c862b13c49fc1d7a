"""Telephone numbers, and to which account each leads."""

from __future__ import annotations

import msgspec

VOICE_APPLICATION = "voiceApplicationAssigned"
"""The assignment status of a number that an auto attendant or call queue answers."""

FAILED_ACTIVATIONS = frozenset({"assignmentFailed", "updateFailed"})


class PhoneNumber(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of Graph's `numberAssignments`. Its enums are carried as texts, unknown ones too.

    `country` is an ISO code of two letters; `target` is the account's id, lower case.
    """

    number: str
    target: str | None = None
    status: str = ""
    activation: str = ""
    kind: str = ""
    country: str | None = None

    @property
    def reaches_an_account(self) -> bool:
        """Whether callers of this number are sent to a resource account."""
        return self.target is not None and self.status == VOICE_APPLICATION


class CallingState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What Teams says of a person who answers calls (a row of `userConfigurations`)."""

    enterprise_voice: bool | None = None
    features: tuple[str, ...] = ()
