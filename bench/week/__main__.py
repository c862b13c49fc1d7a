"""A simulated week of alerting: nothing is lost, and nothing is said twice without need.

    python -m bench.week [--seed N] [--days N] [--accounts N] [--hourly] [--sqlite] [--verbose]

Two real instances work on one store, with the real rules, lives, groups, cards and deliveries; the clock is virtual.
Accounts break and are mended, sources fail, silences and inhibitions begin and end, five channels take, put off and
refuse, processes die at every point or all at once, and saves conflict. A witness that shares no code with the alerting
knows what each receiver must be told. Ends with 1 where something was lost, told out of order, or told without need.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.week.run import Outcome, run
from shared.state.memory import MemoryStore
from shared.state.sqlite import SqliteStore
from shared.state.store import Store

SHOWN = 30


def main() -> int:
    """Run the week and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.week", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--accounts", type=int, default=150)
    parser.add_argument("--hourly", action="store_true", help="print a line an hour, not a day")
    parser.add_argument("--sqlite", action="store_true", help="keep the document in a SQLite file, not in memory")
    parser.add_argument("--verbose", action="store_true", help="say everything that happens")
    wanted = parser.parse_args()
    logging.getLogger("linekeeper").setLevel(logging.CRITICAL)  # what goes wrong here is meant to
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        store: Store = SqliteStore(Path(folder) / "week.db") if wanted.sqlite else MemoryStore()
        outcome = asyncio.run(
            run(
                store,
                seed=wanted.seed,
                days=wanted.days,
                accounts=wanted.accounts,
                say=_say,
                every=timedelta(hours=1) if wanted.hourly else timedelta(days=1),
                verbose=wanted.verbose,
            )
        )
    _print(outcome)
    print(f"CPU time: {time.process_time() - begun:.1f} s")
    return 1 if outcome.broken else 0


def _say(line: str) -> None:
    print(line, flush=True)


def _print(outcome: Outcome) -> None:
    print()
    for name, value in outcome.table():
        print(f"{name:<62} {value:>10}")
    for when, what in outcome.broken[:SHOWN]:
        print(f"BROKEN {when:%d %H:%M:%S} {what}")
    if len(outcome.broken) > SHOWN:
        print(f"… and {len(outcome.broken) - SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
