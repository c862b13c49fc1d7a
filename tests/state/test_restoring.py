"""A kept document is put in place, and the service goes on from it without repeating what it has told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.alert import Alert, GroupLog, Message, OutboxEntry, ReceiverState
from shared.model.directory import Account
from shared.model.errors import Conflict, DocumentUnreadable, StoreError
from shared.model.finding import Finding
from shared.model.tenant import SubscriptionState, TenantState
from shared.state.document import decode
from shared.state.restoring import restore, restored
from shared.state.sqlite import SqliteStore
from shared.state.store import ATTEMPTS, commit

if TYPE_CHECKING:
    from tests.state.conftest import Clock, Place

MakeState = Callable[..., TenantState]
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=5)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
GROUP = "teams/accounts"


def waiting(name: str) -> OutboxEntry:
    message = Message(kind="alert", group=GROUP, severity="critical", headline=name)
    return OutboxEntry(id=name, receiver="teams", message=message, created=BEFORE, due=BEFORE)


class Contended(SqliteStore):
    """A store in which somebody else saves after each look at what is stored."""

    async def replace(self, state: TenantState, version: str) -> bool:
        await commit(self, state.tenant, lambda each: msgspec.structs.replace(each, poisoned=each.poisoned + 1))
        return await super().replace(state, version)


@pytest.fixture
def kept(
    make_state: MakeState,
    make_account: Callable[..., Account],
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> TenantState:
    found = make_finding("resource-account-unlicensed", 1)
    return make_state(
        make_account(1),
        alerts={found.key: make_alert(found, since=BEFORE)},
        groups={GROUP: GroupLog(firing=(found.key,), sent_at=BEFORE, flush_at=BEFORE), "teams/lines": GroupLog()},
        receivers={"teams": ReceiverState(sent=(BEFORE,), threads={GROUP: "card"}, heartbeat_at=BEFORE)},
        outbox=(waiting("old"),),
        entitled=25,
        voice_seen="etag",
        read=BEFORE,
    )


@pytest.fixture
def current(make_state: MakeState, make_account: Callable[..., Account]) -> TenantState:
    return make_state(
        make_account(2),
        alerts={},
        groups={"teams/lines": GroupLog(firing=("key",), sent_at=NOW)},
        receivers={"teams": ReceiverState(delivered_at=NOW)},
        outbox=(waiting("new"),),
        entitled=26,
        subscription=SubscriptionState(id="subscription"),
    )


def test_what_was_known_of_the_tenant_is_the_kept_documents_and_is_read_anew(
    kept: TenantState, current: TenantState
) -> None:
    for after in (restored(kept, current, NOW), restored(kept, None, NOW)):
        assert after.accounts == kept.accounts
        assert (after.delta.link, after.delta.sweep_due) == ("", True)
        assert after.sources == {}
        assert after.voice_seen == ""


def test_what_was_told_and_what_waits_is_the_replaced_documents(kept: TenantState, current: TenantState) -> None:
    after = restored(kept, current, NOW)
    for name in ("alerts", "groups", "receivers", "outbox", "entitled", "silences", "recent", "subscription"):
        assert getattr(after, name) == getattr(current, name)


def test_where_that_cannot_be_read_nothing_that_waited_is_sent_and_what_stood_open_is_told_just_now(
    kept: TenantState,
) -> None:
    after = restored(kept, None, NOW)
    assert after.outbox == ()
    assert after.alerts == kept.alerts
    assert after.groups[GROUP] == GroupLog(firing=kept.groups[GROUP].firing, sent_at=NOW)
    assert after.groups["teams/lines"].sent_at is None
    assert after.receivers["teams"] == ReceiverState(heartbeat_at=NOW, digest_at=NOW)


async def test_a_kept_document_is_put_in_place_and_the_replaced_one_is_kept(place: Place, kept: TenantState) -> None:
    store = place.open()
    await store.save(kept, "")
    await commit(store, TENANT, lambda state: msgspec.structs.replace(state, accounts={}, entitled=40))
    (version,) = await store.kept(TENANT)
    done = await restore(store, TENANT, version.name, NOW)
    assert done.version == version
    assert done.was_readable
    after = (await store.load(TENANT)).state
    assert (after.accounts, after.entitled) == (kept.accounts, 40)
    contents = [decode(await store.kept_content(TENANT, each.name), TENANT) for each in await store.kept(TENANT)]
    assert {each.entitled for each in contents} == {25, 40}


async def test_a_document_that_cannot_be_read_is_replaced_and_kept(place: Place, kept: TenantState) -> None:
    store = place.open()
    await store.save(kept, "")
    await commit(store, TENANT, lambda state: msgspec.structs.replace(state, entitled=40))
    (version,) = await store.kept(TENANT)
    place.lay(b"spoilt")
    done = await restore(store, TENANT, version.name[:15], NOW)
    assert not done.was_readable
    assert (await store.load(TENANT)).state == restored(kept, None, NOW)
    assert b"spoilt" in [await store.kept_content(TENANT, each.name) for each in await store.kept(TENANT)]


async def test_a_kept_document_that_cannot_be_read_replaces_nothing(place: Place, kept: TenantState) -> None:
    store = place.open()
    place.lay(b"spoilt")
    stored = await store.stored(TENANT)
    assert stored is not None
    await store.replace(kept, stored.version)
    (spoilt,) = await store.kept(TENANT)
    with pytest.raises(DocumentUnreadable):
        await restore(store, TENANT, spoilt.name, NOW)
    assert (await store.load(TENANT)).state == kept


async def test_a_kept_document_is_put_where_none_is_any_more(place: Place, kept: TenantState) -> None:
    store = place.open()
    await store.save(kept, "")
    await commit(store, TENANT, lambda state: msgspec.structs.replace(state, entitled=40))
    (version,) = await store.kept(TENANT)
    place.remove()
    done = await restore(place.open(), TENANT, version.name, NOW)
    assert not done.was_readable
    assert (await place.open().load(TENANT)).state == restored(kept, None, NOW)


async def test_a_name_that_nothing_is_kept_by_is_refused(place: Place) -> None:
    with pytest.raises(StoreError, match="none of the 0 kept documents begin with 'x'"):
        await restore(place.open(), TENANT, "x", NOW)


async def test_what_others_save_meanwhile_is_not_lost(database: Path, clock: Clock, kept: TenantState) -> None:
    store = Contended(database, clock)
    await store.save(kept, "")
    await commit(store, TENANT, lambda state: msgspec.structs.replace(state, entitled=40))
    (version,) = await store.kept(TENANT)
    with pytest.raises(Conflict, match=f"{ATTEMPTS} times in a row"):
        await restore(store, TENANT, version.name, NOW)
    assert (await store.load(TENANT)).state.poisoned == ATTEMPTS
