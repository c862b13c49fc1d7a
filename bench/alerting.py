"""What judging and telling cost while very much is broken at once: growing numbers of open alerts.

    python -m bench.alerting

Every account of the tenant is without a licence, so there are as many open alerts as accounts. `judged` is one
evaluation with all of its rules, the lives of all findings and a look at all groups, in which nothing has changed;
`first` one that finds everything; `told` is a look alone, as every half minute, and `ends` one in which half of them
have ended. `silenced` is a look with as many silences as there may be, which match one finding each, `digest` one in
which a heartbeat and a digest are due. The last row is the growth: ten is linear, and what no longer fits into the
processor's caches costs up to twice as much.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from bench.evaluation import tenant
from shared.licensing.policy import CURRENT
from shared.model.alert import ReceiverState
from shared.model.directory import Account
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.monitor.silences import MOST
from shared.monitor.telling import told
from shared.state.document import encode

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
SIZES = (2_000, 20_000)
ROUNDS = 5
TIMING = Timing(pending={"resource-account-unlicensed": timedelta(0)})
COLUMNS = ("first", "judged", "told", "ends", "silenced", "digest")


def broken(alerts: int) -> TenantState:
    """A tenant of so many accounts, none of which has a licence."""
    state = tenant(alerts)
    accounts = {key: _without_licences(account) for key, account in state.accounts.items()}
    return msgspec.structs.replace(state, accounts=accounts)


def _without_licences(account: Account) -> Account:
    return msgspec.structs.replace(account, licences=(), plans=())


def silences(state: TenantState) -> dict[str, Silence]:
    """As many silences as there may be, for one account each."""
    return {
        f"{number}": Silence(
            id=f"{number}",
            rules=("resource-account-*",),
            subjects=(subject,),
            starts=NOW,
            ends=NOW + timedelta(days=30),
            author="bench",
            reason="bench",
            created=NOW,
        )
        for number, subject in enumerate(list(state.accounts)[:MOST])
    }


def costs(alerts: int) -> dict[str, float]:
    """The columns of a row, in milliseconds of CPU time."""
    at_first = Occasion(now=NOW, policy=CURRENT, timing=TIMING)
    then = Occasion(now=LATER, policy=CURRENT, timing=TIMING)
    state = broken(alerts)
    opened = evaluate(state, at_first)
    after = msgspec.structs.replace(told(opened, then), outbox=())
    over = {
        key: msgspec.structs.replace(alert, phase="resolved", ended=LATER) if number % 2 else alert
        for number, (key, alert) in enumerate(after.alerts.items())
    }
    ended = msgspec.structs.replace(after, alerts=over)
    long_ago = ReceiverState(heartbeat_at=NOW - timedelta(days=30), digest_at=NOW - timedelta(days=30))
    work: dict[str, Callable[[], object]] = {
        "first": lambda: evaluate(state, at_first),
        "judged": lambda: evaluate(after, then),
        "told": lambda: told(after, then),
        "ends": lambda: told(ended, then, timedelta(hours=1)),
        "silenced": lambda: told(msgspec.structs.replace(after, silences=silences(after)), then),
        "digest": lambda: told(msgspec.structs.replace(after, receivers={"teams": long_ago}), then),
    }
    return {name: _best(work[name]) for name in COLUMNS} | {"MB": len(encode(after)) / 1e6}


def main() -> None:
    """Measure and print."""
    print("alerts  " + "".join(f"{name + ' ms':>14}" for name in COLUMNS) + "   document MB")
    rows = []
    for size in SIZES:
        rows.append(costs(size))
        print(f"{size:6,}  " + "".join(f"{rows[-1][name]:14.1f}" for name in COLUMNS) + f"{rows[-1]['MB']:14.1f}")
    factor = SIZES[-1] / SIZES[0]
    print(f"x{factor:5.0f}  " + "".join(f"{rows[-1][name] / rows[0][name]:14.1f}" for name in COLUMNS))


def _best(work: Callable[[], object]) -> float:
    """The best of some rounds, in milliseconds of CPU time."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times) * 1000


if __name__ == "__main__":
    main()
