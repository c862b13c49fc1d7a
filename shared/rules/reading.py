"""What the rules look at on one account, said whether they hold or not: shared words of the rules' readings."""

from __future__ import annotations

from shared.model.directory import Account
from shared.rules.naming import licence_names
from shared.rules.rule import Reading
from shared.rules.snapshot import Snapshot

NO_RESOURCE_ACCOUNT = "Is no resource account."


def is_resource_account(snapshot: Snapshot, account: Account) -> bool:
    """Whether the snapshot takes the account for a resource account."""
    return any(each.id == account.id for each in snapshot.resource_accounts)


def of_resource_accounts(read: Reading) -> Reading:
    """A reading of a rule that judges resource accounts only: of anybody else, that is what decides."""

    def reading(snapshot: Snapshot, account: Account) -> str:
        return read(snapshot, account) if is_resource_account(snapshot, account) else NO_RESOURCE_ACCOUNT

    return reading


@of_resource_accounts
def held_licences(snapshot: Snapshot, account: Account) -> str:
    """Which of the account's licences bring the resource-account plan, and which a phone plan."""
    own, phone = snapshot.resource_account_skus_of(account), snapshot.phone_skus_of(account)
    if own and phone:
        return (
            f"Holds {licence_names(snapshot, own)}, and the phone licence {licence_names(snapshot, phone)} beside it."
        )
    if own:
        return f"Holds {licence_names(snapshot, own)}, which brings the resource-account plan."
    if phone:
        return f"Holds {licence_names(snapshot, phone)}, which brings a phone plan, and no resource-account licence."
    held = "no licence with a phone or resource-account plan" if account.sku_ids else "no licence"
    needs = "" if snapshot.must_be_licensed(account) else ", and needs none without a number"
    return f"Holds {held}{needs}."
