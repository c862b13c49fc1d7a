"""`linekeeper audit`: one read of the tenant, as a table for people or as JSON for programs."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping

from shared.cli.audit_view import show
from shared.cli.output import console, reader_may_leave
from shared.cli.past import remembered_if_readable
from shared.cli.progress import progress
from shared.model.finding import Severity, severity_rank
from shared.monitor.assembly import assemble
from shared.monitor.audit import audit
from shared.monitor.report import Report, to_json
from shared.monitor.runtime import Runtime

CLEAN = 0
FINDINGS = 1
BLIND = 2


def run_audit(environment: Mapping[str, str], *, as_json: bool, fail_on: Severity, tenant: str = "") -> int:
    """Read, print and judge; the exit code says how it is.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    # What could not be read is in the report, as a finding; it need not be said twice.
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    runtime = Runtime(environment, tenant=tenant)
    found = asyncio.run(_audit(runtime))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(to_json(found) + b"\n")
        else:
            show(found, console())
    return exit_code(found, fail_on)


def exit_code(found: Report, fail_on: Severity) -> int:
    """0 clean, 1 findings at or above a severity, 2 licences or accounts could not be read."""
    if found.is_blind:
        return BLIND
    bad = any(severity_rank(finding.severity) <= severity_rank(fail_on) for finding in found.findings)
    return FINDINGS if bad else CLEAN


async def _audit(runtime: Runtime) -> Report:
    # Upon what the service remembers, where it has run: some faults show in an account's past alone.
    store = await remembered_if_readable(runtime.settings)
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock, store)
    try:
        async with progress("Reading the tenant"):
            with runtime.telemetry.span("audit"):
                return await audit(monitor)
    finally:
        await monitor.close()
        await runtime.close()
