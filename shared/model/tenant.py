"""The one document that holds everything known of a tenant."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.model.alert import Alert, GroupLog, OutboxEntry, ReceiverState, Transition
from shared.model.directory import Account, Departed
from shared.model.history import LicenceHistory
from shared.model.licences import CommerceSubscription, Sku
from shared.model.numbers import CallingState, PhoneNumber
from shared.model.referenced import LookUps, Referenced
from shared.model.silence import Silence
from shared.model.sources import ABSENT, Source, SourceState
from shared.model.voice import VoiceExport

SCHEMA = 2
"""The document's schema version; an older one is migrated, a newer one than this is refused, never overwritten."""


class DeltaPosition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the chain of delta reads stands.

    `link` continues it ("" = no baseline yet, or the chain is broken). `baseline` is when the last reading of
    everything began, and `listed` are the SKUs whose holders it listed. `brought` remembers, for a while, when the
    read began that last brought each id, so that a storm of notifications about it costs no further read.
    `told` is when delta last told of each id, for as long as a direct read may still be answered by a replica that
    lags behind it. `awaited` are ids that a notification named and that no read has brought yet,
    `sweep_due` that everything is to be read anew, because changes may have been lost.
    """

    link: str = ""
    baseline: datetime | None = None
    listed: tuple[str, ...] = ()
    brought: dict[str, datetime] = {}
    told: dict[str, datetime] = {}
    awaited: tuple[str, ...] = ()
    sweep_due: bool = False


class SubscriptionState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the change subscription.

    `fingerprint` tells which client state it was made with, `renewal_due` that Graph asked for a renewal that has not
    succeeded yet.
    """

    id: str = ""
    expires: datetime | None = None
    fingerprint: str = ""
    renewal_due: bool = False
    checked_at: datetime | None = None
    problem: str = ""


class TenantState(msgspec.Struct, frozen=True, kw_only=True):
    """All state of one tenant, loaded and saved as a whole under compare-and-swap.

    `departed` are accounts that mattered and were deleted. `subscriptions` are the tenant's commerce subscriptions as
    read at `subscriptions_read`; None where they may not be read. `entitled` is the allocation at the last complete
    read, the one that a change is announced against; `entitled_with_trials` that trials counted in it, because nobody
    knew which they were. `voice` is what the export told last, and `referenced` are the people and groups that it
    refers to, as `look_ups` told of them; `voice_seen` is the version of the export that was read last, be it older
    than what is known. `opted_out_since` is which export first told of a queue all of whose agents had opted out, by
    its id. `evaluated_at` is when the rules last judged. `poisoned` is how many messages lay in the poison queue when
    it was last looked at, at `poisoned_seen` (None: never), and `poisoned_since` which look was the first to find some.
    `licence_histories` is what is remembered of accounts' licences.
    """

    tenant: str
    schema: int = SCHEMA
    accounts: dict[str, Account] = {}
    departed: dict[str, Departed] = {}
    numbers: tuple[PhoneNumber, ...] = ()
    calling: dict[str, CallingState] = {}
    voice: VoiceExport | None = None
    voice_seen: str = ""
    referenced: dict[str, Referenced] = {}
    look_ups: LookUps = LookUps()
    opted_out_since: dict[str, datetime] = {}
    evaluated_at: datetime | None = None
    poisoned: int = 0
    poisoned_seen: datetime | None = None
    poisoned_since: datetime | None = None
    subscription: SubscriptionState = SubscriptionState()
    skus: tuple[Sku, ...] = ()
    subscriptions: tuple[CommerceSubscription, ...] | None = None
    subscriptions_read: datetime | None = None
    sources: dict[Source, SourceState] = {}
    delta: DeltaPosition = DeltaPosition()
    licence_histories: dict[str, LicenceHistory] = {}
    entitled: int | None = None
    entitled_with_trials: bool = False
    qualifying_by_sku: dict[str, int] = {}
    alerts: dict[str, Alert] = {}
    groups: dict[str, GroupLog] = {}
    silences: dict[str, Silence] = {}
    receivers: dict[str, ReceiverState] = {}
    outbox: tuple[OutboxEntry, ...] = ()
    recent: tuple[Transition, ...] = ()

    def source(self, source: Source) -> SourceState:
        """How well a source is known; `ABSENT` where it was never read."""
        return self.sources.get(source, ABSENT)
