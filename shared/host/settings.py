"""What the local host reads of a host.json, and of the application settings that override it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from shared.host.errors import HostSettingsError

OVERRIDE = "AzureFunctionsJobHost__"
"""Before the path of a value of host.json, its parts joined by two underscores: an application setting that overrides
the value (Azure Functions, "host.json reference", Override host.json values). Capitals do not matter, as in .NET."""

_TimeSpan = Annotated[
    str, msgspec.Meta(pattern=r"^([0-9]+\.)?([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,7})?$")
]


class HostSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The part of host.json that the local host honours; the defaults are Azure's. Times are seconds."""

    route_prefix: str = "api"
    batch_size: int = 16
    new_batch_threshold: int | None = None
    max_dequeue_count: int = 5
    visibility_timeout: float = 0.0
    max_polling_interval: float = 60.0

    @property
    def refill_at(self) -> int:
        """A queue's next batch is taken when no more than this many of its messages are being worked on."""
        return self.batch_size // 2 if self.new_batch_threshold is None else self.new_batch_threshold


class _Http(msgspec.Struct, frozen=True, rename="camel"):
    route_prefix: str = "api"


class _Queues(msgspec.Struct, frozen=True, rename="camel"):
    batch_size: Annotated[int, msgspec.Meta(ge=1, le=32)] = 16
    new_batch_threshold: Annotated[int, msgspec.Meta(ge=0)] | None = None
    max_dequeue_count: Annotated[int, msgspec.Meta(ge=1)] = 5
    visibility_timeout: _TimeSpan = "00:00:00"
    max_polling_interval: _TimeSpan = "00:01:00"


class _Extensions(msgspec.Struct, frozen=True):
    http: _Http = _Http()
    queues: _Queues = _Queues()


class _HostJson(msgspec.Struct, frozen=True):
    extensions: _Extensions = _Extensions()


_Section = TypeVar("_Section", _Http, _Queues)


def read_host_settings(path: Path, environment: Mapping[str, str] | None = None) -> HostSettings:
    """Reads a host.json and what the environment overrides of it; keys that mean nothing here are ignored.

    Raises:
        HostSettingsError: the file is missing, is no JSON, or holds a wrong value, or an override does; the text names
            file and JSON path, or the override.
    """
    extensions = _read(path).extensions
    overrides = {
        name.lower().removeprefix(OVERRIDE.lower()): (name, value)
        for name, value in (environment or {}).items()
        if name.lower().startswith(OVERRIDE.lower())
    }
    http = _overridden(extensions.http, "extensions__http__", overrides)
    queues = _overridden(extensions.queues, "extensions__queues__", overrides)
    return HostSettings(
        route_prefix=http.route_prefix.strip("/"),
        batch_size=queues.batch_size,
        new_batch_threshold=queues.new_batch_threshold,
        max_dequeue_count=queues.max_dequeue_count,
        visibility_timeout=_seconds(queues.visibility_timeout),
        max_polling_interval=_seconds(queues.max_polling_interval),
    )


def _read(path: Path) -> _HostJson:
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise HostSettingsError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return msgspec.json.decode(content, type=_HostJson)
    except msgspec.ValidationError as error:
        raise HostSettingsError(f"{path}: {error}") from error
    except msgspec.DecodeError as error:
        raise HostSettingsError(f"{path}: {error} - at `$`") from error


def _overridden(section: _Section, place: str, overrides: Mapping[str, tuple[str, str]]) -> _Section:
    """A section with what is overridden in it, one value after the other, so that a wrong one is named."""
    for field in msgspec.structs.fields(section):
        name, text = overrides.get(f"{place}{field.encode_name}".lower(), ("", ""))
        if not name:
            continue
        try:
            value = msgspec.convert({field.encode_name: text}, type(section), strict=False)
        except msgspec.ValidationError as error:
            raise HostSettingsError(f"{name}: {error}") from error
        section = msgspec.structs.replace(section, **{field.name: getattr(value, field.name)})
    return section


def _seconds(time_span: str) -> float:
    """A .NET time span such as "1.02:03:04.5": days, hours, minutes and seconds."""
    *days_and_hours, minutes, seconds = time_span.split(":")
    days, _, hours = days_and_hours[0].rpartition(".")
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)
