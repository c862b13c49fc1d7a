"""What a rule is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Literal

import msgspec

from shared.model.directory import Account
from shared.model.finding import Finding, Severity, Topic
from shared.model.sources import Source
from shared.rules.snapshot import Snapshot

Family = Literal["accounts", "allocation", "lines", "monitor"]
Check = Callable[[Snapshot], Iterable[Finding]]
Reading = Callable[[Snapshot, Account], str]

LICENCE_RULE_PAGE = "https://learn.microsoft.com/microsoftteams/teams-add-on-licensing/virtual-user"
RESOURCE_ACCOUNT_PAGE = "https://learn.microsoft.com/microsoftteams/manage-resource-accounts"
LICENCE_ERRORS_PAGE = "https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems"
SERVICE_PLANS_PAGE = "https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference"
WORKFLOWS_PAGE = (
    "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook"
)
PERMISSIONS_PAGE = "https://learn.microsoft.com/graph/permissions-reference"
SUBSCRIPTION_PAGE = "https://learn.microsoft.com/graph/api/resources/subscription"


SETTLING = timedelta(minutes=10)
"""For how long a licence that was changed, or an object that was made, may look wrong in one replica or another."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's metadata and its check; `docs/rules.md` is made of these.

    `holds_when` says when, as the end of a sentence. `severity` is what it usually finds; `severity_varies` says by
    what a finding is worse or milder. `reads` are the sources that must have been read completely and recently for it
    to say anything, either way; `sharpened_by` are those that it uses where they are known. `reading` tells of one
    account what the rule looks at, for rules about accounts. `judged_in_part` tells why it cannot judge all that it
    is about now, or nothing: what it finds then counts, and that it does not find something shows nothing. `pending`
    is for how long a finding that is no outage must hold before it counts, because what it rests on settles slowly.
    """

    id: str
    family: Family
    severity: Severity
    title: str
    holds_when: str
    reads: frozenset[Source]
    why: str
    remedy: str
    link: str
    check: Check
    severity_varies: str = ""
    sharpened_by: frozenset[Source] = frozenset()
    reading: Reading | None = None
    pending: timedelta = timedelta(0)
    judged_in_part: Callable[[Snapshot], str] | None = None

    @property
    def topic(self) -> Topic:
        """What its findings are filed under."""
        return Topic(self.family, self.title, self.link)
