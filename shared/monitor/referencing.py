"""Whom call flows refer to, beside resource accounts, and what the directory says of them. Pure.

An id that was asked for and is not in the directory is remembered as nobody; an id that was never asked for is not
judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shared.graph.reads import ObjectsRead
from shared.licensing.catalogue import plan_ids_of
from shared.licensing.plans import PHONE_PLANS
from shared.model.directory import Account, AccountChange, AssignedLicence, Departed
from shared.model.licences import Sku
from shared.model.referenced import Referenced
from shared.model.tenant import TenantState
from shared.model.voice import VoiceExport
from shared.voice.references import references

LOOKED_UP_EVERY = timedelta(hours=1)
"""After how long somebody is looked up again: delta tells of users at once, and of groups never."""

_DIRECTORY_KINDS = frozenset({"user", "group", "voicemail"})


def referenced_ids(export: VoiceExport) -> frozenset[str]:
    """The users and groups that an export refers to."""
    return frozenset(each.id for each in references(export) if each.kind in _DIRECTORY_KINDS and each.id)


def to_look_up(state: TenantState, now: datetime) -> tuple[str, ...]:
    """Whom to look up now: those never asked for first, then those asked for longest ago."""
    if state.voice is None:
        return ()
    wanted = referenced_ids(state.voice) - state.accounts.keys()
    never = now - 2 * LOOKED_UP_EVERY
    asked = {each: state.referenced[each].read_at if each in state.referenced else never for each in wanted}
    due = [each for each in asked if now - asked[each] >= LOOKED_UP_EVERY]
    return tuple(sorted(due, key=lambda each: (each in state.referenced, asked[each], each)))


def with_objects(state: TenantState, read: ObjectsRead) -> TenantState:
    """The document with a look-up; whom it knows later is kept, and whom no call flow refers to is forgotten."""
    wanted = referenced_ids(state.voice) if state.voice is not None else frozenset()
    skus = {sku.id: sku for sku in state.skus}
    known = {key: each for key, each in state.referenced.items() if key in wanted}
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
    told.update(
        (each, Referenced(kind="nobody", name=_name(known.get(each)), read_at=read.begun)) for each in read.missing
    )
    fresh = {key: each for key, each in told.items() if key in wanted and _is_later(known.get(key), each.read_at)}
    return msgspec.structs.replace(state, referenced=known | fresh)


def after_changes(state: TenantState, changes: Iterable[AccountChange], begun: datetime) -> dict[str, Referenced]:
    """Who is referred to, after what a delta read told of them."""
    referenced = state.referenced
    skus = {sku.id: sku for sku in state.skus}
    for change in changes:
        known = referenced.get(change.id)
        if known is None or known.read_at > begun:
            continue
        after = _changed(known, change, skus)
        if after != known:
            referenced = {**referenced, change.id: msgspec.structs.replace(after, read_at=begun)}
    return referenced


def after_direct_read(
    state: TenantState, found: Iterable[Account], departed: Iterable[Departed], begun: datetime
) -> dict[str, Referenced]:
    """Who is referred to, after users were read one by one."""
    skus = {sku.id: sku for sku in state.skus}
    told: dict[str, Referenced] = {
        each.id: Referenced(
            kind="user", name=each.name, enabled=each.enabled, phone=brings_phone(each.licences, skus), read_at=begun
        )
        for each in found
        if each.id in state.referenced
    }
    for gone in departed:
        known = state.referenced.get(gone.id)
        if known is not None and known.kind == "user":
            told[gone.id] = Referenced(kind="nobody", name=known.name, read_at=begun)
    fresh = {
        key: each
        for key, each in told.items()
        if _is_later(state.referenced[key], begun) and _content(each) != _content(state.referenced[key])
    }
    return state.referenced | fresh if fresh else state.referenced


def differ(one: TenantState, other: TenantState) -> bool:
    """Whether two documents know something else of whom call flows refer to, whenever they were told."""
    return {key: _content(each) for key, each in one.referenced.items()} != {
        key: _content(each) for key, each in other.referenced.items()
    }


def brings_phone(licences: Iterable[AssignedLicence], skus: dict[str, Sku]) -> bool:
    """Whether one of the licences brings a phone plan that is not switched off."""
    return any((plan_ids_of(each.sku_id, skus) & PHONE_PLANS) - set(each.disabled_plans) for each in licences)


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


def _content(each: Referenced) -> Referenced:
    return msgspec.structs.replace(each, read_at=datetime.min)  # noqa: DTZ901 - compared, never used


def _name(known: Referenced | None) -> str:
    return known.name if known is not None else ""
