"""What would happen to the free allocation if: the tenant is read as for an audit, and looked at under assumptions.

Nothing is kept, sent or changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, repeat
from typing import Any, Literal

import msgspec

from shared.licensing.counting import owned
from shared.licensing.forecast import Assumptions, Forecast, forecast
from shared.licensing.ledger import Allocation
from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.licensing.price import Price
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.sources import Source
from shared.monitor.baseline import read_everything
from shared.monitor.monitor import Monitor
from shared.monitor.occasion import snapshot_of
from shared.monitor.report import SCHEMA, SourceReport, report
from shared.rules.snapshot import Snapshot

Effect = Literal["may-lose-its-licence", "has-no-licence", "could-give-its-licence-back"]


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """An account that the assumptions concern, and how; `numbers` is None where numbers were never read."""

    effect: Effect
    id: str
    name: str
    upn: str
    numbers: tuple[str, ...] | None
    why: str


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `losing` is how many licences in use there would be no unit for; `price` is the site's, if set."""

    tenant: str
    as_of: datetime
    sources: dict[Source, SourceReport]
    assumptions: Assumptions
    forecast: Forecast
    losing: int
    affected: tuple[Affected, ...]
    price: Price | None


class NotKnown(msgspec.Struct, frozen=True, kw_only=True):
    """No answer: licences or accounts could not be read; `sources` say why."""

    sources: dict[Source, SourceReport]


async def what_if(monitor: Monitor, assumptions: Assumptions) -> WhatIf | NotKnown:
    """Read the tenant and answer.

    Raises:
        LinekeeperError: what is assumed cannot be in this tenant.
    """
    await read_everything(monitor)
    state, occasion = await monitor.load(), monitor.occasion()
    known = report(state, occasion)
    if known.is_blind or known.allocation is None:
        return NotKnown(sources=known.sources)
    return answer(snapshot_of(state, occasion), assumptions, known.sources)


def answer(snapshot: Snapshot, assumptions: Assumptions, sources: dict[Source, SourceReport]) -> WhatIf:
    """The answer for a tenant that was read.

    Raises:
        LinekeeperError: what is assumed cannot be in this tenant.
    """
    state = snapshot.state
    found = forecast(snapshot.policy, state.skus, state.subscriptions, snapshot.needed, assumptions)
    short = _short_of_units(snapshot, found)
    return WhatIf(
        tenant=state.tenant,
        as_of=snapshot.now,
        sources=sources,
        assumptions=assumptions,
        forecast=found,
        losing=sum(len(holders) - left for _, left, holders in short),
        affected=affected(snapshot, found),
        price=snapshot.price,
    )


def affected(snapshot: Snapshot, found: Forecast) -> tuple[Affected, ...]:
    """The accounts that a forecast concerns, each once, under the worst that may happen to it.

    First those whose licence may have no unit then, those on no number first; then those that must be licensed and are
    not, those on a number first; last, where more licences must be paid for than today, those whose licence could be
    taken back.
    """
    every = chain(_losing(snapshot, found), _without_licence(snapshot, found), _could_give_back(snapshot, found))
    once: dict[str, Affected] = {}
    for each in every:
        once.setdefault(each.id, each)
    return tuple(once.values())


def to_json(result: WhatIf | NotKnown) -> bytes:
    """The answer as JSON, schema 1: allocations as `audit --json` has them, and the cost where a price is set.

    Where there is no answer the shape stays: the allocations are null, and `sources` say why.
    """
    if isinstance(result, NotKnown):
        nothing: dict[str, Any] = {"today": None, "then": None, "changes": [], "affected": []}
        sources = {name: _to_the_second(each) for name, each in result.sources.items()}
        return msgspec.json.encode({"schema": SCHEMA, **nothing, "sources": sources})
    found = result.forecast
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "today": found.today,
        "then": found.then,
        "changes": found.changes,
        "affected": result.affected,
    }
    if result.price is not None:
        body["cost"] = {
            "currency": result.price.currency,
            "per": result.price.per,
            "today": _cost(result.price, found.today),
            "then": _cost(result.price, found.then),
        }
    return msgspec.json.encode(body)


def _to_the_second(source: SourceReport) -> SourceReport:
    if source.as_of is None:
        return source
    return msgspec.structs.replace(source, as_of=source.as_of.replace(microsecond=0))


def _cost(price: Price, ledger: Allocation) -> dict[str, str]:
    return {"to_buy": f"{price.licence * ledger.to_buy:.2f}", "paid": f"{price.licence * ledger.paid:.2f}"}


def _holders(snapshot: Snapshot, sku: Sku) -> list[Account]:
    """Who holds a SKU; those first that are missed least: people, who should not, then accounts on no number."""
    people = {person.id for person in snapshot.people}
    held = (account for account in snapshot.state.accounts.values() if sku.id in account.sku_ids)
    return sorted(held, key=lambda each: (each.id not in people, bool(snapshot.has_number(each)), each.name, each.id))


def _short_of_units(snapshot: Snapshot, found: Forecast) -> list[tuple[Sku, int, list[Account]]]:
    """The SKUs whose units go and then do not suffice for their holders, with what is left of them, and the holders."""
    short = []
    for sku in _resource_account_skus(found):
        now = snapshot.skus.get(sku.id)
        holders = _holders(snapshot, sku)
        if now is not None and owned(sku) < min(owned(now), len(holders)):
            short.append((sku, owned(sku), holders))
    return short


def _resource_account_skus(found: Forecast) -> Iterator[Sku]:
    return (sku for sku in found.skus if sku.plan_ids & RESOURCE_ACCOUNT_PLANS)


def _losing(snapshot: Snapshot, found: Forecast) -> list[Affected]:
    whys: dict[str, list[str]] = {}
    for sku, left, holders in _short_of_units(snapshot, found):
        name = sku.part_number or sku.id
        why = (
            f"{len(holders) - left} of the {len(holders)} holders of {name} would lose theirs"
            if left
            else f"would lose its licence: nothing of {name} would be left"
        )
        for account in holders:
            whys.setdefault(account.id, []).append(why)
    accounts = snapshot.state.accounts
    return [
        _affected(snapshot, accounts[account_id], "may-lose-its-licence", "; ".join(said))
        for account_id, said in whys.items()
    ]


def _without_licence(snapshot: Snapshot, found: Forecast) -> Iterator[Affected]:
    """Accounts that must be licensed and are not, with where each could get its licence: the cheapest way first."""
    missing = [account for account in snapshot.resource_accounts if _must_get_one(snapshot, account)]
    missing.sort(key=lambda each: (not snapshot.has_number(each), each.name, each.id))
    ways = _ways(snapshot, found, len(missing))
    for account, way in zip(missing, ways, strict=False):
        lacks = (
            "holds a phone licence in place of the resource-account licence"
            if snapshot.phone_skus_of(account)
            else "holds no licence"
        )
        yield _affected(snapshot, account, "has-no-licence", f"{lacks}: {way}")


def _must_get_one(snapshot: Snapshot, account: Account) -> bool:
    if not snapshot.must_be_licensed(account) or snapshot.holds_resource_account_plan(account):
        return False
    return not (snapshot.policy.accepts_phone_licence and snapshot.phone_skus_of(account))


def _ways(snapshot: Snapshot, found: Forecast, missing: int) -> Iterator[str]:
    """How each further licence can be had then; accounts that are to come get theirs after those that are there."""
    then = found.then
    margins = [owned(sku) - len(_holders(snapshot, sku)) for sku in _resource_account_skus(found)]
    to_spare, lost = sum(max(0, each) for each in margins), sum(max(0, -each) for each in margins)
    wanted = missing + lost + then.needed - found.today.needed
    elsewhere = max(0, wanted - to_spare - then.free_to_claim - then.to_buy)
    return chain(
        repeat("one is to spare", to_spare),
        repeat("one more can be claimed at price zero", then.free_to_claim),
        repeat("one can be taken back from an account that needs none", elsewhere),
        repeat("one must be bought"),
    )


def _could_give_back(snapshot: Snapshot, found: Forecast) -> Iterator[Affected]:
    """Where licences become payable: who holds one and is not known to need it for a caller."""
    if found.then.to_buy + found.then.paid <= found.today.to_buy + found.today.paid:
        return
    for person in _by_name(snapshot, snapshot.people):
        why = "is a person, who must not hold a resource-account licence: it could be taken back first"
        yield _affected(snapshot, person, "could-give-its-licence-back", why)
    for account in _by_name(snapshot, snapshot.resource_accounts):
        why = _why_not_needed(snapshot, account)
        if why:
            yield _affected(snapshot, account, "could-give-its-licence-back", why)


def _why_not_needed(snapshot: Snapshot, account: Account) -> str:
    """Why an account may do without its licence, or without being there; empty where that cannot be said."""
    if snapshot.has_number(account) is not False or snapshot.reach(account) == "line":
        return ""
    if not snapshot.must_be_licensed(account):
        return "no number leads to it, so that it needs no licence: its own could be taken back first"
    if snapshot.reach(account) == "nothing":
        return "no number or call flow leads to it: the account could go first, and its licence with it"
    return "no number leads to it: unless an attendant or queue does, it could go first, and its licence with it"


def _by_name(snapshot: Snapshot, accounts: Iterable[Account]) -> list[Account]:
    holding = (account for account in accounts if snapshot.holds_resource_account_plan(account))
    return sorted(holding, key=lambda account: (account.name, account.id))


def _affected(snapshot: Snapshot, account: Account, effect: Effect, why: str) -> Affected:
    numbers = tuple(each.number for each in snapshot.numbers_of(account)) if snapshot.knows_numbers else None
    return Affected(effect=effect, id=account.id, name=account.name, upn=account.upn, numbers=numbers, why=why)
