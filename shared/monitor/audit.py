"""A one-shot read of a tenant: everything is read, judged and reported, and nothing is kept or sent."""

from __future__ import annotations

import msgspec

from shared.monitor.baseline import read_everything
from shared.monitor.monitor import Monitor
from shared.monitor.report import Report, report


async def audit(monitor: Monitor) -> Report:
    """Read the tenant and report what the rules say of it. A source that fails is a finding, not an error."""
    await read_everything(monitor)
    # The queue is not looked at: whoever audits need not have its keys.
    return report(await monitor.load(), msgspec.structs.replace(monitor.occasion(), expects_queue=False))
