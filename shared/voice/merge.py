"""What is known after another export was read: one that is not complete adds and updates, and removes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from shared.model.voice import (
    ApplicationInstance,
    Association,
    AssociationStatus,
    AutoAttendant,
    CallQueue,
    VoiceExport,
)

Row = TypeVar("Row")


def merged(known: VoiceExport | None, read: VoiceExport) -> VoiceExport:
    """What is known once `read` was read after `known`.

    A complete read replaces what was known. One that is not complete, or lacks a list, replaces and adds rows by their
    id; every other known row stays, and the result is not complete, as of the read. An older read changes nothing.
    """
    if known is not None and read.exported_at < known.exported_at:
        return known
    if read.complete and _has_all_lists(read):
        return read
    if known is None:
        return msgspec.structs.replace(read, complete=False)
    return msgspec.structs.replace(
        read,
        complete=False,
        attendants=_laid_over(known.attendants, read.attendants, by_id),
        queues=_laid_over(known.queues, read.queues, by_id),
        instances=_laid_over(known.instances, read.instances, by_id),
        associations=_laid_over(known.associations, read.associations, by_account),
        statuses=_laid_over(known.statuses, read.statuses, by_status),
    )


def by_id(row: AutoAttendant | CallQueue | ApplicationInstance) -> str:
    """What tells voice apps, and resource accounts, apart."""
    return row.id


def by_account(row: Association) -> str:
    """What tells associations apart: an account stands for one app."""
    return row.account


def by_status(row: AssociationStatus) -> tuple[str, str]:
    """What tells statuses apart: an account has one for each thing that is set up for it."""
    return row.account, row.status.kind


def _has_all_lists(export: VoiceExport) -> bool:
    lists = (export.attendants, export.queues, export.instances, export.associations, export.statuses)
    return all(rows is not None for rows in lists)


def _laid_over(
    known: tuple[Row, ...] | None, read: tuple[Row, ...] | None, identity: Callable[[Row], object]
) -> tuple[Row, ...] | None:
    if known is None or read is None:
        return known if read is None else read
    return tuple(({identity(row): row for row in known} | {identity(row): row for row in read}).values())
