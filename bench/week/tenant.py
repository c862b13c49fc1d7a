"""The tenant of the simulated week: accounts that break and are mended, and which findings that makes, plainly said.

What is said here of rules is read from their descriptions (docs/rules.md), and not from their code.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from shared.licensing.plans import MCOEV_VIRTUALUSER
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AssignedLicence, AssignedPlan
from shared.model.finding import Severity
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber

TENANT = str(uuid.UUID(int=1))
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
SECOND_SKU = str(uuid.UUID(int=2))
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"

UNLICENSED = "resource-account-unlicensed"
SIGN_IN = "resource-account-sign-in-enabled"
DOUBLE = "resource-account-double-licensed"
UNUSABLE = "resource-account-plan-unusable"
NUMBER_FAILED = "number-assignment-failed"
SUSPENDED = "licence-subscription-suspended"

FAMILY = dict.fromkeys((UNLICENSED, SIGN_IN, DOUBLE, UNUSABLE), "accounts") | {
    NUMBER_FAILED: "lines",
    SUSPENDED: "allocation",
}
READS = {
    UNLICENSED: ("licences", "accounts"),
    SIGN_IN: ("accounts",),
    DOUBLE: ("licences", "accounts"),
    UNUSABLE: ("licences", "accounts"),
    NUMBER_FAILED: ("numbers", "accounts"),
    SUSPENDED: ("licences",),
}
SETTLES = frozenset({DOUBLE, UNUSABLE})
"""The rules that wait ten minutes before a finding of theirs that is no outage counts."""


@dataclass
class Line:
    """An account as it is now. Every third has a second licence, every third the other licence: what can break differs.

    `unlicensed` is for the first kind, `double` for the second, `unusable` for the third; the rest is for all.
    """

    number: int
    has_number: bool
    unlicensed: bool = False
    double: bool = False
    unusable: bool = False
    sign_in: bool = False
    number_failed: bool = False

    @property
    def id(self) -> str:
        """The account's id."""
        return str(uuid.UUID(int=self.number + 100))

    @property
    def digits(self) -> str:
        """Its telephone number."""
        return f"1555{self.number:07}"

    @property
    def breaks(self) -> tuple[str, ...]:
        """What may go wrong with it."""
        return (("unlicensed", "double", "unusable")[self.number % 3], "sign_in", "number_failed")

    def account(self, read_at: datetime) -> Account:
        """As Graph tells it."""
        mine = SECOND_SKU if self.number % 3 == 2 else RESOURCE_ACCOUNT  # noqa: PLR2004 - the third kind
        held = () if self.unlicensed else (mine, PHONE_STANDARD) if self.double else (mine,)
        return Account(
            id=self.id,
            name=f"Line {self.number}",
            enabled=self.sign_in,
            department=RESOURCE_ACCOUNT_DEPARTMENT,
            usage_location="US",
            licences=tuple(AssignedLicence(sku_id) for sku_id in held),
            plans=(AssignedPlan(MCOEV_VIRTUALUSER, "Suspended" if self.unusable else "Enabled"),) if held else (),
            read_at=read_at,
        )

    def number_row(self) -> PhoneNumber:
        """Its number as Graph tells it."""
        return PhoneNumber(
            number=f"+{self.digits}",
            target=self.id,
            status=VOICE_APPLICATION,
            activation="assignmentFailed" if self.number_failed else "activated",
            country="US",
        )


@dataclass
class Seen:
    """What was last read of each source, in plain values: what the rules can know."""

    accounts: dict[str, Line] = field(default_factory=dict)
    numbers: dict[str, bool] = field(default_factory=dict)
    """Of each account with a number, whether the assignment failed."""
    suspended: bool = False

    def findings(self) -> Iterator[tuple[str, Severity]]:
        """What is wrong, as finding keys with their severity."""
        if self.suspended:
            yield f"{SUSPENDED}|{SECOND_SKU}|", "critical"
        for line in self.accounts.values():
            reach: Severity = "critical" if line.id in self.numbers else "warning"
            if line.unlicensed:
                yield f"{UNLICENSED}|{line.id}|", reach
            if line.unusable:
                yield f"{UNUSABLE}|{line.id}|", reach
            if line.double:
                yield f"{DOUBLE}|{line.id}|", "warning"
            if line.sign_in:
                yield f"{SIGN_IN}|{line.id}|", "warning"
            if self.numbers.get(line.id):
                yield f"{NUMBER_FAILED}|{line.id}|{line.digits}", "critical"
