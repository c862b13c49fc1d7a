"""What one evaluation costs: all rules, all alerts and all histories of a tenant, at growing numbers of accounts.

    python -m bench.evaluation

The tenant's findings stay the same in kind: one account in twenty has no licence, one in a hundred has a user's, half
of all have a number. `first` is the evaluation that finds everything, `next` one in which nothing has changed, as after
almost every read; both carry the whole document, without reading or saving it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from shared.licensing.plans import MCOEV, MCOEV_VIRTUALUSER
from shared.licensing.policy import CURRENT
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AssignedLicence, AssignedPlan
from shared.model.licences import ServicePlan, Sku
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import evaluate, judge
from shared.monitor.occasion import Occasion
from shared.state.document import encode

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SIZES = (1_000, 10_000, 50_000)
ROUNDS = 5
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"


def tenant(accounts: int) -> TenantState:
    """A tenant of so many resource accounts, read a moment ago."""
    known = SourceState(state="complete", tried_at=NOW, complete_as_of=NOW)
    every = [_account(number) for number in range(accounts)]
    return TenantState(
        tenant=str(uuid.UUID(int=1)),
        accounts={account.id: account for account in every},
        skus=(
            Sku(id=RESOURCE_ACCOUNT, enabled=accounts, consumed=accounts, plans=(ServicePlan(MCOEV_VIRTUALUSER),)),
            Sku(id=PHONE_STANDARD, enabled=accounts * 10, plans=(ServicePlan(MCOEV),)),
        ),
        subscriptions=(),
        numbers=tuple(
            PhoneNumber(number=f"+1{number:010}", target=account.id, status=VOICE_APPLICATION, country="US")
            for number, account in enumerate(every[::2])
        ),
        sources={"licences": known, "accounts": known, "numbers": known},
    )


def _account(number: int) -> Account:
    sku_ids = () if number % 20 == 0 else (PHONE_STANDARD,) if number % 100 == 1 else (RESOURCE_ACCOUNT,)
    return Account(
        id=str(uuid.UUID(int=number + 2)),
        name=f"AA Line {number}",
        upn=f"line-{number}@contoso.example",
        enabled=False,
        department=RESOURCE_ACCOUNT_DEPARTMENT,
        usage_location="US",
        licences=tuple(AssignedLicence(sku_id) for sku_id in sku_ids),
        plans=(AssignedPlan(MCOEV_VIRTUALUSER, "Enabled"),) if RESOURCE_ACCOUNT in sku_ids else (),
        read_at=NOW,
    )


def main() -> None:
    """Measure and print."""
    occasion = Occasion(now=NOW, policy=CURRENT, timing=Timing())
    print("accounts  findings  rules ms  first ms  next ms  next, µs/account  document MB")
    for size in SIZES:
        state = tenant(size)
        rules = _best(lambda state=state: judge(state, occasion))  # type: ignore[misc]
        first = _best(lambda state=state: evaluate(state, occasion))  # type: ignore[misc]
        after = evaluate(state, occasion)
        following = _best(lambda after=after: evaluate(after, occasion))  # type: ignore[misc]
        print(
            f"{size:8,}  {len(after.alerts):8,}  {rules:8.1f}  {first:8.1f}  {following:7.1f}"
            f"  {following * 1000 / size:16.1f}  {len(encode(after)) / 1e6:11.1f}"
        )


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
