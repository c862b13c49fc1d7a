"""A resource account that holds a licence and answers nothing."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.assignment import Mending, by_one_call, directly_held, leave_groups
from shared.rules.commands import LicenceChange
from shared.rules.listing import is_listed
from shared.rules.naming import licence_names
from shared.rules.reach import number_evidence
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot
from shared.voice.references import references


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Listed accounts with a licence, and with no number, no association and no part in a queue's outgoing calls."""
    if _not_known(snapshot):
        return
    in_use = _in_use(snapshot)
    for account in snapshot.resource_accounts:
        held = snapshot.resource_account_skus_of(account)
        if not held or account.id in in_use or not is_listed(snapshot, account) or snapshot.is_third_party(account):
            continue
        mending = _mending(snapshot, account, held)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"It holds {licence_names(snapshot, held)} and answers nothing: no number leads to it, and it is "
            "associated with no attendant and no queue.",
            remedy=mending.remedy,
            evidence={"resource_account_licences": list(held)} | number_evidence(snapshot, account),
            commands=mending.commands,
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """Whether the account holds a licence, and what shows it to be in use."""
    held = snapshot.resource_account_skus_of(account)
    if not held:
        return "Holds no resource-account licence."
    if snapshot.lines is None or not is_listed(snapshot, account):
        return f"Holds {licence_names(snapshot, held)}; no voice export tells whether it is in use."
    if snapshot.is_third_party(account):
        return f"Holds {licence_names(snapshot, held)}, which another vendor's application needs."
    used = "is in use" if account.id in _in_use(snapshot) else "has no number and no association"
    return f"Holds {licence_names(snapshot, held)}, and {used}."


def _not_known(snapshot: Snapshot) -> str:
    """Why nothing can be said: where Graph's numbers are old, one may have been given to the account since."""
    return snapshot.why_not_usable("numbers") if snapshot.has_old_numbers else ""


def _in_use(snapshot: Snapshot) -> frozenset[str]:
    """The accounts to which a number was given, in whatever state, that stand for an app, or to which one refers.

    An account by which agents call out needs its licence even without a number, with direct routing (Microsoft Learn,
    "Plan for Teams Auto attendants and Call queues"). An association with what no longer exists is one still: somebody
    should look before its licence is taken.
    """
    lines = snapshot.lines
    if lines is None:
        return frozenset()
    numbered = {number.target for number in snapshot.numbers if number.target is not None}
    associated = {account for accounts in lines.graph.accounts_by_app.values() for account in accounts}
    referred_to = {each.id for each in references(lines.export) if each.kind == "account"}
    return frozenset(numbered | associated | referred_to)


def _mending(snapshot: Snapshot, account: Account, held: tuple[str, ...]) -> Mending:
    direct, groups = directly_held(account, held), leave_groups(snapshot, account, held)
    if not direct:
        return Mending(f"{RULE.remedy} {groups}")
    how = " ".join(filter(None, (RULE.remedy, groups, groups and "On the account:")))
    return by_one_call(snapshot, account, LicenceChange(remove=direct), how)


RULE = Rule(
    id="resource-account-licence-unused",
    family="accounts",
    severity="info",
    title="Licence on a resource account that is not used",
    holds_when="a resource account that is no other vendor's holds a licence, and has no number and no "
    "association; not while Graph's numbers are known and not read recently",
    reads=frozenset({"licences", "accounts", "voice"}),
    why="The licence counts as assigned, and another line may need it.",
    remedy="Is the account kept for a line to come? Then nothing is to be done. Else take the licence back:",
    link=LICENCE_RULE_PAGE,
    check=check,
    sharpened_by=frozenset({"numbers"}),
    reading=reading,
    judged_in_part=_not_known,
)
