"""What one evaluation costs where the tenant has attendants and queues, at growing numbers of them.

    python -m bench.lines

Every tenant has 50,000 agents, all known to the directory, and a resource account for each voice app. One queue in a
hundred has nobody, one menu in a hundred leads to what does not exist: the rules have something to say. Each size runs
in a process of its own, whose peak memory counts the document and everything that is worked out from it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime

from shared.licensing.plans import MCOEV, MCOEV_VIRTUALUSER
from shared.licensing.policy import CURRENT
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AssignedLicence
from shared.model.licences import ServicePlan, Sku
from shared.model.referenced import Referenced
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.model.voice import (
    ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
    Agent,
    ApplicationInstance,
    Association,
    AutoAttendant,
    CallFlow,
    CallQueue,
    MenuOption,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.state.document import decode, encode

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SIZES = (500, 5_000, 20_000)
AGENTS = 50_000
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"


def _id(kind: int, number: int) -> str:
    return str(uuid.UUID(int=(kind << 64) + number))


def tenant(apps: int) -> TenantState:
    """A tenant of so many voice apps, half of them queues, each attendant leading to a queue."""
    known = SourceState(state="complete", tried_at=NOW, complete_as_of=NOW)
    pairs = apps // 2
    each_queue = AGENTS // pairs
    return TenantState(
        tenant=_id(0, 1),
        accounts={account.id: account for account in map(_account, range(apps))},
        skus=(
            Sku(id=RESOURCE_ACCOUNT, enabled=apps, consumed=apps, plans=(ServicePlan(MCOEV_VIRTUALUSER),)),
            Sku(id=PHONE_STANDARD, enabled=apps * 10, plans=(ServicePlan(MCOEV),)),
        ),
        subscriptions=(),
        voice=VoiceExport(
            exported_at=NOW,
            complete=True,
            attendants=tuple(_attendant(number, pairs) for number in range(pairs)),
            queues=tuple(_queue(number, each_queue) for number in range(pairs)),
            instances=tuple(_instance(number) for number in range(apps)),
            associations=tuple(_association(number) for number in range(apps)),
            statuses=(),
        ),
        referenced={
            _id(3, number): Referenced(kind="user", name=f"Agent {number}", enabled=True, phone=True, read_at=NOW)
            for number in range(AGENTS)
        },
        sources={"licences": known, "accounts": known, "numbers": known, "voice": known},
    )


def _account(number: int) -> Account:
    return Account(
        id=_id(1, number),
        name=f"Line {number}",
        enabled=False,
        department=RESOURCE_ACCOUNT_DEPARTMENT,
        usage_location="US",
        licences=(AssignedLicence(RESOURCE_ACCOUNT),),
        created=NOW,
        read_at=NOW,
    )


def _attendant(number: int, pairs: int) -> AutoAttendant:
    gone = number % 100 == 0
    options = tuple(
        MenuOption(key=str(key), action="target", target=Target("app", _id(2, 2 * ((number + key) % pairs) + 1)))
        for key in range(1, 4)
    )
    broken = (MenuOption(key="9", action="target", target=Target("app", _id(9, number))),) if gone else ()
    return AutoAttendant(
        id=_id(2, 2 * number),
        name=f"Attendant {number}",
        default_flow=CallFlow(options=options + broken),
        accounts=(_id(1, 2 * number),),
    )


def _queue(number: int, agents: int) -> CallQueue:
    first = number * agents
    people = () if number % 100 == 0 else tuple(_id(3, (first + each) % AGENTS) for each in range(agents))
    return CallQueue(
        id=_id(2, 2 * number + 1),
        name=f"Queue {number}",
        users=people[:20],
        agents=tuple(Agent(person, opted_in=True) for person in people),
        timeout=QueueExit("disconnect"),
        no_agent=QueueExit("queue"),
        accounts=(_id(1, 2 * number + 1),),
    )


def _instance(number: int) -> ApplicationInstance:
    application = QUEUE_APPLICATION if number % 2 else ATTENDANT_APPLICATION
    return ApplicationInstance(id=_id(1, number), name=f"Line {number}", application=application)


def _association(number: int) -> Association:
    return Association(account=_id(1, number), app_kind="queue" if number % 2 else "attendant", app=_id(2, number))


def measure(apps: int) -> None:
    """Measure one size, and print its row."""
    state = tenant(apps)
    occasion = Occasion(now=NOW, policy=CURRENT, timing=Timing())
    after = evaluate(state, occasion)
    begun = time.process_time()
    evaluate(after, occasion)
    evaluated = time.process_time() - begun
    content = encode(after)
    begun = time.process_time()
    decode(encode(after), after.tenant)
    carried = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{apps:6,}  {len(after.alerts):8,}  {evaluated * 1000:12.0f}  {evaluated * 1e6 / (apps + AGENTS):24.1f}"
        f"  {carried * 1000:18.0f}  {len(content) / 1e6:11.1f}  {peak:8.0f}"
    )


def main() -> None:
    """Measure every size in a process of its own."""
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
        return
    print(
        "  apps  findings  evaluation ms  evaluation, µs/object  save and load, ms  document MB  peak MiB", flush=True
    )
    for apps in SIZES:
        subprocess.run([sys.executable, "-m", "bench.lines", str(apps)], check=True)  # noqa: S603 - itself


if __name__ == "__main__":
    main()
