"""What the rules make of one account: what each of them read, as of when, and whether it held. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from shared.model.directory import Account, Departed
from shared.model.finding import Severity
from shared.model.sources import SOURCES, Source
from shared.rules.engine import evaluate
from shared.rules.naming import licence_name
from shared.rules.rule import Rule
from shared.rules.setup import Step, setup_steps
from shared.rules.snapshot import Snapshot

Kind = Literal["resource_account", "person", "deleted"]
VerdictState = Literal["holds", "does_not_hold", "skipped"]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An account as people ask for it.

    `evidence` is what makes it a resource account, or how it was deleted. `licences` are part numbers, ids where
    nobody lists the SKU; `enabled` is whether it may sign in. What is None is not known. `as_of` is when the
    read of it began (UTC).
    """

    id: str
    name: str
    upn: str = ""
    kind: Kind
    evidence: tuple[str, ...] = ()
    licences: tuple[str, ...] | None = None
    usage_location: str | None = None
    enabled: bool | None = None
    numbers: tuple[str, ...] | None = None
    created: datetime | None = None
    as_of: datetime


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule says of the account.

    `why` is the finding's summary where it holds, what the rule looked at where it does not, and what could not be
    read where it was skipped. `as_of` is the last complete read of each source that it looks at (UTC).
    """

    rule: str
    state: VerdictState
    severity: Severity | None = None
    why: str
    remedy: str = ""
    as_of: dict[Source, datetime]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One account, explained. A person has no `steps`: they are those of a line."""

    account: Described
    rules: tuple[Verdict, ...]
    steps: tuple[Step, ...]


def explain(snapshot: Snapshot, account: Account | Departed, rules: Iterable[Rule]) -> Explanation:
    """What the rules about single accounts make of one, which is among the snapshot's accounts or was deleted."""
    described = describe(snapshot, account)
    verdicts = tuple(verdict for rule in rules if (verdict := _verdict(rule, snapshot, account)) is not None)
    steps: tuple[Step, ...] = ()
    if described.kind == "resource_account" or account.id in snapshot.state.departed:
        steps = setup_steps(snapshot, account, {each.rule: each.remedy for each in verdicts if each.remedy})
    return Explanation(account=described, rules=verdicts, steps=steps)


def describe(snapshot: Snapshot, account: Account | Departed) -> Described:
    """Who it is, and by what that is known."""
    leading = snapshot.numbers_by_target.get(account.id, ())
    # A number whose assignment failed leads nowhere, and stands beside the account.
    beside = (each for each in snapshot.numbers if each.target == account.id)
    numbers = tuple(dict.fromkeys(each.number for each in (*leading, *beside))) if snapshot.knows_numbers else None
    if isinstance(account, Departed):
        fate = "can be restored until 30 days after its deletion" if account.restorable else "cannot be restored"
        return Described(
            id=account.id,
            name=account.name,
            kind="deleted",
            evidence=(fate,),
            numbers=numbers,
            as_of=account.read_at,
        )
    marker = ("department marker",) if account.has_department_marker else ()
    listed = ("listed by Teams",) if snapshot.lines is not None and account.id in snapshot.lines.instances else ()
    evidence = (*marker, *listed, *(f"number {each.number}" for each in leading))
    is_line = any(each.id == account.id for each in snapshot.resource_accounts)
    return Described(
        id=account.id,
        name=account.name,
        upn=account.upn,
        kind="resource_account" if is_line else "person",
        evidence=evidence if is_line else (),
        licences=tuple(sorted(licence_name(snapshot, sku_id) for sku_id in account.sku_ids)),
        usage_location=account.usage_location,
        enabled=account.enabled,
        numbers=numbers if is_line else None,  # those of people are not read
        created=account.created,
        as_of=account.read_at,
    )


def _verdict(rule: Rule, snapshot: Snapshot, account: Account | Departed) -> Verdict | None:
    """What a rule says of the account; None of a rule that is not about single accounts."""
    evaluation = evaluate((rule,), snapshot)
    found = [finding for finding in evaluation.findings if finding.subject.id == account.id]
    if not found and rule.family != "accounts" and rule.reading is None:
        return None
    as_of = {
        source: known
        for source in SOURCES
        if source in rule.reads | rule.sharpened_by and (known := snapshot.state.source(source).complete_as_of)
    }
    if found:
        # Worst first, as the engine orders them.
        return Verdict(
            rule=rule.id,
            state="holds",
            severity=found[0].severity,
            why=" ".join(dict.fromkeys(finding.summary for finding in found)),
            remedy=" ".join(dict.fromkeys(finding.remedy for finding in found)),
            as_of=as_of,
        )
    if evaluation.skipped:
        why = evaluation.skipped[0].why
        return Verdict(rule=rule.id, state="skipped", why=f"{why[:1].upper()}{why[1:]}.", as_of=as_of)
    return Verdict(rule=rule.id, state="does_not_hold", why=_reading(rule, snapshot, account), as_of=as_of)


def _reading(rule: Rule, snapshot: Snapshot, account: Account | Departed) -> str:
    if isinstance(account, Departed):
        return "It is deleted."
    return rule.reading(snapshot, account) if rule.reading is not None else "Does not hold."
