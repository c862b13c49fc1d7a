"""A resource account whose licences were swapped in two saves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.model.history import Swap
from shared.rules.reach import named, number_evidence, stands_for, with_numbers
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that were without a phone plan between a phone licence and the resource-account licence."""
    for account in snapshot.resource_accounts:
        swap = open_swap(snapshot, account)
        if swap is None:
            continue
        on_a_line = snapshot.reach(account) == "line"
        yield Finding(
            rule=RULE.id,
            severity="critical" if on_a_line else RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"Its licences were swapped in two saves: none from {swap.nothing_since:%Y-%m-%d %H:%M} to "
            f"{swap.licensed_at:%Y-%m-%d %H:%M} UTC. It may never answer again, though all looks right"
            f"{stands_for(snapshot, account)}{with_numbers(snapshot, account)}.",
            remedy=_remedy(snapshot, account),
            evidence={
                "nothing_since": f"{swap.nothing_since:%Y-%m-%dT%H:%M:%SZ}",
                "licensed_at": f"{swap.licensed_at:%Y-%m-%dT%H:%M:%SZ}",
            }
            | number_evidence(snapshot, account),
        )


def open_swap(snapshot: Snapshot, account: Account) -> Swap | None:
    """The account's swap with a gap, if no test call was confirmed and its line has not moved to another account."""
    history = snapshot.state.licence_histories.get(account.id)
    swap = history.swap if history is not None else None
    if swap is None or swap.confirmed is not None or _has_moved(snapshot, account, swap):
        return None
    return swap


def _has_moved(snapshot: Snapshot, account: Account, swap: Swap) -> bool:
    """Whether another account has its numbers, and stands for its attendants and queues, and this one does not."""
    if not swap.numbers and not swap.apps:
        return False
    leads_to = _leads_to(snapshot)
    stand_for = snapshot.lines.graph.accounts_by_app if snapshot.lines is not None else {}
    return all(leads_to.get(number) not in {None, account.id} for number in swap.numbers) and all(
        stand_for.get(app) and account.id not in stand_for[app] for app in swap.apps
    )


@lru_cache(maxsize=1)
def _leads_to(snapshot: Snapshot) -> dict[str, str | None]:
    """Which resource account each number leads to; of the last snapshot, for all its accounts."""
    return {number.number: number.target for number in snapshot.numbers if number.reaches_an_account}


def _remedy(snapshot: Snapshot, account: Account) -> str:
    numbers = snapshot.numbers_of(account)
    call = f"Call {named(numbers)}" if numbers else "Call the attendant or queue on this account"
    return f"{call}. {RULE.remedy} linekeeper confirm {account.id}"


def _reading(snapshot: Snapshot, account: Account) -> str:
    history = snapshot.state.licence_histories.get(account.id)
    if history is None or not history.changes:
        return "Nothing is remembered of its licences yet."
    changes = ", ".join(
        f"{each.held.replace('_', ' ')} since {each.since:%Y-%m-%d %H:%M} UTC" for each in history.changes[-3:]
    )
    confirmed = history.swap.confirmed if history.swap is not None else None
    call = f" A test call was confirmed at {confirmed:%Y-%m-%d %H:%M} UTC." if confirmed is not None else ""
    return f"Phone plans seen: {changes}.{call}"


RULE = Rule(
    id="resource-account-two-step-swap",
    family="accounts",
    severity="warning",
    title="Resource account swapped in two saves",
    holds_when="the account was seen with a phone plan, then without any, and within 30 days with the resource-account "
    "plan; until a test call is confirmed, the account is deleted, or its line has moved to another account",
    reads=frozenset({"licences", "accounts"}),
    why="Microsoft warns that such an account may never work again, and its licences look right: only a call tells.",
    remedy="If nobody answers: make a new resource account, license it, move the number and the attendant or queue to "
    "it, and delete this one. If it answers, end this finding:",
    link=LICENCE_RULE_PAGE,
    check=check,
    severity_varies="critical on a line",
    sharpened_by=frozenset({"numbers", "voice"}),
    reading=_reading,
)
