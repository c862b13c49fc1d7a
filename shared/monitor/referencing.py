"""Whom call flows refer to, beside resource accounts, and what the directory says of them. Pure.

An id that was asked for more than once and is not in the directory is remembered as nobody; an id of which nothing was
learnt is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from shared.graph.reads import ObjectsRead
from shared.licensing.catalogue import PUBLISHED, plan_ids_of
from shared.licensing.plans import PHONE_PLANS
from shared.model.directory import Account, AccountChange, AssignedLicence, Departed
from shared.model.errors import SourceError, Throttled
from shared.model.licences import Sku
from shared.model.referenced import LookUps, Referenced
from shared.model.tenant import TenantState
from shared.model.voice import VoiceExport
from shared.voice.references import references

LOOKED_UP_EVERY = timedelta(hours=1)
"""After how long somebody is looked up again: delta tells of users at once, and of groups never. Who was not found is
asked for at every occasion for so long."""

MISSED_AGAIN_AFTER = timedelta(minutes=4)
"""How far apart two look-ups are that count as two, by a timer of five minutes: a replica may lag for a while."""

_USERS = frozenset({"user"})
_GROUPS = frozenset({"group", "voicemail"})
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNUSABLE = frozenset({"Suspended", "LockedOut", "Deleted"})
_NEVER = datetime.min.replace(tzinfo=UTC)


def users_in(export: VoiceExport) -> frozenset[str]:
    """The ids that an export speaks of as users'."""
    return _named_as(export, _USERS)


def groups_in(export: VoiceExport) -> frozenset[str]:
    """The ids that an export speaks of as groups'."""
    return _named_as(export, _GROUPS)


def referenced_ids(export: VoiceExport) -> frozenset[str]:
    """The users and groups that an export refers to. What is no GUID stands for nobody whom one could look up."""
    return _named_as(export, _USERS | _GROUPS)


def _named_as(export: VoiceExport, kinds: Collection[str]) -> frozenset[str]:
    named = {each.id for each in references(export) if each.kind in kinds}
    return frozenset(each for each in named if _GUID.fullmatch(each))


def to_look_up(state: TenantState, now: datetime) -> tuple[str, ...]:
    """Whom to look up now: those never asked for first, then those asked for longest ago."""
    if state.voice is None:
        return ()
    asked = {each: _asked_at(state, each) for each in referenced_ids(state.voice) - state.accounts.keys()}
    due_since = state.look_ups.due_since or _NEVER
    due = [
        each
        for each, at in asked.items()
        if at < due_since or at <= now - LOOKED_UP_EVERY or _was_missed_lately(state.look_ups, each, now)
    ]
    return tuple(sorted(due, key=lambda each: (asked[each], each)))


def _asked_at(state: TenantState, object_id: str) -> datetime:
    known = state.referenced.get(object_id)
    return max(known.read_at if known is not None else _NEVER, state.look_ups.unjudged.get(object_id, _NEVER))


def _was_missed_lately(look_ups: LookUps, object_id: str, now: datetime) -> bool:
    missed = look_ups.missed.get(object_id)
    return missed is not None and now - missed < LOOKED_UP_EVERY


def with_objects(state: TenantState, read: ObjectsRead, told_lately: Collection[str] = ()) -> TenantState:
    """The document with a look-up; whom it knows later is kept, and whom no call flow refers to is forgotten.

    A look-up may be answered by a replica that lags behind delta, or that does not know a newcomer yet: what it says
    against what delta told lately is not believed, and who is missed counts as nobody from the second time on. Only
    the first look-up of a tenant counts at once: there may be no second one, and nothing else is known.

    Args:
        state: the document.
        read: the look-up.
        told_lately: those of whom delta told a short while ago.
    """
    wanted = referenced_ids(state.voice) if state.voice is not None else frozenset()
    known = {key: each for key, each in state.referenced.items() if key in wanted}
    skus = {sku.id: sku for sku in state.skus}
    told = {
        each.id: Referenced(
            kind=each.kind,
            name=each.name,
            enabled=each.enabled,
            phone=brings_phone(each.licences, skus) if each.licences is not None else None,
            read_at=read.begun,
        )
        for each in read.found
    }
    doubted = {key for key in told_lately if key in known and _says_otherwise(told.get(key), known[key])}
    lately = {key: at for key, at in state.look_ups.missed.items() if read.begun - at < LOOKED_UP_EVERY}
    missed = {key: at for key, at in lately.items() if key in wanted and key not in told}
    for each in wanted.intersection(read.missing) - doubted:
        before = known.get(each)
        is_nobody = before is not None and before.kind == "nobody"
        first = missed.get(each, read.begun)
        if is_nobody or state.look_ups.succeeded is None or read.begun - first >= MISSED_AGAIN_AFTER:
            told[each] = Referenced(kind="nobody", name=_name(before), read_at=read.begun)
        if not is_nobody:
            missed.setdefault(each, read.begun)
    fresh = {
        key: each
        for key, each in told.items()
        if key in wanted and key not in doubted and _is_later(known.get(key), each.read_at)
    }
    unjudged = {key: at for key, at in state.look_ups.unjudged.items() if key in wanted and key not in told}
    unjudged.update(dict.fromkeys(wanted.intersection(read.unjudged), read.begun))
    look_ups = msgspec.structs.replace(state.look_ups, missed=missed, unjudged=unjudged)
    return msgspec.structs.replace(state, referenced=known | fresh, look_ups=look_ups)


def with_outcome(
    state: TenantState,
    problem: SourceError | None,
    now: datetime,
    *,
    asked: bool = True,
    wait: SourceError | None = None,
) -> TenantState:
    """The document with how looking up went.

    Args:
        state: the document.
        problem: why it failed; None where it did not, or there was nothing to do.
        now: when it was over.
        asked: whether anybody was to be looked up.
        wait: what a part of it ended with, if it is not the same: Graph may have asked to be left alone.
    """
    look_ups, wait = state.look_ups, wait or problem
    after = msgspec.structs.replace(
        look_ups,
        succeeded=now if problem is None and asked else look_ups.succeeded,
        failing_since=(look_ups.failing_since or now) if problem is not None else None,
        not_before=now + timedelta(seconds=wait.retry_after) if isinstance(wait, Throttled) else None,
    )
    return state if after == look_ups else msgspec.structs.replace(state, look_ups=after)


def all_due(look_ups: LookUps, at: datetime) -> LookUps:
    """The look-ups after something by which everybody who was read before it is to be asked for anew."""
    return msgspec.structs.replace(look_ups, due_since=max(at, look_ups.due_since or at))


def bring_phones_alike(some: Iterable[Sku], others: Iterable[Sku]) -> bool:
    """Whether the SKUs of two reads bring the same people a phone plan."""
    return {each.id: _phone_plans(each) for each in some} == {each.id: _phone_plans(each) for each in others}


def after_changes(state: TenantState, changes: Iterable[AccountChange], begun: datetime) -> dict[str, Referenced]:
    """Who is referred to, after what a delta read told of them."""
    skus = {sku.id: sku for sku in state.skus}
    fresh: dict[str, Referenced] = {}
    for change in changes:
        known = fresh.get(change.id) or state.referenced.get(change.id)
        if known is None or known.read_at > begun:
            continue
        after = _changed(known, change, skus)
        if after != known:
            fresh[change.id] = msgspec.structs.replace(after, read_at=begun)
    return state.referenced | fresh if fresh else state.referenced


def after_direct_read(
    state: TenantState,
    found: Iterable[Account],
    departed: Iterable[Departed],
    begun: datetime,
    told_lately: Collection[str] = (),
) -> tuple[dict[str, Referenced], set[str]]:
    """Who is referred to, after users were read one by one, and of whom that read is not believed.

    These are those of whom delta told something else a short while ago (`told_lately`).
    """
    skus = {sku.id: sku for sku in state.skus}
    told = {each.id: _user(each, skus, begun) for each in found if each.id in state.referenced}
    for gone in departed:
        known = state.referenced.get(gone.id)
        if known is not None and known.kind == "user":
            told[gone.id] = Referenced(kind="nobody", name=known.name, read_at=begun)
    fresh = {
        key: each
        for key, each in told.items()
        if _is_later(state.referenced[key], begun) and _says_otherwise(each, state.referenced[key])
    }
    doubted = fresh.keys() & set(told_lately)
    fresh = {key: each for key, each in fresh.items() if key not in doubted}
    return (state.referenced | fresh if fresh else state.referenced), doubted


def letting_go(before: TenantState, after: TenantState, accounts: dict[str, Account]) -> TenantState:
    """The document that has let go of accounts, with what was known last of those to which call flows refer.

    Args:
        before: the document that followed them.
        after: the document that does not.
        accounts: the accounts as they were read last.
    """
    gone = before.accounts.keys() - after.accounts.keys()
    if not gone or after.voice is None:
        return after
    skus = {sku.id: sku for sku in after.skus}
    fresh: dict[str, Referenced] = {}
    for key in referenced_ids(after.voice) & gone:
        account, departed = accounts.get(key, before.accounts[key]), after.departed.get(key)
        last = _user(account, skus, account.read_at)
        if departed is not None:
            last = Referenced(kind="nobody", name=departed.name or account.name, read_at=departed.read_at)
        if _is_later(after.referenced.get(key), last.read_at):
            fresh[key] = last
    return msgspec.structs.replace(after, referenced=after.referenced | fresh) if fresh else after


def differ(one: TenantState, other: TenantState) -> bool:
    """Whether two documents know something else of whom call flows refer to, whenever they were told."""
    return {key: _content(each) for key, each in one.referenced.items()} != {
        key: _content(each) for key, each in other.referenced.items()
    }


def brings_phone(licences: Iterable[AssignedLicence], skus: dict[str, Sku]) -> bool | None:
    """Whether one of the licences brings a phone plan that is not switched off and can be used.

    None where no licence is known to, and one is of a SKU of which nothing is known yet.
    """
    licences = tuple(licences)
    if any(_usable_phone_plans(each.sku_id, skus) - set(each.disabled_plans) for each in licences):
        return True
    return None if any(each.sku_id not in skus and each.sku_id not in PUBLISHED for each in licences) else False


def _usable_phone_plans(sku_id: str, skus: dict[str, Sku]) -> frozenset[str]:
    own = skus.get(sku_id)
    return _phone_plans(own) if own is not None else plan_ids_of(sku_id, skus) & PHONE_PLANS


def _phone_plans(sku: Sku) -> frozenset[str]:
    return frozenset() if sku.status in _UNUSABLE else sku.plan_ids & PHONE_PLANS


def _user(account: Account, skus: dict[str, Sku], read_at: datetime) -> Referenced:
    phone = brings_phone(account.licences, skus)
    return Referenced(kind="user", name=account.name, enabled=account.enabled, phone=phone, read_at=read_at)


def _changed(known: Referenced, change: AccountChange, skus: dict[str, Sku]) -> Referenced:
    if change.removed:
        return Referenced(kind="nobody", name=known.name, read_at=known.read_at)
    said: dict[str, object] = {"kind": "user"}
    if change.name is not msgspec.UNSET:
        said["name"] = change.name
    if change.enabled is not msgspec.UNSET:
        said["enabled"] = change.enabled
    if change.licences is not msgspec.UNSET:
        said["phone"] = brings_phone(change.licences, skus)
    return msgspec.structs.replace(known, **said)


def _is_later(known: Referenced | None, begun: datetime) -> bool:
    return known is None or known.read_at <= begun


def _says_otherwise(told: Referenced | None, known: Referenced) -> bool:
    return told is None or _content(told) != _content(known)


def _content(each: Referenced) -> Referenced:
    return msgspec.structs.replace(each, read_at=_NEVER)


def _name(known: Referenced | None) -> str:
    return known.name if known is not None else ""
