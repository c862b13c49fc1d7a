"""A resource account that people can sign in with."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts whose sign-in is not blocked."""
    for account in snapshot.resource_accounts:
        if account.enabled:
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("resource_account", account.id, account.name),
                summary="Sign-in is allowed: whoever knows or resets its password can use the account.",
                remedy=f"{RULE.remedy} Update-MgUser -UserId '{account.id}' -AccountEnabled:$false",
                evidence={"enabled": True},
            )


RULE = Rule(
    id="resource-account-sign-in-enabled",
    family="accounts",
    severity="warning",
    title="Resource account that allows sign-in",
    reads=frozenset({"accounts"}),
    why="Nobody signs in as an attendant or queue: an open sign-in serves only attackers, and calls do not need it.",
    remedy="Block its sign-in; the line keeps answering:",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
)
