"""What a rule is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from shared.model.finding import Finding, Severity, Topic
from shared.model.sources import Source
from shared.rules.snapshot import Snapshot

Family = Literal["accounts", "allocation", "lines", "monitor"]
Check = Callable[[Snapshot], Iterable[Finding]]

LICENCE_RULE_PAGE = "https://learn.microsoft.com/microsoftteams/teams-add-on-licensing/virtual-user"
RESOURCE_ACCOUNT_PAGE = "https://learn.microsoft.com/microsoftteams/manage-resource-accounts"
LICENCE_ERRORS_PAGE = "https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems"
PERMISSIONS_PAGE = "https://learn.microsoft.com/graph/permissions-reference"
SUBSCRIPTION_PAGE = "https://learn.microsoft.com/graph/api/resources/subscription"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's metadata and its check.

    `severity` is what it usually finds; a finding may be worse or milder by what depends on it. `reads` are the
    sources that must have been read completely and recently for it to say anything, either way.
    """

    id: str
    family: Family
    severity: Severity
    title: str
    reads: frozenset[Source]
    why: str
    remedy: str
    link: str
    check: Check

    @property
    def topic(self) -> Topic:
        """What its findings are filed under."""
        return Topic(self.family, self.title, self.link)
