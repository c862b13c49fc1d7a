"""A document that cannot be used is told of, once a day and by one of many instances, and is left as it is."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.alerting.routing import Route, Routes
from shared.delivery.alertmanager import alerts_of
from shared.delivery.card import envelope
from shared.delivery.sender import Delayed, Delivered
from shared.model.errors import DocumentTooLarge, DocumentUnreadable, StoreError
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.monitor import Monitor
from shared.monitor.service import Service
from shared.monitor.unreadable import EVERY, GRACE, RETRY
from shared.state.memory import MemoryStore
from shared.state.sqlite import SqliteStore
from shared.state.store import Loaded
from simulator.contoso import TENANT_ID

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender

TICK = timedelta(seconds=30)


class Spoilt(MemoryStore):
    """A store whose document cannot be used, while a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.problem: StoreError | None = DocumentUnreadable("the stored document cannot be read (`$`).")
        self.marks_fail = False

    async def load(self, tenant: str) -> Loaded:
        if self.problem is not None:
            raise self.problem
        return await super().load(tenant)

    async def claim(self, tenant: str, name: str, **times: object) -> bool:
        if self.marks_fail:
            raise StoreError("LINEKEEPER_STORE: cannot be written.")
        return await super().claim(tenant, name, **times)  # type: ignore[arg-type]


@pytest.fixture
def spoilt() -> Spoilt:
    return Spoilt()


@pytest.fixture
def monitor(make_monitor: Callable[..., Monitor], sender: RecordingSender, spoilt: Spoilt) -> Monitor:
    return msgspec.structs.replace(make_monitor(sender=sender), store=spoilt)


async def fails(service: Service) -> None:
    with pytest.raises((DocumentUnreadable, DocumentTooLarge)):
        await service.run("deliver")


async def for_a_while(clock: Clock, *services: Service, lasts: timedelta = GRACE) -> None:
    """The delivery timer's runs over some time, the first one now."""
    for _ in range(int(lasts / TICK)):
        await asyncio.gather(*map(fails, services))
        clock.now += TICK
    await asyncio.gather(*map(fails, services))


async def test_a_document_that_stays_unreadable_is_told_of_with_the_way_back(
    monitor: Monitor, sender: RecordingSender, clock: Clock
) -> None:
    await for_a_while(clock, Service(monitor))
    (message,) = sender.sent
    assert (message.kind, message.severity, message.group) == ("alert", "critical", "teams/monitor")
    assert message.headline == "Nothing is watched: the stored document cannot be read"
    (item,) = message.sections[0].items
    assert item.summary == f"{message.headline}. The stored document cannot be read (`$`)."
    assert "linekeeper document restore" in item.remedy
    assert (message.tenant, item.subject_id) == (TENANT_ID, TENANT_ID)


async def test_it_is_told_once_a_day(monitor: Monitor, sender: RecordingSender, clock: Clock) -> None:
    service = Service(monitor)
    await for_a_while(clock, service)
    told_at = clock.now
    await for_a_while(clock, service, lasts=timedelta(hours=1))
    assert len(sender.sent) == 1
    clock.now = told_at + EVERY
    await fails(service)
    await fails(service)
    assert len(sender.sent) == 2


async def test_of_eight_instances_one_tells(monitor: Monitor, sender: RecordingSender, clock: Clock) -> None:
    await for_a_while(clock, *(Service(monitor) for _ in range(8)))
    assert len(sender.sent) == 1


async def test_what_an_old_version_does_not_understand_for_a_moment_is_not_told(
    monitor: Monitor, sender: RecordingSender, spoilt: Spoilt, clock: Clock
) -> None:
    service = Service(monitor)
    problem, before = spoilt.problem, GRACE - TICK
    for _ in range(3):  # each time it can be read again in between
        spoilt.problem = problem
        await for_a_while(clock, service, lasts=before)
        spoilt.problem = None
        await service.run("deliver")
    assert sender.sent == []


async def test_a_document_that_is_too_large_is_told_of_at_once_with_what_to_do(
    monitor: Monitor, sender: RecordingSender, spoilt: Spoilt
) -> None:
    spoilt.problem = DocumentTooLarge("the document has 70,000,000 bytes. Most of it are voice (60,000,000 bytes).")
    await fails(Service(monitor))
    (message,) = sender.sent
    assert message.headline == "Nothing new is watched: the document is too large to be saved"
    (item,) = message.sections[0].items
    assert "Most of it are voice" in item.summary
    assert "[sources]" in item.remedy


async def test_a_receiver_that_does_not_take_it_is_tried_again_and_the_others_are_not(
    monitor: Monitor, sender: RecordingSender, clock: Clock
) -> None:
    other = type(sender)()
    routes = Routes(receivers=("other", "teams"))
    both = msgspec.structs.replace(monitor, senders={"teams": sender, "other": other}, routes=routes)
    service = Service(both)
    sender.answers = [Delayed("the webhook cannot be reached"), RuntimeError("broken"), Delivered()]
    await for_a_while(clock, service)
    assert (len(sender.sent), len(other.sent)) == (1, 1)
    await fails(service)
    assert len(sender.sent) == 1
    for tries in (2, 3, 3):  # it breaks, it takes it, and has it
        clock.now += RETRY
        await fails(service)
        assert (len(sender.sent), len(other.sent)) == (tries, 1)


async def test_it_goes_where_the_routes_lead(monitor: Monitor, sender: RecordingSender, clock: Clock) -> None:
    other = type(sender)()
    routes = Routes(
        receivers=("other", "teams"),
        routes=(Route(receivers=("other",), families=("monitor",)), Route(receivers=("teams",), families=("lines",))),
    )
    await for_a_while(
        clock, Service(msgspec.structs.replace(monitor, senders={"teams": sender, "other": other}, routes=routes))
    )
    assert (len(sender.sent), len(other.sent)) == (0, 1)


async def test_trouble_with_telling_hides_no_trouble_with_the_document(
    monitor: Monitor, sender: RecordingSender, spoilt: Spoilt, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt.marks_fail = True
    with caplog.at_level(logging.ERROR, logger="linekeeper"):
        await for_a_while(clock, Service(monitor))
    assert sender.sent == []
    assert "teams could not be told of document-unreadable" in caplog.text


async def test_other_trouble_with_the_store_is_not_told_of(
    monitor: Monitor, sender: RecordingSender, spoilt: Spoilt
) -> None:
    spoilt.problem = StoreError("LINEKEEPER_STORE: container linekeeper: it is not there.")
    with pytest.raises(StoreError):
        await Service(monitor).run("deliver")
    assert sender.sent == []


async def test_a_spoilt_file_is_told_of_and_left_as_it_is(
    make_monitor: Callable[..., Monitor], sender: RecordingSender, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "linekeeper.db"
    await SqliteStore(path).save(TenantState(tenant=TENANT_ID), "")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE documents SET content = ?", (b"spoilt",))
    # Two processes on one file.
    services = [
        Service(msgspec.structs.replace(make_monitor(sender=sender), store=SqliteStore(path))) for _ in range(2)
    ]
    await for_a_while(clock, *services)
    assert len(sender.sent) == 1
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT content, version FROM documents").fetchone() == (b"spoilt", 1)


async def test_every_kind_of_channel_can_say_it(monitor: Monitor, sender: RecordingSender, clock: Clock) -> None:
    await for_a_while(clock, Service(monitor))
    (message,) = sender.sent
    card = envelope(message).decode()
    assert "Nothing is watched: the stored document cannot be read" in card
    assert "linekeeper document list" in card
    labels = [alert.labels["alertname"] for alert in alerts_of(message, Timing(), clock.now)]
    assert set(labels) == {"document-unreadable"}
