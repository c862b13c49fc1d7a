"""What is still to be ordered or bought for accounts, and under which name, by the policy that applies.

Source: Microsoft Docs, "Phone System - Virtual User licenses" of 27 April 2020, under which a line beyond the free
allocation takes a paid Phone System user licence; since August 2022 it takes a resource-account licence.
"""

from __future__ import annotations

import msgspec

from shared.licensing.ledger import Allocation, from_totals
from shared.licensing.plans import PHONE_PLANS
from shared.licensing.policy import POLICIES
from shared.rules.snapshot import Snapshot

RESOURCE_ACCOUNT_LICENCE = "Teams Phone Resource Account licence"
USER_LICENCE = "Phone System user licence"


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """What accounts lack that no licence covers yet.

    `needed` accounts must hold a licence; `on_phone_licence` of them make do with a user's that works, which the policy
    accepts, and are in neither `free_to_claim` nor `to_buy`.
    """

    needed: int
    on_phone_licence: int
    free_to_claim: int
    to_buy: int


def shortfall(snapshot: Snapshot) -> Shortfall:
    """The shortfall of this moment: that of the ledger, without the accounts that a phone licence serves."""
    ledger, served = snapshot.allocation, _on_phone_licence(snapshot)
    without = from_totals(
        snapshot.policy,
        qualifying=ledger.qualifying,
        owned=ledger.owned,
        assigned=ledger.assigned,
        needed=ledger.needed - served,
    )
    return Shortfall(
        needed=ledger.needed,
        on_phone_licence=served,
        free_to_claim=without.free_to_claim,
        to_buy=without.to_buy,
    )


def licence_to_buy(ledger: Allocation) -> str:
    """What is bought for an account beyond the allocation; a site that decides otherwise buys today's licence."""
    policy = POLICIES.get(ledger.policy)
    decided = any(each.startswith("accepts_phone_licence ") for each in ledger.overrides)
    users = policy is not None and policy.accepts_phone_licence and not decided
    return USER_LICENCE if users else RESOURCE_ACCOUNT_LICENCE


def counted(number: int, noun: str) -> str:
    """How many of a thing: `1 licence`, `5 licences`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _on_phone_licence(snapshot: Snapshot) -> int:
    if not snapshot.policy.accepts_phone_licence:
        return 0
    return sum(
        snapshot.must_be_licensed(account)
        and not snapshot.holds_resource_account_plan(account)
        and snapshot.has_usable_plan(account, PHONE_PLANS)
        for account in snapshot.resource_accounts
    )
