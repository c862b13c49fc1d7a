"""A day of the simulated week: findings come and go, processes die, channels refuse, and a witness knows the rules.

The whole week is `python -m bench.week`.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import bench.week.witness
from bench.week.run import Outcome, run
from shared.model.tenant import TenantState
from shared.state.memory import MemoryStore

WEEK = Path(bench.week.witness.__file__).parent
WITNESSES = ("witness", "lives", "told", "posts", "caught_up", "warned", "record", "tenant")
FACTS = {"shared.model", "shared.licensing.plans"}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What goes wrong here is meant to, thousands of times."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def a_day(store: MemoryStore, days: float = 1.0) -> Outcome:
    return await run(store, seed=11, days=days, accounts=12, breaks=4, together=0.0)


async def test_in_a_day_with_crashes_and_refusals_nothing_is_lost_and_only_what_was_in_flight_is_repeated() -> None:
    outcome = await a_day(MemoryStore())
    counts = outcome.counts
    assert outcome.broken == []
    assert outcome.witness.lives.transitions > 300
    assert min(counts["crashes"], counts["refused by a channel"]) > 10
    assert counts["repeated"] <= counts["posts in flight at a crash"] <= counts["crashes"]


class Forgetful(MemoryStore):
    """A store in which the twentieth message that is written never arrives."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    async def save(self, state: TenantState, version: str) -> bool:
        new = [entry for entry in state.outbox if entry.id not in self._seen]
        self._seen.update(entry.id for entry in new)
        if new and len(self._seen) - len(new) < 20 <= len(self._seen):
            state = msgspec.structs.replace(state, outbox=tuple(each for each in state.outbox if each not in new))
        return await super().save(state, version)


class Repetitive(MemoryStore):
    """A store that brings each alert back once after it was delivered."""

    def __init__(self) -> None:
        super().__init__()
        self._back: set[str] = set()

    async def save(self, state: TenantState, version: str) -> bool:
        before = (await self.load(state.tenant)).state
        left = {entry.id for entry in state.outbox}
        gone = [each for each in before.outbox if each.id not in left and each.id not in self._back]
        self._back.update(each.id for each in gone)
        again = tuple(msgspec.structs.replace(each, claimed_until=None, claimed_by="") for each in gone)
        return await super().save(msgspec.structs.replace(state, outbox=(*again, *state.outbox)), version)


@pytest.mark.parametrize(("store", "promise"), [(Forgetful, "LOST"), (Repetitive, "told twice without need")])
async def test_the_witness_sees_it_where_a_promise_is_broken(store: type[MemoryStore], promise: str) -> None:
    outcome = await a_day(store(), days=0.1)
    assert promise in {what.partition(":")[0] for _, what in outcome.broken}


@pytest.mark.parametrize("name", WITNESSES)
def test_the_witness_uses_no_code_of_what_it_judges(name: str) -> None:
    tree = ast.parse((WEEK / f"{name}.py").read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in imported if module.startswith("shared")}
    assert {module for module in ours if not any(module.startswith(fact) for fact in FACTS)} == set()
    used = {module.removeprefix("bench.week.") for module in imported if module.startswith("bench.week.")}
    assert used <= set(WITNESSES)
