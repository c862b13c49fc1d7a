"""`linekeeper explain`: what every rule makes of one account, and which step its line still lacks."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from shared.cli.explain_view import show
from shared.cli.output import console, reader_may_leave
from shared.cli.past import remembered_if_readable
from shared.cli.progress import progress
from shared.monitor.assembly import assemble
from shared.monitor.explain import Explained, explain_account
from shared.monitor.runtime import Runtime
from shared.rules.explanation import Explanation, Verdict

SCHEMA = 1
EXPLAINED = 0
BLIND = 2


def run_explain(environment: Mapping[str, str], *, account: str, as_json: bool, tenant: str = "") -> int:
    """Read, explain and print; 2 where licences or accounts could not be read, else 0.

    Raises:
        LinekeeperError: a setting is wrong, or nobody or several are known by what was given.
    """
    # What could not be read is in the explanation; it need not be said twice.
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    runtime = Runtime(environment, tenant=tenant)
    explained = asyncio.run(_explain(runtime, account))
    with reader_may_leave():
        if as_json:
            sys.stdout.buffer.write(to_json(explained.explanation) + b"\n")
        else:
            show(explained, console())
    return BLIND if explained.is_blind else EXPLAINED


def to_json(explanation: Explanation) -> bytes:
    """The explanation as JSON, schema 1."""
    account = msgspec.structs.asdict(explanation.account)
    account["created"] = _second(explanation.account.created)
    account["as_of"] = _second(explanation.account.as_of)
    return msgspec.json.encode(
        {
            "schema": SCHEMA,
            "account": account,
            "rules": [_verdict(verdict) for verdict in explanation.rules],
            "steps": explanation.steps,
        }
    )


def _verdict(verdict: Verdict) -> dict[str, Any]:
    severity = {"severity": verdict.severity} if verdict.severity is not None else {}
    as_of = {source: _second(at) for source, at in verdict.as_of.items()}
    return {"rule": verdict.rule, "state": verdict.state, **severity, "why": verdict.why, "as_of": as_of}


def _second(at: datetime | None) -> datetime | None:
    return at.replace(microsecond=0) if at is not None else None


async def _explain(runtime: Runtime, account: str) -> Explained:
    store = await remembered_if_readable(runtime.settings)
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock, store)
    try:
        async with progress("Reading the tenant"):
            with runtime.telemetry.span("explain"):
                return await explain_account(monitor, account)
    finally:
        await monitor.close()
        await runtime.close()
