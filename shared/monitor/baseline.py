"""Reading the tenant anew: for the first time, daily, and whenever the chain of changes is broken.

What it costs does not grow with the directory: docs/graph.md has the formula.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from shared.graph.reads import LicencesRead
from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.errors import SourceError
from shared.model.licences import Sku
from shared.model.tenant import TenantState
from shared.monitor import observation, source_reads
from shared.monitor.direct import applied, to_read_directly
from shared.monitor.judging import commit_judged, commit_unjudged, record_failure
from shared.monitor.monitor import Monitor
from shared.monitor.observation import Baseline
from shared.monitor.polling import read_optional_sources
from shared.monitor.voice import read_voice

_logger = logging.getLogger("linekeeper.ingest")


async def read_everything(monitor: Monitor, licences: LicencesRead | None = None) -> None:
    """Read the tenant anew: the SKUs, every account that matters, and what sharpens the rules."""
    with monitor.telemetry.span("read everything"):
        try:
            read = licences or await monitor.reader.licences()
        except SourceError as problem:
            # Who holds a resource-account licence cannot be asked without knowing the tenant's SKUs.
            await record_failure(monitor, problem, "licences")
            await record_failure(monitor, SourceError(f"the licences could not be read first: {problem}"), "accounts")
            return
        monitor.telemetry.count_read("licences", "complete")
        try:
            baseline = await baseline_of(monitor, read, await monitor.load())
        except SourceError as problem:
            await record_failure(
                monitor, problem, "accounts", also=lambda document: source_reads.with_licences(document, read)
            )
            return
        monitor.telemetry.count_read("accounts", "complete")
    # Judged with what follows: how bad it is that an account cannot answer depends on who comes to it.
    await commit_unjudged(
        monitor, lambda document: observation.with_baseline(source_reads.with_licences(document, read), baseline)
    )
    await read_voice(monitor, commit_unjudged)
    await read_optional_sources(monitor, commit_unjudged)
    state = await commit_judged(monitor, lambda document: document)
    firing = sum(alert.phase == "firing" for alert in state.alerts.values())
    _logger.info("the tenant was read: %s", in_words(len(state.accounts), firing))


async def baseline_of(monitor: Monitor, licences: LicencesRead, known: TenantState) -> Baseline:
    """Every account that matters, and the delta link to go on from.

    The link is taken before the listings and followed after them, so that no change falls between. Accounts that the
    document knows and no listing names are read directly: they lost what named them, or were deleted.

    Raises:
        SourceError: Graph could not be read.
    """
    reader = monitor.reader
    begun = monitor.clock()
    link = await reader.delta_from_now()
    licence_skus = licence_skus_of(licences.skus)
    listed = {account.id: account for account in await reader.resource_accounts(licence_skus)}
    state = msgspec.structs.replace(
        known,
        skus=licences.skus,
        accounts=known.accounts | listed,
        delta=msgspec.structs.replace(known.delta, link=link),
    )
    read = await reader.delta(link)
    unlisted = known.accounts.keys() - listed.keys()
    wanted = to_read_directly(state, read, unlisted)
    direct = await reader.accounts(wanted) if wanted else None
    state = applied(state, read, direct)
    departed = tuple(each for each in state.departed.values() if each not in known.departed.values())
    return Baseline(
        begun=begun,
        accounts=tuple(state.accounts.values()),
        departed=departed,
        licence_skus=licence_skus,
        told=frozenset(change.id for change in read.changes),
        changes=read.changes,
        link=state.delta.link,
        complete=read.complete,
    )


def has_unlisted_licence(state: TenantState, read: LicencesRead) -> bool:
    """Whether the tenant has a SKU of the resource-account licence whose holders were never listed."""
    return not set(licence_skus_of(read.skus)) <= set(state.delta.listed)


def licence_skus_of(skus: Iterable[Sku]) -> tuple[str, ...]:
    """The SKUs that hold a resource-account plan."""
    return tuple(sorted(sku.id for sku in skus if sku.plan_ids & RESOURCE_ACCOUNT_PLANS))


def in_words(accounts: int, findings: int) -> str:
    """How many accounts are followed and findings hold, for the log."""
    followed = "1 account is" if accounts == 1 else f"{accounts} accounts are"
    holding = "1 finding holds" if findings == 1 else f"{findings} findings hold"
    return f"{followed} followed, {holding}"
