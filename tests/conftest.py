from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import pytest

from shared.licensing import plans
from shared.licensing.policy import CURRENT, Policy
from shared.model.alert import Alert
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AssignedLicence
from shared.model.finding import Finding, Severity, Subject, Topic
from shared.model.licences import CommerceSubscription, ServicePlan, Sku
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.sources import INTERVALS, Source, SourceState
from shared.model.tenant import DeltaPosition, TenantState
from shared.rules.snapshot import Snapshot
from tests.azurite.server import Azurite

# The same examples in every run: a failure is seen again.
hypothesis.settings.register_profile("linekeeper", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("linekeeper")

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
RESOURCE_ACCOUNT_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"


def guid(number: int) -> str:
    return str(uuid.UUID(int=number))


def sku(number: int | str, *plan_ids: str, enabled: int = 0, **changed: object) -> Sku:
    """A SKU by its id, or by a number where the id says nothing."""
    sku_id = number if isinstance(number, str) else guid(number)
    values: dict[str, Any] = {"enabled": enabled, **changed}
    return Sku(id=sku_id, plans=tuple(ServicePlan(plan) for plan in plan_ids), **values)


def account(number: int, *sku_ids: str, marked: bool = True, **changed: object) -> Account:
    """A resource account as it should be, but for its licences; a person where `marked` says so."""
    values: dict[str, Any] = {
        "name": f"Account {number}",
        "department": RESOURCE_ACCOUNT_DEPARTMENT if marked else "Sales",
        "enabled": False,
        "usage_location": "US",
        "read_at": NOW,
        "licences": tuple(AssignedLicence(sku_id) for sku_id in sku_ids),
        **changed,
    }
    return Account(id=guid(number), **values)


def phone_number(digits: str, target: int | None = 1, **changed: object) -> PhoneNumber:
    """A number that an attendant or queue answers, on the account of that number."""
    values: dict[str, Any] = {"status": VOICE_APPLICATION, "activation": "activated", "country": "US", **changed}
    return PhoneNumber(number=digits, target=guid(target) if target is not None else None, **values)


def state(
    *accounts: Account,
    skus: tuple[Sku, ...] = (),
    subscriptions: tuple[CommerceSubscription, ...] | None = (),
    numbers: tuple[PhoneNumber, ...] | None = None,
    read: datetime | None = NOW,
    **changed: object,
) -> TenantState:
    """A tenant read completely at `read`, or not at all; its numbers only where they are given."""
    known = SourceState(state="complete", tried_at=read, complete_as_of=read) if read else None
    sources: tuple[Source, ...] = ("licences", "accounts") if numbers is None else ("licences", "accounts", "numbers")
    values: dict[str, Any] = {
        "sources": dict.fromkeys(sources, known) if known else {},
        "delta": DeltaPosition(link="https://graph.test/delta?token=1"),
        **changed,
    }
    return TenantState(
        tenant=TENANT,
        accounts={each.id: each for each in accounts},
        skus=skus,
        subscriptions=subscriptions,
        numbers=numbers or (),
        **values,
    )


def snapshot(
    of: TenantState,
    *,
    now: datetime = NOW,
    policy: Policy = CURRENT,
    intervals: Mapping[Source, timedelta] = INTERVALS,
    expects_subscription: bool = False,
    **changed: Any,  # noqa: ANN401 - what a site sets
) -> Snapshot:
    return Snapshot(
        of, now=now, policy=policy, intervals=intervals, expects_subscription=expects_subscription, **changed
    )


def resource_account_licences(owned: int, assigned: int = 0, **changed: object) -> Sku:
    return sku(RESOURCE_ACCOUNT_SKU, plans.MCOEV_VIRTUALUSER, enabled=owned, consumed=assigned, **changed)


def finding(
    rule: str, subject: int | str = 1, severity: Severity = "critical", *, name: str = "Sales", **changed: object
) -> Finding:
    subject_id = guid(subject) if isinstance(subject, int) else subject
    values: dict[str, Any] = {
        "subject": Subject("resource_account", subject_id, name),
        "summary": "No licence.",
        "remedy": "Assign one.",
        **changed,
    }
    return Finding(rule=rule, severity=severity, **values)


def alert(of: Finding, *, family: str = "accounts", since: datetime = NOW, lasted: timedelta | None = None) -> Alert:
    """An alert that fires, or that ended after `lasted`."""
    topic = Topic(family, f"Title of {of.rule}", "https://learn.microsoft.com/rule")
    if lasted is None:
        return Alert(finding=of, topic=topic, since=since)
    return Alert(finding=of, topic=topic, since=since, phase="resolved", ended=since + lasted)


@pytest.fixture(autouse=True)
def _our_logs_level() -> Iterator[None]:
    """A command sets how much is logged, for its process: here, for no longer than its test."""
    logger = logging.getLogger("linekeeper")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A stand-in for Azure Storage, one for all tests: each makes containers and queues of its own names."""
    with Azurite() as running:
        yield running


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def make_guid() -> Callable[[int], str]:
    return guid


@pytest.fixture(scope="session")
def make_sku() -> Callable[..., Sku]:
    return sku


@pytest.fixture(scope="session")
def make_resource_account_sku() -> Callable[..., Sku]:
    return resource_account_licences


@pytest.fixture(scope="session")
def make_account() -> Callable[..., Account]:
    return account


@pytest.fixture(scope="session")
def make_number() -> Callable[..., PhoneNumber]:
    return phone_number


@pytest.fixture(scope="session")
def make_state() -> Callable[..., TenantState]:
    return state


@pytest.fixture(scope="session")
def make_snapshot() -> Callable[..., Snapshot]:
    return snapshot


@pytest.fixture(scope="session")
def make_finding() -> Callable[..., Finding]:
    return finding


@pytest.fixture(scope="session")
def make_alert() -> Callable[..., Alert]:
    return alert
