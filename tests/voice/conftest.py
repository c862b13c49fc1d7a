from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.model.voice import (
    ApplicationInstance,
    Association,
    AutoAttendant,
    CallFlow,
    CallQueue,
    MenuOption,
    OptionAction,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.voice.graph import CallFlowGraph

EXPORTED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def target(said: str) -> Target:
    """A target as `app:sales` or `account:ra-sales`."""
    kind, _, target_id = said.partition(":")
    values: dict[str, Any] = {"kind": kind, "id": target_id}
    return Target(**values)


def option(key: str, to: str = "", action: OptionAction = "target") -> MenuOption:
    return MenuOption(key=key, action=action, target=target(to) if to else None)


def attendant(id: str, *options: MenuOption, operator: str = "", **changed: object) -> AutoAttendant:  # noqa: A002
    """An attendant whose default menu has these options."""
    values: dict[str, Any] = {"name": f"{id.title()} line", "operator": target(operator) if operator else None}
    return AutoAttendant(id=id, default_flow=CallFlow(options=options), **(values | changed))


def queue(id: str, **changed: object) -> CallQueue:  # noqa: A002
    """A queue that nobody answers; its ways out as `timeout="app:sales"`, or as an action such as `disconnect`."""
    values: dict[str, Any] = {"name": f"{id.title()} queue"}
    for name, said in changed.items():
        values[name] = way_out(said) if name in {"no_agent", "timeout", "overflow"} and isinstance(said, str) else said
    return CallQueue(id=id, **values)


def way_out(said: str) -> QueueExit:
    """`disconnect`; `app:sales`, which is a forward; or `shared_voicemail=user:g`."""
    values: dict[str, Any] = {"action": said}
    if ":" in said:
        action, _, to = said.rpartition("=")
        values = {"action": action or "forward", "target": target(to)}
    return QueueExit(**values)


def export(
    *apps: AutoAttendant | CallQueue, accounts: Mapping[str, str] | None = None, **changed: object
) -> VoiceExport:
    """A complete export of these apps; `accounts` tells for which app each account stands."""
    by_account = accounts or {}
    values: dict[str, Any] = {
        "complete": True,
        "attendants": tuple(app for app in apps if isinstance(app, AutoAttendant)),
        "queues": tuple(app for app in apps if isinstance(app, CallQueue)),
        "instances": tuple(ApplicationInstance(id=each, name=f"Account {each}") for each in by_account),
        "associations": tuple(Association(account=each, app=app) for each, app in by_account.items() if app),
        **changed,
    }
    return VoiceExport(exported_at=EXPORTED, **values)


def graph(
    *apps: AutoAttendant | CallQueue,
    accounts: Mapping[str, str] | None = None,
    live: Collection[str] | None = None,
    numbers: Mapping[str, tuple[str, ...]] | None = None,
    **changed: object,
) -> CallFlowGraph:
    """The graph of these apps; all accounts live unless `live` says which."""
    known = accounts or {}
    living = known.keys() if live is None else live
    return CallFlowGraph(export(*apps, accounts=known, **changed), live=living, numbers=numbers or {})


@pytest.fixture(scope="session")
def make_option() -> Callable[..., MenuOption]:
    return option


@pytest.fixture(scope="session")
def make_attendant() -> Callable[..., AutoAttendant]:
    return attendant


@pytest.fixture(scope="session")
def make_queue() -> Callable[..., CallQueue]:
    return queue


@pytest.fixture(scope="session")
def make_export() -> Callable[..., VoiceExport]:
    return export


@pytest.fixture(scope="session")
def make_graph() -> Callable[..., CallFlowGraph]:
    return graph
