"""`linekeeper test-card`: whether alerts would arrive, as far as that can be told from here."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping

import msgspec
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.monitor.assembly import assemble
from shared.monitor.proving import Proven, send_test_cards
from shared.monitor.runtime import Runtime


def run_test_card(environment: Mapping[str, str], *, as_json: bool) -> int:
    """Send a test message to every receiver and say what it proved; 0 if all took it, else 1.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: there is no receiver.
    """
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    proven = asyncio.run(_send(Runtime(environment)))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode({"schema": 1, "receivers": proven}) + b"\n")
        else:
            out = console()
            for each in proven:
                out.print(Text(f"{each.receiver}: it {each.proves}", style="" if each.sent else "bold red"))
    return 0 if all(each.sent for each in proven) else 1


async def _send(runtime: Runtime) -> tuple[Proven, ...]:
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock)
    try:
        return await send_test_cards(monitor)
    finally:
        await monitor.close()
        await runtime.close()
