from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.licensing import plans
from shared.model.directory import Account, AssignedLicence, Departed
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.referenced import Referenced, ReferencedKind
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.model.voice import (
    ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
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
from shared.rules.snapshot import Snapshot
from shared.voice.export import read_export
from shared.voice.references import references
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, contoso
from simulator.directory import SimulatedTenant
from simulator.export import export_document

EXPORTED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
READ = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def target(said: str) -> Target:
    """A target as `app:sales`, `user:ann` or `number:+4930901820`."""
    kind, _, target_id = said.partition(":")
    values: dict[str, Any] = {"kind": kind, "id": target_id}
    return Target(**values)


def option(key: str, to: str = "", action: OptionAction = "target") -> MenuOption:
    return MenuOption(key=key, action=action, target=target(to) if to else None)


def attendant(id: str, *options: MenuOption, operator: str = "", **changed: object) -> AutoAttendant:  # noqa: A002
    """An attendant whose default menu has these options."""
    values: dict[str, Any] = {"name": f"{id.title()} line", "operator": target(operator) if operator else None}
    return AutoAttendant(id=id, default_flow=CallFlow(options=options), **(values | changed))


def way_out(said: str) -> QueueExit:
    """`disconnect`; `app:sales`, which is a forward; or `shared_voicemail=voicemail:office`."""
    values: dict[str, Any] = {"action": said}
    if ":" in said:
        action, _, to = said.rpartition("=")
        values = {"action": action or "forward", "target": target(to)}
    return QueueExit(**values)


def queue(id: str, **changed: object) -> CallQueue:  # noqa: A002
    """A queue that nobody answers; its ways out as `timeout="app:sales"`, or as an action such as `disconnect`."""
    values: dict[str, Any] = {"name": f"{id.title()} queue"}
    for name, said in changed.items():
        values[name] = way_out(said) if name in {"no_agent", "timeout", "overflow"} and isinstance(said, str) else said
    return CallQueue(id=id, **values)


def export(
    *apps: AutoAttendant | CallQueue, accounts: Mapping[str, str] | None = None, **changed: object
) -> VoiceExport:
    """A complete export of these apps; `accounts` tells for which app each account stands, by the account's id."""
    by_account = accounts or {}
    queues = {app.id for app in apps if isinstance(app, CallQueue)}
    values: dict[str, Any] = {
        "complete": True,
        "attendants": tuple(app for app in apps if isinstance(app, AutoAttendant)),
        "queues": tuple(app for app in apps if isinstance(app, CallQueue)),
        "instances": tuple(
            ApplicationInstance(
                id=each,
                name=f"Account of {app}" if app else "Account",
                application=QUEUE_APPLICATION if app in queues else ATTENDANT_APPLICATION,
            )
            for each, app in by_account.items()
        ),
        "associations": tuple(Association(account=each, app=app) for each, app in by_account.items() if app),
        "statuses": (),
        **changed,
    }
    return VoiceExport(exported_at=EXPORTED, **values)


def referenced(kind: ReferencedKind, name: str = "", **changed: object) -> Referenced:
    values: dict[str, Any] = {"read_at": READ, **changed}
    return Referenced(kind=kind, name=name, **values)


def departed(account_id: str, **changed: object) -> Departed:
    values: dict[str, Any] = {"name": "Gone", "read_at": READ, **changed}
    return Departed(id=account_id, **values)


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
def make_referenced() -> Callable[..., Referenced]:
    return referenced


@pytest.fixture(scope="session")
def make_departed() -> Callable[..., Departed]:
    return departed


@pytest.fixture(scope="session")
def make_lines(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_guid: Callable[[int], str],
) -> Callable[..., Snapshot]:
    """A tenant with these voice apps, read completely, numbers included.

    `on` tells for which app each account stands, by the account's number (`{1: "main"}`): the account is in the
    directory and in the export. `numbers` are on accounts, by the account's number: `{1: "+14255550100"}`; or they are
    whole. `known` are more accounts, `said` is what the export says otherwise, `changed` what the document does.
    """

    def lines(
        *apps: AutoAttendant | CallQueue,
        on: Mapping[int, str] | None = None,
        numbers: Mapping[int, str] | tuple[PhoneNumber, ...] = (),
        known: tuple[Account, ...] = (),
        said: Mapping[str, object] | None = None,
        **changed: object,
    ) -> Snapshot:
        stands_for = on or {}
        told = (
            tuple(make_number(digits, each) for each, digits in numbers.items())
            if isinstance(numbers, Mapping)
            else numbers
        )
        voice = export(*apps, accounts={make_guid(each): app for each, app in stands_for.items()}, **(said or {}))
        given = {each.id for each in known}
        accounts = [each for number in stands_for if (each := make_account(number)).id not in given]
        complete = SourceState(state="complete", tried_at=READ, complete_as_of=READ)
        sources = dict.fromkeys(("licences", "accounts", "numbers", "voice"), complete)
        state = make_state(*accounts, *known, numbers=told, voice=voice, **{"sources": sources, **changed})
        return make_snapshot(state)

    return lines


@pytest.fixture
def tenant() -> SimulatedTenant:
    """Contoso, whose lines are in order, for a test to break."""
    return contoso(lambda: READ)


@pytest.fixture(scope="session")
def as_read(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_sku: Callable[..., Sku],
) -> Callable[[SimulatedTenant], Snapshot]:
    """What is known of a simulated tenant that was read completely: its export, its directory and its numbers.

    Everybody and every group that the directory holds was looked up, and so was what is gone.
    """
    skus = (make_sku(RESOURCE_ACCOUNT, plans.MCOEV_VIRTUALUSER, enabled=90),)

    def read(tenant: SimulatedTenant) -> Snapshot:
        document = json.dumps(export_document(tenant)).encode()
        voice = read_export(document, tenant=TENANT_ID, now=READ)
        accounts = tuple(
            Account(
                id=user.id,
                name=user.display_name,
                upn=user.user_principal_name,
                enabled=user.account_enabled,
                department=user.department,
                licences=tuple(AssignedLicence(str(each.sku_id)) for each in user.assigned_licenses),
                read_at=READ,
            )
            for user in tenant.users.values()
            if not user.account_enabled
        )
        known = {user.id: referenced("user", user.display_name) for user in tenant.users.values()}
        known |= {group.id: referenced("group", group.display_name) for group in tenant.groups.values()}
        asked = (each.id for each in references(voice) if each.kind in {"user", "group", "voicemail", "account"})
        known |= {each: referenced("nobody") for each in asked if each not in known}
        gone = {user.id for user in tenant.deleted.values()}
        numbers = tuple(
            PhoneNumber(
                number=each.telephone_number,
                target=each.assignment_target_id,
                status=each.assignment_status,
                activation=each.activation_state,
                kind=each.number_type,
                country=each.iso_country_code,
            )
            for each in tenant.numbers.values()
        )
        complete = SourceState(state="complete", tried_at=READ, complete_as_of=READ)
        state = make_state(
            *accounts,
            skus=skus,
            numbers=numbers,
            voice=voice,
            referenced=known,
            departed={each: departed(each, restorable=True) for each in gone},
            sources=dict.fromkeys(("licences", "accounts", "numbers", "voice"), complete),
        )
        return make_snapshot(state)

    return read
