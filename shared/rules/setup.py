"""The steps by which a line comes into being, and how far an account has come.

Source: Microsoft Learn, "Manage resource accounts for service numbers": obtain licences, create the resource account,
assign the licence, assign a number, associate the account with an auto attendant or call queue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from shared.licensing.plans import PHONE_PLANS, RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account, Departed
from shared.model.numbers import FAILED_ACTIVATIONS
from shared.model.sources import REQUIRED, Source
from shared.model.voice import AutoAttendant
from shared.rules.assignment import licences_to_add
from shared.rules.naming import licence_names, one_line
from shared.rules.powershell import restore_deleted
from shared.rules.reach import named
from shared.rules.resource_account_unlicensed import unknown_licences
from shared.rules.shortfall import RESOURCE_ACCOUNT_LICENCE, licence_to_buy
from shared.rules.snapshot import Snapshot
from shared.voice.references import App

StepName = Literal["licence_obtained", "account_created", "licensed", "number_assigned", "associated"]
StepState = Literal["done", "missing", "not_known"]

LICENCE = RESOURCE_ACCOUNT_LICENCE
_PHONE_LICENCE = "resource-account-phone-licence"
_LICENCE_RULES = ("resource-account-plan-unusable", _PHONE_LICENCE, "resource-account-unlicensed")
"""The rules that say why a licence does not let an account answer; of one account one at most holds."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step. `next` is what to do, and stands at the first missing step alone: the later ones wait for it."""

    step: StepName
    state: StepState
    why: str
    next: str = ""


def setup_steps(snapshot: Snapshot, account: Account | Departed, remedies: Mapping[str, str]) -> tuple[Step, ...]:
    """How far a line has come. `remedies` are those of the rules that hold for the account, by rule id."""
    return tuple(_next_at_first_missing(_steps(snapshot, account, remedies)))


def _steps(snapshot: Snapshot, account: Account | Departed, remedies: Mapping[str, str]) -> Iterator[Step]:
    if isinstance(account, Departed):
        yield _spare_licence(snapshot)
        yield _gone(account)
        yield Step(step="licensed", state="not_known", why="What a deleted account held is not read.")
    else:
        yield _obtained(snapshot, account)
        yield _created(snapshot, account)
        yield _licensed(snapshot, account, remedies)
    yield _number(snapshot, account)
    yield _associated(snapshot, account)


def _next_at_first_missing(steps: Iterator[Step]) -> Iterator[Step]:
    pointed_out = False
    for step in steps:
        yield msgspec.structs.replace(step, next="") if pointed_out else step
        pointed_out = pointed_out or step.state == "missing"


def _obtained(snapshot: Snapshot, account: Account) -> Step:
    held = snapshot.resource_account_skus_of(account)
    if held:
        return Step(step="licence_obtained", state="done", why=f"It holds {licence_names(snapshot, held)}.")
    if _needs_no_resource_account_licence(snapshot, account):
        return Step(step="licence_obtained", state="done", why=f"None is needed under the policy {snapshot.policy.id}.")
    return _spare_licence(snapshot, account)


def _spare_licence(snapshot: Snapshot, account: Account | None = None) -> Step:
    obstacle = _obstacle(snapshot, *REQUIRED)
    if obstacle:
        return Step(step="licence_obtained", state="not_known", why=obstacle)
    ledger = snapshot.allocation
    all_given = account is not None and bool(licences_to_add(snapshot)[account.id].first)
    if snapshot.unassigned and not all_given:
        why = f"{snapshot.unassigned} of {ledger.owned} owned licences are to spare."
        return Step(step="licence_obtained", state="done", why=why)
    if ledger.owned < ledger.entitled:
        order = f"Order one more {LICENCE} in the Microsoft 365 admin center: up to {ledger.entitled} cost nothing."
    else:
        order = (
            f"Take a {LICENCE} back from an account that does not need it, or buy a {licence_to_buy(ledger)}: "
            f"the allocation covers {ledger.entitled}, and {ledger.owned} are owned."
        )
    why = f"All {ledger.owned} owned licences are assigned." if ledger.owned else f"No {LICENCE} is owned."
    if snapshot.unassigned:
        why = f"The {snapshot.unassigned} of {ledger.owned} owned licences to spare are for other accounts without one."
    return Step(step="licence_obtained", state="missing", why=why, next=order)


def _created(snapshot: Snapshot, account: Account) -> Step:
    obstacle = _obstacle(snapshot, "accounts")
    if obstacle:
        return Step(step="account_created", state="not_known", why=obstacle)
    why = f"On {account.created:%Y-%m-%d %H:%M} UTC." if account.created else "It exists."
    return Step(step="account_created", state="done", why=why)


def _gone(departed: Departed) -> Step:
    if departed.restorable:
        return Step(
            step="account_created",
            state="missing",
            why="It is deleted, and can be restored until 30 days after that.",
            next=f"Restore it: {restore_deleted(departed.id)}",
        )
    return Step(
        step="account_created",
        state="missing",
        why="It is deleted for good.",
        next="Create a resource account anew, and give it the licence, the number and the attendant or queue.",
    )


def _licensed(snapshot: Snapshot, account: Account, remedies: Mapping[str, str]) -> Step:
    obstacle = _obstacle(snapshot, *REQUIRED)
    if obstacle:
        return Step(step="licensed", state="not_known", why=obstacle)
    held, phone = snapshot.resource_account_skus_of(account), snapshot.phone_skus_of(account)
    if snapshot.has_usable_plan(account, RESOURCE_ACCOUNT_PLANS):
        return Step(step="licensed", state="done", why=f"By {licence_names(snapshot, held)}, whose plan works.")
    if phone and not held and snapshot.has_usable_plan(account, PHONE_PLANS):
        return Step(step="licensed", state="done", why=_by_phone_licence(snapshot, phone, remedies))
    if not snapshot.must_be_licensed(account):
        why = f"No licence is needed without a number under the policy {snapshot.policy.id}."
        return Step(step="licensed", state="done", why=why)
    todo = next((remedies[rule] for rule in _LICENCE_RULES if rule in remedies), f"Assign the {LICENCE}.")
    return Step(step="licensed", state="missing", why=_why_not_licensed(snapshot, account), next=todo)


def _why_not_licensed(snapshot: Snapshot, account: Account) -> str:
    held, phone = snapshot.resource_account_skus_of(account), snapshot.phone_skus_of(account)
    if held or phone:
        also = f"; {licence_names(snapshot, phone)} is a Teams Phone licence for people" if held and phone else ""
        names = licence_names(snapshot, held or phone)
        return f"{names} is assigned, and its plan is switched off or out of force{also}."
    unknown = unknown_licences(snapshot, account)
    if unknown:
        return f"{licence_names(snapshot, unknown)} is assigned, and whether it has a phone plan in it is not known."
    return "No licence is assigned."


def _by_phone_licence(snapshot: Snapshot, phone: tuple[str, ...], remedies: Mapping[str, str]) -> str:
    by = f"By {licence_names(snapshot, phone)}, a Teams Phone licence for people"
    if snapshot.policy.accepts_phone_licence:
        return f"{by}, which the policy {snapshot.policy.id} accepts."
    return f"{by}: the rule {_PHONE_LICENCE} says what to do." if _PHONE_LICENCE in remedies else f"{by}."


def _number(snapshot: Snapshot, account: Account | Departed) -> Step:
    leading = snapshot.numbers_by_target.get(account.id, ())
    failed = [each for each in snapshot.numbers if each.target == account.id and each.activation in FAILED_ACTIVATIONS]
    if failed:
        return Step(
            step="number_assigned",
            state="missing",
            why=f"{failed[0].number} is in the state {failed[0].activation}.",
            next="Take the number from the account and assign it again in the Teams admin center, then call it.",
        )
    if leading:
        return Step(step="number_assigned", state="done", why=f"{named(leading)}.")
    obstacle = _obstacle(snapshot, "numbers")
    if obstacle:
        return Step(step="number_assigned", state="not_known", why=obstacle)
    return Step(
        step="number_assigned",
        state="missing",
        why="No number leads to it; a line that only another attendant or queue leads to needs none.",
        next="Is it to be dialled? Then assign a number to it in the Teams admin center, under Resource accounts.",
    )


def _associated(snapshot: Snapshot, account: Account | Departed) -> Step:
    lines = snapshot.lines
    apps = lines.apps_by_account.get(account.id, ()) if lines is not None else ()
    if apps:
        return Step(step="associated", state="done", why=f"It stands for {', '.join(map(_app_name, apps))}.")
    obstacle = _obstacle(snapshot, "voice")
    if obstacle or lines is None:
        return Step(step="associated", state="not_known", why=obstacle)
    if isinstance(account, Account) and snapshot.is_third_party(account):
        why = "Another vendor's application answers on it: it stands for no attendant or queue."
        return Step(step="associated", state="done", why=why)
    if lines.export.associations is None or lines.export.attendants is None or lines.export.queues is None:
        why = "The voice export does not hold everything that would tell."
        return Step(step="associated", state="not_known", why=why)
    is_associated = account.id in lines.associations
    return Step(
        step="associated",
        state="missing",
        why=f"It stands for no attendant or queue{' that exists' if is_associated else ''}.",
        next="Associate it with an auto attendant or a call queue in the Teams admin center, under Resource accounts.",
    )


def _app_name(app: App) -> str:
    kind = "auto attendant" if isinstance(app, AutoAttendant) else "call queue"
    return f"the {kind} {one_line(app.name) or app.id}"


def _needs_no_resource_account_licence(snapshot: Snapshot, account: Account) -> bool:
    if not snapshot.must_be_licensed(account):
        return True
    return snapshot.policy.accepts_phone_licence and bool(snapshot.phone_skus_of(account))


def _obstacle(snapshot: Snapshot, *sources: Source) -> str:
    """Why a step cannot be told, as a sentence; empty where it can."""
    reasons = [why.rstrip(".") for source in sources if (why := snapshot.why_not_usable(source))]
    text = "; ".join(reasons)
    return f"{text[0].upper()}{text[1:]}." if text else ""
