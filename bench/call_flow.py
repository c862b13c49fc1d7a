"""What the call-flow graph costs: building it, and what one evaluation asks of it, by the number of voice apps.

Half of the apps are attendants with menus, half are queues; 50,000 agents are spread over the queues, however many
there are. One app in ten has an account with a number. The time is CPU seconds, the median of the rounds; the memory is
the peak above what was there before, the result included. The ratio compares the cost of an app with that in the row
set above: about 1 where the work is linear in the apps, less where it is the agents that cost, and the factor of sizes
where it is quadratic.

    python -m bench.call_flow [--sizes 500 5000 20000] [--agents 50000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

from shared.model.voice import (
    AUTOMATIC,
    Agent,
    Association,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    MenuOption,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.voice.graph import CallFlowGraph, Node
from shared.voice.path import Ways, circles
from shared.voice.reach import blast_radius, entered_through, entries, numbers_behind, reach
from shared.voice.references import Inventory, references

SIZES = (500, 5_000, 20_000)
AGENTS = 50_000
APPS_A_NUMBER = 10
OPTIONS = 4


def guid(kind: int, number: int) -> str:
    """An id as Microsoft writes it."""
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def attendant(place: int, apps: int) -> AutoAttendant:
    """An attendant with a menu, a night flow, and every hundredth time an automatic transfer instead."""
    here = guid(1, place)
    follow = [guid(1, (place * OPTIONS + step) % apps) for step in range(1, OPTIONS + 1)]
    keys = [AUTOMATIC] if place % 100 == 0 else [str(key) for key in range(1, OPTIONS + 1)]
    menu = tuple(
        MenuOption(key=key, action="target", target=Target("app", app_id))
        for key, app_id in zip(keys, follow, strict=False)
    )
    night = CallFlow(
        id=guid(2, place), options=(MenuOption(key=AUTOMATIC, action="target", target=Target("app", follow[0])),)
    )
    return AutoAttendant(
        id=here,
        name=f"Line {place}",
        default_flow=CallFlow(options=menu),
        flows=(night,),
        schedules=(guid(3, place),),
        handlings=(CallHandling(kind="after_hours", schedule=guid(3, place), flow=night.id),),
        operator=Target("user", guid(4, place)),
    )


def queue(place: int, apps: int, agents: range) -> CallQueue:
    """A queue that sends callers on to another app; every hundredth is answered by nobody."""
    members = () if place % 100 == 1 else tuple(Agent(guid(4, agent), opted_in=True) for agent in agents)
    onward = QueueExit("forward", Target("app", guid(1, (place + 1) % apps)))
    return CallQueue(id=guid(1, place), name=f"Queue {place}", agents=members, timeout=onward, no_agent=onward)


def tenant(apps: int, agents: int) -> tuple[VoiceExport, dict[str, tuple[str, ...]]]:
    """The export of a tenant of so many apps, and the numbers of its accounts."""
    queues = apps // 2
    shares = [range(agents * each // queues, agents * (each + 1) // queues) for each in range(queues)]
    accounts = range(0, apps, APPS_A_NUMBER)
    export = VoiceExport(
        exported_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        complete=True,
        attendants=tuple(attendant(place, apps) for place in range(0, apps, 2)),
        queues=tuple(queue(place, apps, shares[place // 2]) for place in range(1, apps, 2)),
        instances=(),
        associations=tuple(Association(account=guid(5, place), app=guid(1, place)) for place in accounts),
    )
    return export, {guid(5, place): (f"+1425{place:07}",) for place in accounts}


def occasions(export: VoiceExport, numbers: dict[str, tuple[str, ...]]) -> dict[str, Callable[[], object]]:
    """What is measured: the graph, and all that one evaluation asks of it."""
    graph = CallFlowGraph(export, live=numbers.keys(), numbers=numbers)
    ways = Ways(graph)
    capable = dict.fromkeys(numbers, True)

    def judge() -> int:
        inventory = Inventory(export, graph.live)
        return sum(inventory.verdict(reference) == "missing" for reference in references(export))

    return {
        "build": lambda: CallFlowGraph(export, live=numbers.keys(), numbers=numbers),
        "references": judge,
        "reach": lambda: reach(graph),
        "numbers behind": lambda: numbers_behind(graph),
        "entries": lambda: entries(graph),
        "entered through": lambda: entered_through(graph, capable),
        "circles": lambda: circles(graph),
        "ways": lambda: Ways(graph),
        "a text for each app": lambda: [ways.text(graph.app(app_id)) for app_id in graph.apps],
        "one blast radius": lambda: blast_radius(graph, next(iter(numbers))),
    }


def cpu_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median CPU time of a piece of work."""
    figures = []
    for _ in range(rounds):
        gc.collect()
        begun = time.process_time()
        work()
        figures.append(time.process_time() - begun)
    return statistics.median(figures)


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that a piece of work held at once, its result included."""
    gc.collect()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def edges_of(export: VoiceExport, numbers: dict[str, tuple[str, ...]]) -> int:
    """How many steps of calls there are."""
    graph = CallFlowGraph(export, live=numbers.keys(), numbers=numbers)
    sources = [graph.app(app_id) for app_id in graph.apps]
    sources += [Node("account", account) for account in numbers]
    sources += [Node("number", number) for each in numbers.values() for number in each]
    return sum(len(graph.edges_from(node)) for node in sources)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--agents", type=int, default=AGENTS)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{'apps':>6} {'edges':>8}  {'occasion':20} {'ms':>9} {'µs an app':>10} {'ratio':>6} {'MB':>7}")
    before: dict[str, float] = {}
    for size in options.sizes:
        export, numbers = tenant(size, options.agents)
        edges = edges_of(export, numbers)
        for name, work in occasions(export, numbers).items():
            seconds = cpu_seconds(work, options.rounds)
            each = seconds / size
            ratio = f"{each / before[name]:6.2f}" if before.get(name) else f"{'':>6}"
            before[name] = each
            megabytes = peak_bytes(work) / 1e6
            print(
                f"{size:>6} {edges:>8}  {name:20} {seconds * 1e3:>9.1f} {each * 1e6:>10.2f} {ratio} {megabytes:>7.1f}"
            )


if __name__ == "__main__":
    main()
