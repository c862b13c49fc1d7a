"""The simulated Graph and channel on one port of this machine."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from simulator.channel import SimulatedChannel
from simulator.control import CONTROL_PATH, ControlRoutes
from simulator.directory import SimulatedTenant
from simulator.graph_api import VERSION_PATH, SimulatedGraph
from simulator.notifier import Notifier

_HOST = "127.0.0.1"
_LARGEST_BODY = 4 * 1024 * 1024


class SimulatorServer:
    """Serves a tenant and a channel while its ``async with`` block lasts.

    Attributes:
        tenant: The directory, to change while the server runs.
        graph: The simulated Graph.
        channel: The simulated channel.
        notifier: The delivery of change notifications.
    """

    def __init__(
        self,
        tenant: SimulatedTenant,
        *,
        port: int = 0,
        channel: SimulatedChannel | None = None,
        notification_delay: float = 0.05,
    ) -> None:
        """Prepare a server.

        Args:
            tenant: The directory to serve.
            port: The port on 127.0.0.1; 0 takes a free one.
            channel: The channel to serve, if not one with the usual names.
            notification_delay: Seconds during which changes gather before subscribers are told.
        """
        self.tenant = tenant
        self.notifier = Notifier(delay=notification_delay)
        self.graph = SimulatedGraph(tenant, self.notifier)
        self.channel = channel or SimulatedChannel()
        self._control = ControlRoutes(self.graph, tenant)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._stop_listening: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        """The root of everything that is served."""
        return f"http://{_HOST}:{self._port}"

    @property
    def graph_url(self) -> str:
        """What takes the place of ``https://graph.microsoft.com/v1.0``."""
        return f"{self.url}{VERSION_PATH}"

    @property
    def webhook_url(self) -> str:
        """The channel's webhook, with its signature."""
        return f"{self.url}{self.channel.webhook_path}"

    @property
    def channel_page_url(self) -> str:
        """The page that shows the channel."""
        return f"{self.url}/channel"

    @property
    def control_url(self) -> str:
        """The root of the routes that switch faults, count requests and change the tenant."""
        return f"{self.url}{CONTROL_PATH}"

    async def __aenter__(self) -> Self:
        """Listen; raises ``OSError`` if the port is taken."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        self.graph.install(application)
        self.channel.install(application)
        self._control.install(application)
        # A browser that polls the page keeps its connection open: it must not hold up the end.
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, _HOST, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._port = int(runner.addresses[0][1])
        self._runner = runner
        await self.notifier.open()
        self._stop_listening = self.tenant.listen(self.graph.subscriptions.notify)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and end what is under way."""
        if self._stop_listening is not None:
            self._stop_listening()
        await self.notifier.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
