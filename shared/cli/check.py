"""`linekeeper check`: whether everything is in place, before it is needed."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.cli.progress import progress
from shared.monitor.assembly import assemble
from shared.monitor.preflight import Checked, Outcome, preflight
from shared.monitor.runtime import Runtime

READY = 0
LIMITED = 1
USELESS = 2

_STYLE: dict[Outcome, str] = {"ok": "green", "failed": "bold red", "absent": "yellow", "off": "yellow"}


def run_check(environment: Mapping[str, str], *, as_json: bool) -> int:
    """Look, print and judge; 0 all in place, 1 something optional failed, 2 the service would be of no use.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    runtime = Runtime(environment)
    found = asyncio.run(_check(runtime))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode({"schema": 1, "checks": found}) + b"\n")
        else:
            _show(runtime, found, console())
    return exit_code(found)


def exit_code(found: tuple[Checked, ...]) -> int:
    """0 all in place or switched off, 1 something optional failed, 2 something required did."""
    failed = [check for check in found if check.outcome == "failed"]
    if any(check.required for check in failed):
        return USELESS
    return LIMITED if failed else READY


async def _check(runtime: Runtime) -> tuple[Checked, ...]:
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock)
    try:
        async with progress("Looking"):
            return await preflight(monitor)
    finally:
        await monitor.close()
        await runtime.close()


def _show(runtime: Runtime, found: tuple[Checked, ...], out: Console) -> None:
    settings = runtime.settings
    policy = "; ".join((settings.policy.id, *settings.policy.overrides))
    out.print(Text(f"Settings are complete. Tenant {settings.tenant}, policy {policy}."))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "What", "For"):
        table.add_column(heading)
    for check in found:
        table.add_row(Text(check.outcome, style=_STYLE[check.outcome]), Text(check.name), Text(check.purpose))
    out.print(table)
    for check in found:
        if check.detail and check.outcome != "ok":
            out.print(Text(f"{check.name}: {check.detail}"), soft_wrap=True)
