"""`linekeeper test-card`: whether alerts would arrive, as far as that can be told from here."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping

import msgspec
from rich.console import Console
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.cli.progress import progress
from shared.model.addresses import Kind
from shared.monitor.assembly import assemble
from shared.monitor.proving import Proven, send_test_cards
from shared.monitor.runtime import Runtime

_KINDS: Mapping[Kind, str] = {
    "workflows": "Workflows webhook",
    "bot": "bot",
    "webhook": "webhook",
    "alertmanager": "Alertmanager",
}


def run_test_card(environment: Mapping[str, str], *, as_json: bool, tenant: str = "") -> int:
    """Send a test message to every receiver and say what it proved; 0 if all took it, else 1.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: there is no receiver.
    """
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    proven = asyncio.run(_send(Runtime(environment, tenant=tenant)))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode({"schema": 1, "receivers": proven}) + b"\n")
        else:
            out = console()
            for each in proven:
                _show(each, out)
    return 0 if all(each.sent for each in proven) else 1


def _show(proven: Proven, out: Console) -> None:
    who = f"{proven.receiver} ({_KINDS[proven.kind]})"
    if not proven.sent:
        out.print(Text(f"{who}: not taken: {proven.problem}.", style="bold red"), soft_wrap=True)
        return
    out.print(Text(f"{who}: taken.", style="bold"), soft_wrap=True)
    for label, said in (("Proven", proven.proves), ("Not proven", proven.leaves_open)):
        out.print(Text(f"  {label}: {said}."), soft_wrap=True)


async def _send(runtime: Runtime) -> tuple[Proven, ...]:
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock)
    try:
        async with progress("Sending"):
            return await send_test_cards(monitor)
    finally:
        await monitor.close()
        await runtime.close()
