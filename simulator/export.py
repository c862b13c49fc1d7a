"""The tenant's voice configuration as one JSON document, and the file that it is kept in.

Imitates what a PowerShell script makes of the Teams module's listings: the objects under their PowerShell names, with
the time of the reading and whether all of it could be read.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from simulator.directory import SimulatedTenant

SCHEMA_VERSION = 1
MODULE_VERSION = "7.4.0"

_LISTS = ("autoAttendants", "callQueues", "applicationInstances", "associations", "associationStatus")
_REWRITE_AFTER = timedelta(minutes=30)
_LOOK_EVERY_SECONDS = 0.25

Json = dict[str, Any]


def export_document(
    tenant: SimulatedTenant,
    *,
    exported_at: datetime | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Json:
    """What an export of the tenant holds.

    Args:
        tenant: The tenant.
        exported_at: The time of the reading, if not the tenant's now.
        errors: What could not be read, each with a ``stage`` and a ``message``; any of them makes it incomplete.
    """
    voice = tenant.voice
    moment = exported_at or tenant.clock()
    statuses = [
        each if each.status_timestamp else msgspec.structs.replace(each, status_timestamp=moment)
        for account, each in voice.statuses.items()
        if account in voice.associations
    ]
    document: Json = {
        "schemaVersion": SCHEMA_VERSION,
        "tenantId": tenant.tenant_id,
        "exportedAt": moment,
        "moduleVersion": MODULE_VERSION,
        "complete": not errors,
        "errors": list(errors),
        "autoAttendants": [
            msgspec.to_builtins(each) | {"ApplicationInstances": voice.accounts_of(each.identity), "Status": []}
            for each in voice.attendants.values()
        ],
        "callQueues": [
            msgspec.to_builtins(each)
            | {
                "ApplicationInstances": voice.accounts_of(each.identity),
                "OboResourceAccountIds": [account.object_id for account in each.obo_resource_accounts],
            }
            for each in voice.queues.values()
        ],
        "applicationInstances": [
            instance
            for account, application in voice.applications.items()
            if (instance := _instance(tenant, account, application)) is not None
        ],
        "associations": list(voice.associations.values()),
        "associationStatus": statuses,
    }
    # By way of the text, so that it holds lists and strings alone, as what a reader of the file gets.
    printed: Json = msgspec.json.decode(msgspec.json.encode(document))
    return printed


def collapsed(document: Json) -> Json:
    """The document as PowerShell writes it where nobody forces lists: one element alone, and none as null."""
    return {name: [_collapsed(row) for row in value] if name in _LISTS else value for name, value in document.items()}


class ExportFile:
    """Keeps the tenant's export in a file, which is always whole: a reader sees the old document or the new one."""

    def __init__(self, tenant: SimulatedTenant, path: Path) -> None:
        self._tenant = tenant
        self._path = path
        self._written: Json = {}
        self._written_at: datetime | None = None

    def refresh(self) -> bool:
        """Write the document if it changed, or if half an hour has passed; returns whether it was written.

        Raises:
            OSError: The file cannot be written.
        """
        now = self._tenant.clock()
        document = export_document(self._tenant, exported_at=now)
        content = {name: value for name, value in document.items() if name != "exportedAt"}
        content["associationStatus"] = [
            {name: value for name, value in row.items() if name != "StatusTimestamp"}
            for row in document["associationStatus"]
        ]
        recent = self._written_at is not None and now < self._written_at + _REWRITE_AFTER
        if recent and content == self._written:
            return False
        write_whole(self._path, msgspec.json.encode(document))
        self._written, self._written_at = content, now
        return True

    async def keep(self, stop: asyncio.Event) -> None:
        """Refresh the file again and again until ``stop`` is set.

        Raises:
            OSError: The file can no longer be written.
        """
        while not stop.is_set():
            self.refresh()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY_SECONDS)


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in its place at once, under a name that no reader looks at until then."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _instance(tenant: SimulatedTenant, account_id: str, application: str) -> Json | None:
    """A resource account as Teams lists it: also while it is in the deleted items, and then no more."""
    user = tenant.users.get(account_id) or tenant.deleted.get(account_id)
    if user is None:
        return None
    number = next((each for each in tenant.numbers.values() if each.assignment_target_id == account_id), None)
    instance: Json = {
        "ObjectId": user.id,
        "TenantId": tenant.tenant_id,
        "UserPrincipalName": user.user_principal_name,
        "ApplicationId": application,
        "DisplayName": user.display_name,
        "PhoneNumber": None if number is None else f"tel:{number.telephone_number}",
    }
    if user.deleted_date_time is not None:
        instance["SoftDeletionTimestamp"] = user.deleted_date_time
    return instance


def _collapsed(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {name: _collapsed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return None if not value else _collapsed(value[0]) if len(value) == 1 else [_collapsed(each) for each in value]
    return value
