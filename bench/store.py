"""What the store costs: one compare-and-swap at growing numbers of accounts, and eight processes on one document.

    python -m bench.store [--processes N] [--each N]

A compare-and-swap is what almost every read ends in: the document is loaded, all rules are evaluated, and it is saved;
`cold` is a load by an instance that does not know the document, `known` one by an instance that saved it last. Azure
Storage is Azurite on this machine, so the network is missing: add two round trips. In the second table each process
counts in the document, each count a compare-and-swap of its own, as fast as it can; it ends with 1 where one was lost
or done twice. `tries` is how often a count was tried, `refused` how often one was given up to be begun anew.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import re
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.evaluation import NOW, tenant
from shared.licensing.policy import CURRENT
from shared.model.errors import Conflict
from shared.model.secret import Secret
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.settings_storage import StorageConnection
from shared.state.blob import BlobStore
from shared.state.document import decode, encode, pack
from shared.state.sqlite import SqliteStore
from shared.state.store import commit
from shared.storage.connection import blob_service
from tests.azurite.server import Azurite

SIZES = (1_000, 10_000, 50_000)
ROUNDS = 5
PROCESSES = 8
EACH = 25
HAMMERED = (0, 1_000)

OCCASION = Occasion(now=NOW, policy=CURRENT, timing=Timing())

AnyStore = SqliteStore | BlobStore
T = TypeVar("T")


class Place(msgspec.Struct, frozen=True):
    """Where the documents of one measurement lie: a file, or a container under a connection string."""

    name: str
    where: str
    connection: str = ""

    def open(self) -> AnyStore:
        """A store of it, as an instance has one."""
        if not self.connection:
            return SqliteStore(Path(self.where))
        connection = StorageConnection(connection_string=Secret(self.connection))
        return BlobStore(lambda: blob_service(connection), self.where)


class Worked(msgspec.Struct, frozen=True):
    """What one process has to tell: how often it tried and was refused, and how many milliseconds each count took."""

    tries: int
    refused: int
    took: tuple[float, ...]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--each", type=int, default=EACH, help="how often each process counts")
    wanted = parser.parse_args()
    logging.getLogger("linekeeper").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, Azurite() as azurite:
        _compare_and_swap(Path(folder), azurite.connection_string)
        return _hammer(Path(folder), azurite.connection_string, wanted.processes, wanted.each)


def _places(folder: Path, connection: str) -> tuple[Place, Place]:
    name = f"bench-{uuid.uuid4().hex}"
    blob_service(StorageConnection(connection_string=Secret(connection))).create_container(name)
    return Place("SQLite", str(folder / f"{name}.db")), Place("Azurite", name, connection)


def _with_real_ids(document: bytes) -> bytes:
    """A document whose ids are as random as a directory's: those that are counted pack ten times as well."""

    def real(found: re.Match[bytes]) -> bytes:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, found[0].decode())).encode()

    return re.sub(rb"00000000-0000-0000-0000-[0-9a-f]{12}", real, document)


def _compare_and_swap(folder: Path, connection: str) -> None:
    print("accounts  document MB  packed MB  store    load cold ms  known ms  step ms  save ms  all ms  process MB")
    for size in SIZES:
        document = _with_real_ids(encode(evaluate(tenant(size), OCCASION)))
        state = decode(document, msgspec.json.decode(document)["tenant"])
        for place in _places(folder, connection):
            cold, known, step, save = asyncio.run(_rounds(place, state))
            print(
                f"{size:8,}  {len(document) / 1e6:11.2f}  {len(pack(document)) / 1e6:9.2f}  {place.name:7}"
                f"  {cold:12.1f}  {known:8.1f}  {step:7.1f}  {save:7.1f}  {known + step + save:6.1f}  {_memory():10.0f}"
            )


async def _rounds(place: Place, state: TenantState) -> tuple[float, float, float, float]:
    """The medians of loading as a stranger, loading what is known, evaluating and saving, in milliseconds."""
    store = place.open()
    await store.save(state, "")
    times: list[tuple[float, float, float, float]] = []
    for number in range(ROUNDS):
        stranger = place.open()
        await stranger.load(str(uuid.uuid4()))  # its connection is made
        cold, _ = await _timed(lambda stranger=stranger: stranger.load(state.tenant))  # type: ignore[misc]
        known, loaded = await _timed(lambda: store.load(state.tenant))
        begun = time.perf_counter()
        after = msgspec.structs.replace(evaluate(loaded.state, OCCASION), poisoned=number + 1)
        step = (time.perf_counter() - begun) * 1000
        save, saved = await _timed(lambda after=after, loaded=loaded: store.save(after, loaded.version))  # type: ignore[misc]
        if not saved:
            raise RuntimeError("a save was refused, and nobody else was there")
        times.append((cold, known, step, save))
    cold, known, step, save = (statistics.median(column) for column in zip(*times, strict=True))
    return cold, known, step, save


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    begun = time.perf_counter()
    result = await work()
    return (time.perf_counter() - begun) * 1000, result


def _memory() -> float:
    """The most that this process has taken, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _hammer(folder: Path, connection: str, processes: int, each: int) -> int:
    print()
    print("accounts  store    processes  counts  lost  a second  tries  refused  median ms  slowest ms")
    wrong = 0
    for size in HAMMERED:
        for place in _places(folder, connection):
            state = tenant(size)
            asyncio.run(place.open().save(state, ""))
            seconds, worked = _at_once(place, state.tenant, processes, each)
            counted = asyncio.run(place.open().load(state.tenant)).state.qualifying_by_sku
            lost = sum(abs(each - counted.get(str(number), 0)) for number in range(processes))
            wrong += lost
            took = sorted(each_took for one in worked for each_took in one.took)
            print(
                f"{size:8,}  {place.name:7}  {processes:9}  {sum(counted.values()):6}  {lost:4}"
                f"  {processes * each / seconds:8.1f}  {sum(one.tries for one in worked):5}"
                f"  {sum(one.refused for one in worked):7}  {statistics.median(took):9.1f}  {took[-1]:10.1f}"
            )
    return 1 if wrong else 0


def _at_once(place: Place, tenant_id: str, processes: int, each: int) -> tuple[float, list[Worked]]:
    """Let processes count at once; how many seconds it took, and what each has to tell."""
    spawning = multiprocessing.get_context("spawn")
    start, results = spawning.Barrier(processes + 1), spawning.Queue()
    shared = {"start": start, "results": results}
    workers = [
        spawning.Process(target=_worker, args=(place, tenant_id, str(number), each), kwargs=shared)
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    begun = time.perf_counter()
    worked: list[Worked] = [results.get() for _ in workers]
    seconds = time.perf_counter() - begun
    for worker in workers:
        worker.join()
    return seconds, worked


def _worker(place: Place, tenant_id: str, name: str, each: int, *, start: Barrier, results: Queue[Worked]) -> None:
    results.put(asyncio.run(_count(place.open(), tenant_id, name, each, start)))


async def _count(store: AnyStore, tenant_id: str, name: str, each: int, start: Barrier) -> Worked:
    tries = refused = 0
    took: list[float] = []

    def step(state: TenantState) -> TenantState:
        nonlocal tries
        tries += 1
        counts = {**state.qualifying_by_sku, name: state.qualifying_by_sku.get(name, 0) + 1}
        return msgspec.structs.replace(state, qualifying_by_sku=counts)

    await store.load(tenant_id)
    start.wait()
    while len(took) < each:
        begun = time.perf_counter()
        done = False
        while not done:
            try:
                await commit(store, tenant_id, step)
                done = True
            except Conflict:
                refused += 1
        took.append((time.perf_counter() - begun) * 1000)
    return Worked(tries, refused, tuple(took))


if __name__ == "__main__":
    sys.exit(main())
