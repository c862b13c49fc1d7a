"""The host itself: puts listeners behind a FunctionApp's triggers, and stops them cleanly."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Mapping

import azure.functions as func

from shared.host.bindings import BoundFunction, HttpRoute, QueueTrigger, TimerTrigger, read_functions
from shared.host.database import StorageThread
from shared.host.errors import HostError, InvocationError, ListenError, UnknownFunctionError
from shared.host.http_listener import HttpListener
from shared.host.invoke import Invoker
from shared.host.queue import MESSAGE_LIFETIME, Message, SqliteQueueStore
from shared.host.queue_listener import PROCESSING_TIMEOUT, QueueListener, queue_argument
from shared.host.settings import HostSettings
from shared.host.timers import TimerListener, TimerStatuses
from shared.host.work import Clock, Sleep, Work

_logger = logging.getLogger("linekeeper.host")
_THREADS_SETTING = "PYTHON_THREADPOOL_THREAD_COUNT"


class LocalHost:
    """Runs a FunctionApp without Azure, once: from `start` to `stop`.

    Args:
        app: the functions; they are read at once.
        settings: what host.json says.
        queue_store: the queues and the timers' memory. It stays open when the host stops: who opened it closes it.
        environment: the application settings that bindings may name.
        port: where HTTP is answered; 0 lets the system choose.
        address: the interface; keys are not checked here, so anything but loopback opens every route to the network.
        clock: seconds since the epoch.
        sleep: waits for some seconds.

    Raises:
        BindingError: the app has a function that cannot be run here.
    """

    def __init__(
        self,
        *,
        app: func.FunctionApp,
        settings: HostSettings,
        queue_store: SqliteQueueStore,
        environment: Mapping[str, str],
        port: int = 0,
        address: str = "127.0.0.1",
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._functions = {function.name: function for function in read_functions(app, environment)}
        self._settings = settings
        self._store = queue_store
        self._threads = _thread_count(environment)
        self._address = address
        self._port = port
        self._clock = clock
        self._sleep = sleep
        self._running: _Running | None = None
        self._stopped = False

    @property
    def url(self) -> str:
        """The root of the HTTP side, without a slash at its end, once the host has started."""
        if self._running is None:
            raise HostError("the host has no URL before it has started")
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._address, self._address)  # noqa: S104 - read, not bound
        return f"http://{f'[{address}]' if ':' in address else address}:{self._running.port}"

    @property
    def function_names(self) -> tuple[str, ...]:
        """The names of the app's functions in their order."""
        return tuple(self._functions)

    async def start(self) -> None:
        """Begins to listen, to poll and to run timers; does nothing when that has been done.

        Raises:
            HostError: the address cannot be bound, or the host has been stopped.
        """
        if self._stopped:
            raise HostError("a host that has been stopped does not start again")
        if self._running is not None:
            return
        running = _Running(
            self._functions,
            settings=self._settings,
            store=self._store,
            threads=self._threads,
            clock=self._clock,
            sleep=self._sleep,
        )
        try:
            await running.start(self._address, self._port)
        except OSError as error:
            await running.stop(0)
            # The event loop's own words repeat the address.
            why = os.strerror(error.errno).lower() if error.errno is not None else error
            raise ListenError(f"{self._address}:{self._port} cannot be listened on: {why}") from error
        self._running = running
        _logger.info("%d functions on %s", len(self._functions), self.url)

    async def stop(self, grace: float = 10.0) -> None:
        """Takes no new work, lets what is in flight end within `grace` seconds, cancels the rest, and closes.

        A synchronous function that outlasts the grace cannot be cancelled: the process lives until it returns.
        """
        if self._stopped:
            return
        self._stopped = True
        if self._running is not None:
            await self._running.stop(grace)

    async def run(self, stop: asyncio.Event, *, grace: float = 10.0) -> None:
        """Starts, serves until the event is set, and stops."""
        try:
            await self.start()
            await stop.wait()
        finally:
            await self.stop(grace)

    def run_now(self, name: str, body: bytes = b"") -> asyncio.Task[bool]:
        """Runs a timer or queue function at once, as the admin endpoint does: no message is taken, nothing is retried.

        Args:
            name: the function.
            body: the message's body, for a queue function.

        Returns:
            A task whose result is whether the function succeeded.

        Raises:
            UnknownFunctionError: the app has no such function, or it is triggered by HTTP.
            HostError: the host is not running.
        """
        if self._running is None or self._stopped:
            raise HostError("the host is not running")
        return self._running.run_now(name, body)


class _Running:
    """Everything that exists between start and stop."""

    def __init__(
        self,
        functions: Mapping[str, BoundFunction],
        *,
        settings: HostSettings,
        store: SqliteQueueStore,
        threads: int | None,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self.port = 0
        self._functions = functions
        self._clock = clock
        self._work = Work()
        self._storage = StorageThread()
        self._invoker = Invoker(lambda messages: self._storage.run(store.put_all, messages), threads=threads)
        statuses = TimerStatuses(store.database)
        self._timers: dict[str, TimerListener] = {}
        self._queues: list[QueueListener] = []
        routes: list[tuple[str, frozenset[str], BoundFunction]] = []
        for name, function in functions.items():
            match function.trigger:
                case TimerTrigger() as trigger:
                    self._timers[name] = TimerListener(
                        function,
                        trigger,
                        statuses=statuses,
                        storage=self._storage,
                        invoker=self._invoker,
                        work=self._work,
                        clock=clock,
                        sleep=sleep,
                    )
                case QueueTrigger() as trigger:
                    self._queues.append(
                        QueueListener(
                            function,
                            trigger,
                            store=store,
                            storage=self._storage,
                            invoker=self._invoker,
                            settings=settings,
                            work=self._work,
                            sleep=sleep,
                        )
                    )
                case HttpRoute() as trigger:
                    routes.append((f"{settings.route_prefix}/{trigger.template}", trigger.methods, function))
        self._http = HttpListener(routes, invoker=self._invoker, work=self._work, start_function=self.run_now)

    async def start(self, address: str, port: int) -> None:
        self.port = await self._http.listen(address, port)
        for queue in self._queues:
            self._work.begin(queue.run())
        for timer in self._timers.values():
            self._work.begin(timer.run())

    async def stop(self, grace: float) -> None:
        self._work.stopping.set()
        await self._http.refuse()
        await self._work.finish(grace)
        await self._http.close()
        self._invoker.close()
        self._storage.close()

    def run_now(self, name: str, body: bytes) -> asyncio.Task[bool]:
        if name in self._timers:
            return self._work.begin(self._timers[name].invoke())
        function = self._functions.get(name)
        if function is None or not isinstance(function.trigger, QueueTrigger):
            raise UnknownFunctionError(f"no timer or queue function is called {name}")
        now = self._clock()
        message = Message(
            id=str(uuid.uuid4()),
            body=body,
            dequeue_count=1,
            pop_receipt="",
            inserted=now,
            next_visible=now + PROCESSING_TIMEOUT,
            expires=now + MESSAGE_LIFETIME,
        )
        return self._work.begin(self._succeeds(function, queue_argument(message, function.trigger.payload)))

    async def _succeeds(self, function: BoundFunction, argument: object) -> bool:
        try:
            await self._invoker.invoke(function, argument)
        except InvocationError:
            return False
        return True


def _thread_count(environment: Mapping[str, str]) -> int | None:
    text = environment.get(_THREADS_SETTING)
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise HostError(f"the setting {_THREADS_SETTING} must be a number of threads, at least 1")
    return int(text)
