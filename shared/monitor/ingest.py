"""Sources into the document: after a notification, by timer, or for the first time. Each ends in an evaluation."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from shared.graph.reader import AccountsRead, DeltaRead, LicencesRead
from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.change_message import ChangeMessage
from shared.model.directory import Account, AccountChange
from shared.model.errors import DeltaExpired, SourceError
from shared.model.licences import Sku
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor import observation
from shared.monitor.evaluate import evaluate
from shared.monitor.monitor import Monitor
from shared.monitor.observation import Baseline
from shared.state.store import Step

LICENCES_AT_MOST_EVERY = timedelta(minutes=1)
"""How recent a read of the SKUs must be for a change not to cause another."""

_NEVER = datetime.min.replace(tzinfo=UTC)

_logger = logging.getLogger("linekeeper.ingest")


async def read_licences(monitor: Monitor) -> None:
    """Read the SKUs; where the document is empty, everything."""
    state = await monitor.load()
    if not state.delta.link:
        await read_everything(monitor)
        return
    with monitor.telemetry.span("read licences"):
        try:
            read = await monitor.reader.licences()
        except SourceError as problem:
            await _failed(monitor, problem, "licences")
            return
    if _has_unlisted_licence(state, read):
        await read_everything(monitor, read)
        return
    await _evaluated(monitor, lambda document: observation.with_licences(document, read))


async def read_changes(monitor: Monitor, users: Iterable[str] = ()) -> None:
    """Read what changed since the last delta read, and those of the users that it does not bring."""
    state = await monitor.load()
    if not state.delta.link:
        await read_everything(monitor)
        return
    try:
        with monitor.telemetry.span("read users"):
            read = await monitor.reader.delta(state.delta.link)
            wanted = _to_read_directly(state, read, users)
            direct = await monitor.reader.accounts(wanted) if wanted else None
    except DeltaExpired:
        await monitor.commit(lambda document: observation.without_delta(document, state.delta.link))
        await read_everything(monitor)
        return
    except SourceError as problem:
        await _failed(monitor, problem, "accounts")
        return
    after = _applied(state, read, direct)
    moved = after.accounts != state.accounts
    licences = await _recent_licences(monitor, state) if moved else None
    if licences is not None and _has_unlisted_licence(state, licences):
        await read_everything(monitor, licences)
        return

    def step(document: TenantState) -> TenantState:
        fresh = _applied(document, read, direct)
        if licences is not None:
            fresh = observation.with_licences(fresh, licences)
        return fresh

    if moved or _was_in_doubt(state):
        await _evaluated(monitor, step)
    else:
        await monitor.commit(step)


async def take_message(monitor: Monitor, message: ChangeMessage) -> None:
    """Act on a queue message; one whose users a later read has already brought costs nothing.

    Raises:
        SourceError: the subscription could not be renewed: the message comes back.
    """
    if message.tenant != monitor.tenant:
        _logger.warning("a message of another tenant was dropped")
        return
    if message.lifecycle and monitor.subscription is not None:
        with monitor.telemetry.span("keep subscription"):
            await monitor.subscription.keep(renew=True)
    state = await monitor.load()
    brought = state.delta.brought
    waiting = [user for user in message.users if user not in brought or brought[user] <= message.received]
    if waiting or message.lifecycle:
        await read_changes(monitor, waiting)


async def read_everything(monitor: Monitor, licences: LicencesRead | None = None) -> None:
    """Read the tenant anew: the SKUs, and every account that matters.

    The delta link is taken before the listings and followed after them, so that no change falls between.
    """
    with monitor.telemetry.span("read everything"):
        try:
            read = licences or await monitor.reader.licences()
        except SourceError as problem:
            # Who holds a resource-account licence cannot be asked without knowing the tenant's SKUs.
            await _failed(monitor, problem, "licences", "accounts")
            return
        try:
            baseline = await baseline_of(monitor, read)
        except SourceError as problem:
            await _failed(monitor, problem, "accounts", licences=read)
            return
    state = await _evaluated(
        monitor, lambda document: observation.with_baseline(observation.with_licences(document, read), baseline)
    )
    firing = sum(alert.phase == "firing" for alert in state.alerts.values())
    _logger.info("the tenant was read: %d accounts are followed, %d findings hold", len(state.accounts), firing)


async def baseline_of(monitor: Monitor, licences: LicencesRead) -> Baseline:
    """Every account that matters, and the delta link to go on from.

    Raises:
        SourceError: Graph could not be read.
    """
    reader = monitor.reader
    begun = monitor.clock()
    link = await reader.delta_from_now()
    licence_skus = _licence_skus(licences.skus)
    listed = await reader.resource_accounts(licence_skus)
    state = TenantState(tenant=monitor.tenant, skus=licences.skus, accounts=observation.relevant(listed, licences.skus))
    state = msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, link=link))
    read = await reader.delta(link)
    wanted = _to_read_directly(state, read, ())
    state = _applied(state, read, await reader.accounts(wanted) if wanted else None)
    return Baseline(
        begun=begun, accounts=tuple(state.accounts.values()), licence_skus=licence_skus, link=state.delta.link
    )


def _applied(state: TenantState, read: DeltaRead, direct: AccountsRead | None) -> TenantState:
    state = observation.with_delta(state, read)
    return observation.with_accounts(state, direct) if direct is not None else state


def _to_read_directly(state: TenantState, read: DeltaRead, named: Iterable[str]) -> list[str]:
    """Ids that were named and not brought, and newcomers, of whom delta tells only what changed."""
    skus = {sku.id: sku for sku in state.skus}
    newcomers = {change.id for change in read.changes if change.id not in state.accounts and _may_matter(change, skus)}
    return sorted(newcomers | (set(named) - {change.id for change in read.changes}))


def _may_matter(change: AccountChange, skus: dict[str, Sku]) -> bool:
    if change.removed:
        return False
    said = change.applied_to(Account(id=change.id, read_at=_NEVER), _NEVER)
    return observation.matters(said, skus)


async def _recent_licences(monitor: Monitor, state: TenantState) -> LicencesRead | None:
    """The SKUs, where what is known of them is old enough to be read again."""
    known = state.source("licences").complete_as_of
    if known is not None and monitor.clock() - known < LICENCES_AT_MOST_EVERY:
        return None
    try:
        return await monitor.reader.licences()
    except SourceError as problem:
        _logger.warning("licences could not be read beside a change: %s", problem)
        return None


async def _evaluated(monitor: Monitor, step: Step) -> TenantState:
    with monitor.telemetry.span("evaluate"):
        occasion = monitor.occasion()
        return await monitor.commit(lambda document: evaluate(step(document), occasion))


async def _failed(
    monitor: Monitor, problem: SourceError, *sources: Source, licences: LicencesRead | None = None
) -> None:
    """Remember a failed read, and evaluate: what rests on it freezes, and in time the source is a finding itself."""
    _logger.warning("%s could not be read: %s", " and ".join(sources), problem)
    now = monitor.clock()

    def step(document: TenantState) -> TenantState:
        if licences is not None:
            document = observation.with_licences(document, licences)
        for source in sources:
            document = observation.with_failure(document, source, str(problem), now)
        return document

    await _evaluated(monitor, step)


def _was_in_doubt(state: TenantState) -> bool:
    return state.source("accounts").state != "complete" or any(alert.frozen for alert in state.alerts.values())


def _has_unlisted_licence(state: TenantState, read: LicencesRead) -> bool:
    """Whether the tenant has a SKU of the resource-account licence whose holders were never listed."""
    return not set(_licence_skus(read.skus)) <= set(state.delta.listed)


def _licence_skus(skus: Iterable[Sku]) -> tuple[str, ...]:
    return tuple(sorted(sku.id for sku in skus if sku.plan_ids & RESOURCE_ACCOUNT_PLANS))
