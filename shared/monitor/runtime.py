"""Puts the parts together, once a process and only when something asks for them.

The webhook asks for settings and telemetry alone: it must answer at once, so what it does not need is not imported.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.settings import Settings, load

if TYPE_CHECKING:
    from shared.monitor.health import Health, HealthDesk, HealthOfAll
    from shared.monitor.monitor import Monitor
    from shared.monitor.service import Service
    from shared.storage.queue_depth import QueueDepth
    from shared.telemetry.telemetry import Telemetry


MESSAGES_AT_ONCE = 3
"""Messages of one of several tenants that may keep the queue busy: of 24 that a process is given (host.json)."""

_logger = logging.getLogger("linekeeper.settings")


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Runtime:
    """What the triggers are given. Nothing is read, opened or imported before it is used.

    Args:
        environment: the settings.
        clock: the time.
        tenant: for a command: the tenant that it is about, by its id or name, "" where it need not be said. None: all
            that are watched.
        build: makes a tenant's parts from its settings, where they are not the real ones.

    Attributes:
        queues: where the triggers' queues can be looked at, which a host that keeps them itself sets before it starts;
            None: on Azure, through the settings.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: Callable[[], datetime] = utc_now,
        *,
        tenant: str | None = None,
        build: Callable[[Settings], Monitor] | None = None,
    ) -> None:
        self._environment = environment
        self._tenant = tenant
        self._build = build
        self._services: dict[str, Service] = {}
        self.clock = clock
        self.queues: QueueDepth | None = None

    @cached_property
    def settings(self) -> Settings:
        """The settings; of several tenants, none is chosen yet but by a command.

        Raises:
            SettingsError: one is missing or wrong.
            LinekeeperError: a command does not say which tenant it is about.
        """
        settings = load(self._environment)
        if self._tenant is not None:
            return settings.chosen(self._tenant)
        # Of a service, at its start: what is allowed, and probably not meant.
        for note in settings.routing.notes:
            _logger.warning("%s", note)
        return settings

    @cached_property
    def telemetry(self) -> Telemetry:
        """OpenTelemetry, set up."""
        from shared.telemetry.telemetry import start  # noqa: PLC0415 - not at the import of a trigger

        return start(self._environment, tenant=self.settings.tenant)

    @property
    def service(self) -> Service:
        """The use cases of the one tenant that is watched, with their parts.

        Raises:
            SettingsError: a setting is missing or wrong.
            LinekeeperError: several are watched.
        """
        return self.service_of(self.settings.tenant)

    def service_of(self, tenant: str) -> Service:
        """The use cases of a tenant that is watched, by its id, with their parts: the same ones each time.

        Raises:
            SettingsError: a setting is missing or wrong.
            LinekeeperError: it is not watched.
        """
        service = self._services.get(tenant)
        if service is None:
            # 200 ms that the webhook must not wait for.
            from shared.monitor.service import Service  # noqa: PLC0415

            at_once = MESSAGES_AT_ONCE if self.settings.several else None
            service = self._services[tenant] = Service(self._monitor(self.settings.of(tenant)), at_once)
        return service

    async def health(self) -> Health | HealthOfAll:
        """How the one tenant is, or several are.

        Raises:
            SettingsError: a setting is missing or wrong.
        """
        return await (self._health_desk.look() if self.settings.several else self.service.health())

    @cached_property
    def _health_desk(self) -> HealthDesk:
        from shared.monitor.assembly import store_of  # noqa: PLC0415 - as above
        from shared.monitor.health import HealthDesk  # noqa: PLC0415

        tells = {tenant: bool(self.settings.of(tenant).routing.receivers) for tenant in self.settings.tenant_ids}
        return HealthDesk(tells, store_of(self.settings), self.clock)

    def _monitor(self, settings: Settings) -> Monitor:
        if self._build is not None:
            return self._build(settings)
        from shared.monitor.assembly import assemble  # noqa: PLC0415 - as above

        telemetry = self.telemetry.of(settings.tenant) if self.settings.several else self.telemetry
        return assemble(settings, telemetry, self.clock, queues=self.queues)

    async def close(self) -> None:
        """Let go of what was opened."""
        for service in self._services.values():
            await service.close()
        if "telemetry" in self.__dict__:
            await asyncio.to_thread(self.telemetry.shutdown)
