"""An account that was a resource account to the directory or to Teams, and is none to it any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account
from shared.model.finding import Evidence, Finding, Subject
from shared.rules.commands import department_commands
from shared.rules.listing import RESOURCE_ACCOUNTS, dropped, is_listed, listed_at
from shared.rules.naming import person_name
from shared.rules.reach import named, number_evidence
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Live users that lost Teams' department marker, and accounts with the marker that Teams does not list.

    Of the latter only a complete and recent export tells.
    """
    for account in snapshot.people:
        if account.marked_until is not None:
            yield _unmarked(snapshot, account, account.marked_until)
    at = listed_at(snapshot)
    if at is not None and not snapshot.why_not_usable("voice"):
        marked = (account for account in dropped(snapshot) if account.has_department_marker)
        yield from (_unlisted(snapshot, account, at) for account in marked)


def judged_in_part(snapshot: Snapshot) -> str:
    """Why it cannot be told now whether Teams lists the accounts; nothing where it never told, or is not asked."""
    if listed_at(snapshot) is None or "voice" not in snapshot.intervals:
        return ""
    return snapshot.why_not_usable("voice")


def _unmarked(snapshot: Snapshot, account: Account, until: datetime) -> Finding:
    commands = department_commands(snapshot, account, RESOURCE_ACCOUNT_DEPARTMENT)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=Subject("resource_account", account.id, account.name),
        summary=f"Was a resource account until {until:%Y-%m-%d %H:%M} UTC: the department "
        "marker is gone, and its lines are no longer watched.",
        remedy=f"{RULE.remedy} {commands.powershell}",
        evidence={
            "marked_until": f"{until:%Y-%m-%dT%H:%M:%SZ}",
            "department": account.department or "",
        },
        commands=commands,
    )


def _unlisted(snapshot: Snapshot, account: Account, at: datetime) -> Finding:
    licensed = snapshot.holds_resource_account_plan(account)
    held = "though it holds the licence" if licensed else "and it holds no resource-account licence"
    told: Evidence = {"exported_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "licensed": licensed}
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=Subject("resource_account", account.id, account.name),
        summary=f"Teams does not list it, {held}: the export of {at:%Y-%m-%d %H:%M} UTC leaves it out.",
        remedy=(_LOOK_IT_UP if licensed else _LICENSE_IT).format(f"{RESOURCE_ACCOUNTS} > {person_name(account)}"),
        evidence=told | number_evidence(snapshot, account),
    )


def reading(snapshot: Snapshot, account: Account) -> str:
    """Whether the account has Teams' department marker, and what else shows it to be a resource account."""
    if account.has_department_marker:
        return f"Has Teams' department marker{_listing(snapshot, account)}."
    marker = f"lost it at {account.marked_until:%Y-%m-%d %H:%M} UTC" if account.marked_until else "never seen with it"
    numbers = snapshot.numbers_of(account)
    line = f"; {named(numbers)} leads to it" if numbers else ""
    return f"Has no department marker of Teams ({marker}){line}."


def _listing(snapshot: Snapshot, account: Account) -> str:
    at = listed_at(snapshot)
    if at is None:
        return ""
    listed = "lists it" if is_listed(snapshot, account) else "does not list it"
    return f"; the export of {at:%Y-%m-%d %H:%M} UTC {listed}"


_LICENSE_IT = "Give it the licence first, as the finding about its licence says; then look whether it is back: {}."
_LOOK_IT_UP = (
    "Look for it: {}. Where it is missing too, Sync-CsOnlineApplicationInstance lets Teams take it over from the "
    "directory again; then call its line."
)


RULE = Rule(
    id="resource-account-vanished",
    family="accounts",
    severity="warning",
    title="Resource account that vanished",
    holds_when="a live user lost Teams' department marker less than 30 days ago, and no known number leads to it; or "
    "an account has the marker, and a complete export, made a day or more after its creation and after it was first "
    "seen, does not list it",
    reads=frozenset({"accounts"}),
    why="Anybody who may edit users can change a department, and Teams drops accounts without a licence from its list: "
    "what their lines then lack would go unnoticed.",
    remedy="Is it a person now? Then nothing is to be done. Else set the department back to "
    f'"{RESOURCE_ACCOUNT_DEPARTMENT}":',
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    sharpened_by=frozenset({"voice"}),
    reading=reading,
    judged_in_part=judged_in_part,
)
