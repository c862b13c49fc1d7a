"""`linekeeper confirm`: a test call got through, so an account that may have been broken is not."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping

import msgspec
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.monitor.assembly import assemble, naming_store, store_exists, store_place
from shared.monitor.confirm import Confirmed, confirm, nothing_stored
from shared.monitor.runtime import Runtime


def run_confirm(environment: Mapping[str, str], *, account: str, as_json: bool = False, tenant: str = "") -> int:
    """Record the test call and say what it ended; 0 if there was anything to end.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: nobody or several are meant, or no test call is awaited.
    """
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    done = asyncio.run(_confirm(Runtime(environment, tenant=tenant), account))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode({"schema": 1, **msgspec.structs.asdict(done)}) + b"\n")
        else:
            name = done.name or done.id
            console().print(Text(f"{name} answers: the swap of {done.swapped:%Y-%m-%d %H:%M} UTC did it no harm."))
    return 0


async def _confirm(runtime: Runtime, account: str) -> Confirmed:
    place = store_place(runtime.settings)
    if not store_exists(runtime.settings):
        raise nothing_stored(place)
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock)
    try:
        with naming_store(place):
            return await confirm(monitor, account, place)
    finally:
        await monitor.close()
        await runtime.close()
