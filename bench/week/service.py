"""The service under test: two real instances on one store, that die and are started again."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from bench.week.channels import Channel, Clock
from bench.week.faults import Died, Disk, Fault, Line
from bench.week.posts import Post, name_of
from bench.week.reading import World
from bench.week.tenant import TENANT
from bench.week.told import RECEIVERS
from bench.week.witness import Witness
from shared.alerting.routing import Route, Routes
from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from shared.model.errors import Conflict, SourceError
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor.deliver import deliver, tell_and_deliver
from shared.monitor.judging import commit_judged, record_failure
from shared.monitor.monitor import Monitor
from shared.settings import Settings
from shared.state.store import Store
from shared.telemetry.telemetry import Telemetry

NOWHERE = "http://127.0.0.1:9/v1.0"
ROUTES = Routes(
    receivers=RECEIVERS,
    routes=(
        Route(receivers=("desk",)),
        Route(receivers=("pager",), severities=("critical",)),
        Route(receivers=("far",), families=("accounts",)),
        Route(receivers=("works",), families=("accounts", "allocation", "lines")),
        Route(receivers=("gone",), families=("lines",)),
    ),
)


class Instance:
    """One process at a time: a real monitor on the common store, that may be told to die at a certain point."""

    def __init__(self, name: str, cast: Cast) -> None:
        self.name = name
        self.cast = cast
        self.fault: Fault | None = None
        self.judging: tuple[str, ...] | None = None
        self.holds: dict[str, Post] = {}
        """What each receiver took of it, and is not recorded."""
        self.dead = False
        self.told_at = cast.clock.now
        self.monitor = self._started()

    def clock(self) -> datetime:
        """The time, and a note of when it was asked for last."""
        self.told_at = self.cast.clock.now
        return self.told_at

    def _started(self) -> Monitor:
        transport = GraphTransport(NOWHERE, DevelopmentCredential())
        return Monitor(
            settings=Settings(tenant=TENANT, graph_url=NOWHERE),
            store=Disk(self),
            reader=GraphReader(transport, self.clock),
            subscription=None,
            senders={name: Line(self, channel) for name, channel in self.cast.channels.items()},
            telemetry=self.cast.telemetry,
            clock=self.clock,
            transport=transport,
            routes=ROUTES,
            pause=self.cast.clock.pause,
        )

    async def read(self, *sources: Source) -> None:
        """Read some sources, or fail to, and deliver what that made due, as the timers do."""
        good = tuple(each for each in sources if each not in self.cast.failing)
        bad = tuple(each for each in sources if each in self.cast.failing)
        if good:
            now = self.clock()

            def step(state: TenantState) -> TenantState:
                for source in good:
                    state = self.cast.world.read(state, source, now)
                return state

            self.judging = good
            await commit_judged(self.monitor, step)
        if bad:
            self.judging = ()
            await record_failure(self.monitor, SourceError("503"), *bad)
        self.judging = None
        if self.spends("between"):
            self.die()
        await deliver(self.monitor)

    async def look(self) -> None:
        """Look for what is due, and deliver, as the timer of half a minute does."""
        await tell_and_deliver(self.monitor)

    async def safely(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do something; where the process dies of it, start another. Tells whether it was done."""
        counts = self.cast.witness.record.counts
        try:
            await work()
        except Died as death:
            counts["crashes"] += 1
            counts[f"crashes: {death}"] += 1
            self._in_flight()
        except Conflict:
            counts["crashes"] += 1
            counts["crashes: others saved ten times in a row"] += 1
            self._in_flight()
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is a defect, and the week goes on
            self.cast.witness.record.breaks(self.cast.clock.now, f"failed: {type(problem).__name__} {problem}")
        else:
            return True
        finally:
            self.judging, self.holds = None, {}
        await self.monitor.close()
        self.dead = False
        self.monitor = self._started()
        return False

    def _in_flight(self) -> None:
        if len(self.holds) > 1:
            what = f"{len(self.holds)} posts were in the air at one crash: {', '.join(self.holds)}"
            self.cast.witness.record.breaks(self.cast.clock.now, what)
        for post in self.holds.values():
            self.cast.witness.in_flight(post)

    def live(self) -> None:
        """Go on, unless it has died: then nothing more is done by it.

        Raises:
            Died: it has.
        """
        if self.dead:
            raise Died("all at once")

    def spends(self, *faults: Fault) -> bool:
        """Whether it is to fail here and now."""
        return self.fault in faults

    def die(self) -> None:
        """End here.

        Raises:
            Died: always.
        """
        fault, self.fault, self.dead = self.fault, None, True
        raise Died(str(fault))


class Cast:
    """Everybody who takes part: the tenant, the store, the instances, the channels and the witness."""

    def __init__(self, store: Store, world: World, start: datetime, chance: random.Random) -> None:
        self.store = store
        self.world = world
        self.chance = chance
        self.clock = Clock(start)
        self.witness = Witness()
        self.failing: set[Source] = set()
        self.down = False
        """Whether no instance runs at all."""
        self.conflicts = 0
        self.telemetry = Telemetry(
            TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False), MeterProvider(shutdown_on_exit=False)
        )
        self.channels = {name: Channel(name, self.clock, chance) for name in RECEIVERS}
        self.instances = [Instance("one", self), Instance("other", self)]

    def saved(self, instance: Instance, state: TenantState) -> None:
        """An instance has saved the document: the witness sees it."""
        if instance.judging is not None:
            for source in instance.judging:
                self.world.see(self.witness.lives.seen, source)
            self.witness.evaluated(state, instance.judging, instance.told_at)
            instance.judging = None
        left = set(map(name_of, state.outbox))
        instance.holds = {name: post for name, post in instance.holds.items() if name_of(post.entry) in left}
        self.witness.saved(state, instance.told_at)

    async def close(self) -> None:
        """Let go of everything."""
        for instance in self.instances:
            await instance.monitor.close()
        self.telemetry.shutdown()
