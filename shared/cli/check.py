"""`linekeeper check`: whether everything is in place, before it is needed."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.cli.progress import progress
from shared.monitor.assembly import assemble
from shared.monitor.preflight import Checked, Outcome, preflight
from shared.monitor.runtime import Runtime
from shared.settings import Settings

READY = 0
LIMITED = 1
USELESS = 2

_STYLE: dict[Outcome, str] = {
    "ok": "green",
    "warning": "yellow",
    "failed": "bold red",
    "absent": "yellow",
    "off": "yellow",
}


def run_check(environment: Mapping[str, str], *, as_json: bool, tenant: str = "") -> int:
    """Look, print and judge; 0 all in place, 1 something optional failed, 2 the service would be of no use.

    Of several tenants all are looked at, unless one is named.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    runtime = Runtime(environment, tenant=tenant or None)
    each_of = [runtime.settings.of(each) for each in runtime.settings.tenant_ids]
    found = asyncio.run(_check(runtime, each_of))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode({"schema": 1, **_document(each_of, found)}) + b"\n")
        else:
            for settings, checks in zip(each_of, found, strict=True):
                _show(settings, checks, console())
    return max(exit_code(checks) for checks in found)


def exit_code(found: tuple[Checked, ...]) -> int:
    """0 all in place or switched off, 1 something optional failed, 2 something required did."""
    failed = [check for check in found if check.outcome == "failed"]
    if any(check.required for check in failed):
        return USELESS
    return LIMITED if failed else READY


async def _check(runtime: Runtime, each_of: Sequence[Settings]) -> list[tuple[Checked, ...]]:
    try:
        async with progress("Looking"):
            # All at once: of many tenants, one that does not answer takes its half minute alone.
            return await asyncio.gather(*(_look(runtime, settings) for settings in each_of))
    finally:
        await runtime.close()


async def _look(runtime: Runtime, settings: Settings) -> tuple[Checked, ...]:
    monitor = assemble(settings, runtime.telemetry, runtime.clock)
    try:
        return await preflight(monitor)
    finally:
        await monitor.close()


def _document(each_of: Sequence[Settings], found: Sequence[tuple[Checked, ...]]) -> dict[str, object]:
    """What the JSON says: the checks, of several tenants by tenant."""
    if len(each_of) == 1:
        return {"checks": found[0]}
    return {
        "tenants": [
            {"tenant": settings.tenant, "name": settings.tenants[0].name, "checks": checks}
            for settings, checks in zip(each_of, found, strict=True)
        ]
    }


def _show(settings: Settings, found: tuple[Checked, ...], out: Console) -> None:
    policy = "; ".join((settings.policy.id, *settings.policy.overrides))
    out.print(Text(f"Settings are complete. Tenant {settings.label}, policy {policy}."))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "What", "For"):
        table.add_column(heading)
    for check in found:
        table.add_row(Text(check.outcome, style=_STYLE[check.outcome]), Text(check.name), Text(check.purpose))
    out.print(table)
    for check in found:
        if check.detail and check.outcome != "ok":
            out.print(Text(f"{check.name}: {check.detail}"), soft_wrap=True)
