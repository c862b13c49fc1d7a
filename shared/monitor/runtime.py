"""Puts the parts together, once a process and only when something asks for them.

The webhook asks for settings and telemetry alone: it must answer at once, so what it does not need is not imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.settings import Settings, load

if TYPE_CHECKING:
    from shared.monitor.service import Service
    from shared.telemetry.telemetry import Telemetry


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Runtime:
    """What the triggers are given. Nothing is read, opened or imported before it is used."""

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], datetime] = utc_now) -> None:
        self._environment = environment
        self.clock = clock

    @cached_property
    def settings(self) -> Settings:
        """The settings.

        Raises:
            SettingsError: one is missing or wrong.
        """
        return load(self._environment)

    @cached_property
    def telemetry(self) -> Telemetry:
        """OpenTelemetry, set up."""
        from shared.telemetry.telemetry import start  # noqa: PLC0415 - not at the import of a trigger

        return start(self._environment)

    @cached_property
    def service(self) -> Service:
        """The use cases, with their parts.

        Raises:
            SettingsError: a setting is missing or wrong.
        """
        # 200 ms that the webhook must not wait for.
        from shared.monitor.assembly import assemble  # noqa: PLC0415
        from shared.monitor.service import Service  # noqa: PLC0415

        return Service(assemble(self.settings, self.telemetry, self.clock))

    async def close(self) -> None:
        """Let go of what was opened."""
        if "service" in self.__dict__:
            await self.service.close()
        if "telemetry" in self.__dict__:
            await asyncio.to_thread(self.telemetry.shutdown)
