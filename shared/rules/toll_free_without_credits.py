"""A toll-free number whose calls nothing pays for."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.plans import COMMUNICATIONS_CREDITS, PAY_AS_YOU_GO
from shared.model.directory import Account, AssignedLicence
from shared.model.finding import Finding, Subject
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.rules.assignment import Mending, by_one_call
from shared.rules.commands import LicenceChange
from shared.rules.naming import licence_name, licence_names
from shared.rules.reach import named
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import Rule
from shared.rules.snapshot import USABLE, Snapshot
from shared.voice.toll_free import is_toll_free

CREDITS_PAGE = "https://learn.microsoft.com/microsoftteams/what-are-communications-credits"
PAYING_PLANS = COMMUNICATIONS_CREDITS | PAY_AS_YOU_GO

_CALLING_PLAN = "callingplan"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts with a toll-free number of Microsoft's, and without a plan that its calls are charged to."""
    for account in snapshot.resource_accounts:
        numbers = _toll_free(snapshot, account)
        if not numbers or snapshot.is_third_party(account) or snapshot.has_usable_plan(account, PAYING_PLANS):
            continue
        mending = _mending(snapshot, account)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"Nothing pays for calls to the toll-free {named(numbers)}: no Communications Credits and no "
            "pay-as-you-go calling plan work on the account.",
            remedy=mending.remedy,
            evidence={
                "toll_free_numbers": [number.number for number in numbers],
                "licences": sorted(account.sku_ids),
            },
            commands=mending.commands,
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """The account's toll-free numbers from Microsoft, and whether a plan pays for their calls."""
    if not snapshot.knows_numbers:
        return "Its numbers are not known."
    numbers = _toll_free(snapshot, account)
    if not numbers:
        return "Has no toll-free number of a Microsoft calling plan."
    if snapshot.has_usable_plan(account, PAYING_PLANS):
        return f"Has the toll-free {named(numbers)}, and a plan that pays for its calls."
    return f"Has the toll-free {named(numbers)}, and neither Communications Credits nor a pay-as-you-go calling plan."


def _toll_free(snapshot: Snapshot, account: Account) -> list[PhoneNumber]:
    """Those that Microsoft bills by the minute; of others' numbers, other carriers do."""
    numbers = snapshot.numbers_of(account)
    return [each for each in numbers if each.kind.casefold() == _CALLING_PLAN and is_toll_free(each.number)]


def _mending(snapshot: Snapshot, account: Account) -> Mending:
    held = [sku_id for sku_id in sorted(account.sku_ids) if (sku := snapshot.skus.get(sku_id)) and _pays(sku)]
    if held:
        return Mending(f"Make the plan of {licence_names(snapshot, held)} work: it is switched off or out of force.")
    spare = [sku for sku in snapshot.state.skus if _pays(sku) and _can_be_assigned(sku)]
    if not spare:
        return Mending(
            f"{RULE.remedy} order Communications Credits with funds, or a pay-as-you-go calling plan (Microsoft 365 "
            "admin center: Billing > Purchase services), and assign it to the account."
        )
    chosen = min(spare, key=lambda sku: (not sku.plan_ids & COMMUNICATIONS_CREDITS, sku.id))
    change = LicenceChange(add=(AssignedLicence(chosen.id),))
    return by_one_call(
        snapshot,
        account,
        change,
        f"{RULE.remedy} assign {licence_name(snapshot, chosen.id)}, and see that it has funds:",
    )


def _pays(sku: Sku) -> bool:
    return bool(sku.plan_ids & PAYING_PLANS)


def _can_be_assigned(sku: Sku) -> bool:
    return sku.status in USABLE and sku.enabled + sku.warning > sku.consumed


RULE = Rule(
    id="toll-free-without-credits",
    family="lines",
    severity="warning",
    title="Toll-free number without credits",
    holds_when="a toll-free number of a Microsoft calling plan leads to a resource account with neither a usable "
    "Communications Credits plan nor a usable pay-as-you-go calling plan",
    reads=frozenset({"licences", "accounts", "numbers"}),
    why="Who is called pays for a toll-free call, by the minute: with nothing to pay from, it may not connect.",
    remedy="Let something pay for the calls:",
    link=CREDITS_PAGE,
    check=check,
    sharpened_by=frozenset({"voice"}),
    reading=reading,
)
