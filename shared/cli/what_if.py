"""`linekeeper what-if`: what would happen to the free allocation if seats, accounts or subscriptions changed."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from shared.cli.output import console, reader_may_leave
from shared.cli.progress import progress
from shared.cli.what_if_view import show, show_why_not
from shared.licensing.forecast import Assumptions, SeatChange
from shared.model.errors import LinekeeperError
from shared.monitor.assembly import assemble
from shared.monitor.runtime import Runtime
from shared.monitor.what_if import NotKnown, WhatIf, to_json, what_if
from shared.state.memory import MemoryStore

ANSWERED = 0
BLIND = 2

MOST = 9_999_999
"""Seats or accounts that may come or go at once: more is a slip of the finger."""

# Of one SKU a sign must be given: `MCOEV=400` could mean that it is to have 400.
_SEATS = re.compile(r"(?:(?P<sku>.*\S)\s*=\s*(?=[+-]))?(?P<by>[+-]?[0-9]{1,7})", re.DOTALL)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def run_what_if(
    environment: Mapping[str, str],
    *,
    seats: Sequence[str],
    add_accounts: int,
    on: str | None,
    as_json: bool,
    tenant: str = "",
) -> int:
    """Read the tenant, work out and print; 0 answered, 2 licences or accounts could not be read.

    Args:
        environment: the settings.
        seats: seats that come or go, as typed: `50`, `-400`, `MCOEV=-400` or `<SKU id>=+10`.
        add_accounts: resource accounts that come.
        on: a day, as typed (`YYYY-MM-DD`), by whose end what ends is not renewed.
        as_json: whether one JSON document is wanted.
        tenant: the tenant's id or name, where the settings list several.

    Raises:
        LinekeeperError: a setting is missing or wrong, or what is assumed is malformed or cannot be.
    """
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    runtime = Runtime(environment, tenant=tenant)
    _ = runtime.settings  # settings first: what is assumed of no tenant need not be looked at
    assumptions = Assumptions(
        seats=tuple(seat_change(text) for text in seats),
        accounts=_accounts(add_accounts),
        on=None if on is None else day(on, runtime.clock()),
        since=runtime.clock().date(),
    )
    result = asyncio.run(_what_if(runtime, assumptions))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(to_json(result) + b"\n")
        elif isinstance(result, NotKnown):
            show_why_not(result, console())
        else:
            show(result, console())
    return BLIND if isinstance(result, NotKnown) else ANSWERED


def seat_change(text: str) -> SeatChange:
    """Seats that come or go, as typed: of a SKU, or of whichever.

    Raises:
        LinekeeperError: the text is of another form.
    """
    match = _SEATS.fullmatch(text.strip().replace("\N{MINUS SIGN}", "-"))
    if match is None:
        raise LinekeeperError(
            f"--seats takes +50 or -400, or of one SKU MCOEV=+50 or MCOEV=-400, up to {MOST:,}; not {text!r}."
        )
    return SeatChange(by=int(match["by"]), sku=match["sku"])


def day(text: str, now: datetime) -> date:
    """A day to come, or today (UTC), as typed.

    Raises:
        LinekeeperError: the text is no day, or the day is over.
    """
    written = text.strip()
    try:
        found = date.fromisoformat(written) if _DAY.fullmatch(written) else None
    except ValueError:
        found = None
    if found is None:
        raise LinekeeperError(f"--on takes a day such as 2027-03-31, and {text!r} is none.")
    today = now.astimezone(UTC).date()
    if found < today:
        raise LinekeeperError(f"--on takes today or a day to come, and {found} is over: it is {today} (UTC).")
    return found


def _accounts(number: int) -> int:
    if not 0 <= number <= MOST:
        raise LinekeeperError(f"--add-accounts takes a number from 0 to {MOST:,}, not {number}.")
    return number


async def _what_if(runtime: Runtime, assumptions: Assumptions) -> WhatIf | NotKnown:
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock, MemoryStore())
    try:
        async with progress("Reading the tenant"):
            with runtime.telemetry.span("what-if"):
                return await what_if(monitor, assumptions)
    finally:
        await monitor.close()
        await runtime.close()
