"""What is known after another export: a complete one replaces, any other adds and updates, an older does nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.model.voice import (
    ApplicationInstance,
    Association,
    AssociationStatus,
    AutoAttendant,
    CallQueue,
    ProvisioningStatus,
    VoiceExport,
)
from shared.voice.merge import merged

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LISTS = ("attendants", "queues", "instances", "associations", "statuses")

ids = st.sampled_from("abcde")
names = st.sampled_from(["", "old", "new"])
rows: dict[str, st.SearchStrategy[Any]] = {
    "attendants": st.builds(lambda each, name: AutoAttendant(id=each, name=name), ids, names),
    "queues": st.builds(lambda each, name: CallQueue(id=each, name=name), ids, names),
    "instances": st.builds(lambda each, name: ApplicationInstance(id=each, name=name), ids, names),
    "associations": st.builds(lambda each, app: Association(account=each, app=app), ids, ids),
    "statuses": st.builds(
        lambda each, name: AssociationStatus(account=each, status=ProvisioningStatus(kind=name)), ids, names
    ),
}


def identity(row: msgspec.Struct) -> str:
    if isinstance(row, AssociationStatus):
        return f"{row.account} {row.status.kind}"
    return row.account if isinstance(row, Association) else str(getattr(row, "id"))  # noqa: B009 - of three classes


def identities(export: VoiceExport, key: str) -> set[str]:
    return {identity(row) for row in getattr(export, key) or ()}


@st.composite
def exports(draw: st.DrawFn) -> VoiceExport:
    """As the reader makes them: rows are unique, and a complete export has all lists."""
    complete = draw(st.booleans())
    lists: dict[str, Any] = {
        key: tuple(draw(st.lists(row, max_size=4, unique_by=identity)))
        for key, row in rows.items()
        if complete or draw(st.booleans())
    }
    minutes = draw(st.integers(-3, 3))
    version = draw(st.sampled_from(["", "1", "2"]))
    return VoiceExport(exported_at=NOON + timedelta(minutes=minutes), version=version, complete=complete, **lists)


known_exports = st.none() | exports()


@given(known_exports, exports())
def test_nothing_that_is_known_is_lost_unless_the_read_was_complete(
    known: VoiceExport | None, read: VoiceExport
) -> None:
    after = merged(known, read)
    for key in LISTS:
        if known is not None and not read.complete:
            assert identities(known, key) <= identities(after, key)
            assert getattr(known, key) is None or getattr(after, key) is not None


@given(known_exports, exports())
def test_a_read_that_is_not_older_is_taken_over_row_by_row(known: VoiceExport | None, read: VoiceExport) -> None:
    after = merged(known, read)
    if known is None or read.exported_at >= known.exported_at:
        assert (after.exported_at, after.version, after.complete) == (read.exported_at, read.version, read.complete)
        for key in LISTS:
            assert set(getattr(read, key) or ()) <= set(getattr(after, key) or ())


@given(exports(), exports())
def test_no_row_comes_from_nowhere_and_none_comes_twice(known: VoiceExport, read: VoiceExport) -> None:
    after = merged(known, read)
    for key in LISTS:
        found = getattr(after, key) or ()
        assert set(found) <= {*(getattr(known, key) or ()), *(getattr(read, key) or ())}
        assert len(found) == len(identities(after, key))


@given(known_exports, exports())
def test_the_same_read_again_changes_nothing(known: VoiceExport | None, read: VoiceExport) -> None:
    after = merged(known, read)
    assert merged(after, read) == after


@given(exports(), exports())
def test_an_older_read_never_changes_what_is_known(known: VoiceExport, read: VoiceExport) -> None:
    older = msgspec.structs.replace(read, exported_at=known.exported_at - timedelta(seconds=1))
    assert merged(known, older) is known


@given(known_exports, exports())
def test_a_complete_read_replaces_everything(known: VoiceExport | None, read: VoiceExport) -> None:
    if read.complete and (known is None or read.exported_at >= known.exported_at):
        assert merged(known, read) is read


def test_a_read_that_is_not_complete_updates_and_adds_in_order() -> None:
    known = VoiceExport(
        exported_at=NOON,
        version="1",
        complete=True,
        attendants=(AutoAttendant(id="a"),),
        queues=(CallQueue(id="a", name="old"), CallQueue(id="b")),
        instances=(),
        associations=(Association(account="x", app="a"),),
        statuses=(),
    )
    read = VoiceExport(
        exported_at=NOON + timedelta(hours=1),
        version="2",
        errors=("autoAttendants",),
        queues=(CallQueue(id="c"), CallQueue(id="a", name="new")),
        associations=(Association(account="x", app="b"),),
    )
    assert merged(known, read) == VoiceExport(
        exported_at=NOON + timedelta(hours=1),
        version="2",
        complete=False,
        errors=("autoAttendants",),
        attendants=(AutoAttendant(id="a"),),
        queues=(CallQueue(id="a", name="new"), CallQueue(id="b"), CallQueue(id="c")),
        instances=(),
        associations=(Association(account="x", app="b"),),
        statuses=(),
    )


def test_an_account_keeps_the_status_of_each_thing_that_is_set_up() -> None:
    sip = AssociationStatus(account="x", status=ProvisioningStatus(kind="SipProvisioning", status="error"))
    audio = AssociationStatus(account="x", status=ProvisioningStatus(kind="AudioFile", status="success"))
    known = VoiceExport(exported_at=NOON, statuses=(sip,))
    assert merged(known, VoiceExport(exported_at=NOON, statuses=(audio,))).statuses == (sip, audio)


def test_an_export_that_calls_itself_complete_and_lacks_a_list_is_not() -> None:
    known = VoiceExport(exported_at=NOON, queues=(CallQueue(id="a"),))
    read = VoiceExport(exported_at=NOON, complete=True, attendants=())
    assert merged(known, read).queues == (CallQueue(id="a"),)
    assert merged(known, read).complete is False
    assert merged(None, read) == VoiceExport(exported_at=NOON, attendants=())
