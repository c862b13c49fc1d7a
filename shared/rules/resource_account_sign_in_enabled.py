"""A resource account that people can sign in with."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.commands import sign_in_commands
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts whose sign-in is not blocked."""
    for account in snapshot.resource_accounts:
        if account.enabled:
            commands = sign_in_commands(snapshot, account)
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("resource_account", account.id, account.name),
                summary="Sign-in is allowed: whoever knows or resets its password can use the account.",
                remedy=f"{RULE.remedy} {commands.powershell}",
                evidence={"enabled": True},
                commands=commands,
            )


@of_resource_accounts
def reading(_: Snapshot, account: Account) -> str:
    """Whether sign-in is blocked."""
    if account.enabled is None:
        return "Whether sign-in is allowed is not known."
    return "Sign-in is allowed." if account.enabled else "Sign-in is blocked."


RULE = Rule(
    id="resource-account-sign-in-enabled",
    family="accounts",
    severity="warning",
    title="Resource account that allows sign-in",
    holds_when="sign-in is not blocked",
    reads=frozenset({"accounts"}),
    why="Nobody signs in as an attendant or queue: an open sign-in serves only attackers, and calls do not need it.",
    remedy="Block its sign-in; the line keeps answering:",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    reading=reading,
)
