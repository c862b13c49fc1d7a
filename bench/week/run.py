"""The week, tick by tick."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.week.reading import World
from bench.week.record import HOUR, TICK
from bench.week.script import READ_EVERY, Script
from bench.week.service import Cast, Instance
from bench.week.told import RECEIVERS
from bench.week.witness import Witness
from shared.state.store import Store

START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
QUIET = 8 * HOUR
"""How long the week is looked after at most: everything is well again, and what waits has its turn."""

OFTEN = 0.2
"""How often both instances look at the same time; how they cross may then differ from run to run."""

BREAKS = 14
NOTIFIED = 0.6
"""How often a change is notified; a timer finds the others."""


@dataclass
class Outcome:
    """What came of it."""

    witness: Witness

    @property
    def counts(self) -> Counter[str]:
        """What was counted."""
        return self.witness.record.counts

    @property
    def broken(self) -> list[tuple[datetime, str]]:
        """What must never happen, and did."""
        return self.witness.record.broken

    def table(self) -> list[tuple[str, str]]:
        """The figures, by name."""
        counts, lives = self.counts, self.witness.lives
        took = self.witness.posts.latencies
        first = ("accepted", "items told", "refused by a channel", "crashes", "repeated", "items repeated")
        others = sorted(name for name in counts if name not in first)
        rows: list[tuple[str, int | str]] = [
            ("transitions of findings", lives.transitions),
            ("findings that went before they counted", lives.blips),
            *((name, counts[name]) for name in first),
            ("LOST", self.witness.record.lost),
            *((name, counts[name]) for name in others),
            ("bytes of the largest card", self.witness.largest),
            ("from what is seen to desk, which takes everything: median", _seconds(took["desk"], 0.5)),
            ("… 99 of 100 within", _seconds(took["desk"], 0.99)),
            *((f"… to {name}, the longest", _seconds(took[name], 1)) for name in RECEIVERS),
        ]
        return [(name, f"{value:,}" if isinstance(value, int) else value) for name, value in rows]


def _seconds(took: list[float], part: float) -> str:
    return f"{sorted(took)[int((len(took) - 1) * part)]:,.0f} s" if took else "-"


async def run(
    store: Store,
    *,
    seed: int,
    days: float,
    accounts: int,
    say: Callable[[str], None] = lambda _: None,
    every: timedelta = timedelta(days=1),
    breaks: int = BREAKS,
    together: float = OFTEN,
    verbose: bool = False,
) -> Outcome:
    """Let the days pass, then let everything be well, and see what was told.

    Args:
        store: where the document is kept.
        seed: what makes one week differ from another.
        days: how long things break.
        accounts: of how many lines.
        say: takes a line of the log.
        every: how often there is one.
        breaks: how many things break in five minutes of a busy hour at most.
        together: how often both instances look at the same time.
        verbose: whether everything that happens is logged too.
    """
    chance = random.Random(seed)  # noqa: S311 - the same week for the same seed
    cast = Cast(store, World(accounts), START, chance)

    def note(text: str) -> None:
        if verbose:
            say(f"{cast.clock.now:%a %d %H:%M:%S} {text}")

    script = Script(cast, chance, days, note, breaks)
    tick, due, line = 0, START, START + every
    for end in (script.end, script.end + QUIET):
        while cast.clock.now < end and not (end > script.end and cast.witness.is_calm):
            cast.clock.now = max(cast.clock.now, due)
            if cast.clock.now >= line:
                say(_standing(cast, line))
                line += every
            await _tick(cast, script, tick, chance, together)
            tick, due = tick + 1, due + TICK
            if cast.clock.now - due > TICK:
                due = cast.clock.now  # a long delivery lets ticks fall out, as a timer does
        script.mend_all()
    cast.witness.finish(cast.clock.now)
    await cast.close()
    return Outcome(cast.witness)


async def _tick(cast: Cast, script: Script, tick: int, chance: random.Random, together: float) -> None:
    await script.play(cast.clock.now)
    if cast.down:
        return
    one, other = chance.sample(cast.instances, 2)
    if tick % READ_EVERY == 0:
        await one.safely(lambda: one.read("licences", "numbers"))
    if tick % READ_EVERY == READ_EVERY // 2 or (script.changed and chance.random() < NOTIFIED):
        await other.safely(lambda: other.read("accounts"))
    if chance.random() < together:
        looked = any(await asyncio.gather(_look(one), _look(other)))
    else:
        looked = await _look(one)
    if looked:
        cast.witness.looked(cast.clock.now)


async def _look(instance: Instance) -> bool:
    return await instance.safely(instance.look)


def _standing(cast: Cast, now: datetime) -> str:
    """One line of the log: what was counted so far, and what waits."""
    counts = cast.witness.record.counts
    waiting = Counter(post.entry.receiver for post in cast.witness.posts.waiting())
    return (
        f"{now:%a %d %H:%M}  transitions {cast.witness.lives.transitions:6,}  cards {counts['accepted']:6,}  "
        f"items {counts['items told']:6,}  refused {counts['refused by a channel']:5,}  crashes {counts['crashes']:3}  "
        f"repeated {counts['repeated']:3}  LOST {cast.witness.record.lost}  broken {len(cast.witness.record.broken)}  "
        f"waiting {', '.join(f'{name} {waiting[name]}' for name in RECEIVERS if waiting[name]) or 'nothing'}"
    )
