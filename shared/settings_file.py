"""The TOML file of a site: its tables and keys, and one line that names the place where something else stands."""

from __future__ import annotations

import difflib
import re
import tomllib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec

from shared.licensing.policy import CURRENT, PolicyOverrides
from shared.licensing.price import Price
from shared.model.errors import SettingsError
from shared.model.sources import FRESH_INTERVALS, INTERVALS, Source
from shared.model.timing import Timing
from shared.rules.thresholds import Thresholds
from shared.settings_routes import check_rules, example_of

DOCUMENTED = "docs/settings.md"
ROUTING_TABLES = frozenset({"receivers", "routes"})
TABLES_READ_ELSEWHERE = ROUTING_TABLES | {"tenants"}
SHORTEST_AGE = timedelta(minutes=15)
"""An export is looked for every five minutes; one that is older than this may be the newest there is."""

LONGEST = timedelta(days=3660)
"""No duration is longer: beyond the calendar, nothing can be added to a date."""


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the optional sources are read; what is switched off is absent, and what rests on it is skipped.

    `voice_max_age` is how old an export may be before nothing is concluded from it.
    """

    numbers: bool = True
    calling: bool = True
    voice_max_age: timedelta = FRESH_INTERVALS * INTERVALS["voice"]

    def wants(self, source: Source) -> bool:
        """Whether a source is to be read; those without which nothing can be said always are."""
        return {"numbers": self.numbers, "calling": self.calling}.get(source, True)

    @property
    def intervals(self) -> dict[Source, timedelta]:
        """How often each source is read, or is made anew."""
        return {**INTERVALS, "voice": self.voice_max_age / FRESH_INTERVALS}


class FileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TOML file: its tables and keys."""

    alerting: Timing = Timing()
    sources: SourceSettings = SourceSettings()
    policy: PolicyOverrides = PolicyOverrides()
    rules: Thresholds = Thresholds()
    price: Price | None = None


def read_tables(path: str) -> dict[str, Any]:
    """Read a site's file, unchecked.

    Raises:
        SettingsError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(f"LINEKEEPER_CONFIG: {path} cannot be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"LINEKEEPER_CONFIG: {path} is not TOML: {problem}.") from None


def checked(path: str, tables: dict[str, Any]) -> FileSettings:
    """The settings in a file's tables; who is watched and who is told of what is checked elsewhere.

    Raises:
        SettingsError: something is wrong; the text names the file and the place in it.
    """
    mine = {name: table for name, table in tables.items() if name not in TABLES_READ_ELSEWHERE}
    try:
        return _consistent(msgspec.convert(_with_durations(mine), FileSettings))
    except (msgspec.ValidationError, ValueError) as problem:
        raise SettingsError(f"LINEKEEPER_CONFIG: {path}: {_explained(str(problem))}. See {DOCUMENTED}.") from None


def _with_durations(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables with texts read as durations where they are such, and SKU ids as Graph spells them."""
    policy = tables.get("policy")
    read = {**tables, "alerting": _durations(tables.get("alerting", {}))}
    for name, keys in _DURATIONS.items():
        table = tables.get(name)
        if isinstance(table, dict):
            read[name] = table | {key: _durations(table[key], f"{name}.{key}") for key in keys if key in table}
    if isinstance(policy, dict) and isinstance(policy.get("skus"), dict):
        read["policy"] = {**policy, "skus": _sku_ids(policy["skus"])}
    return read


def _sku_ids(skus: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in skus.items():
        sku_id = _sku_id(key)
        if sku_id in read:
            raise ValueError(f"policy.skus names {sku_id} twice")
        read[sku_id] = value
    return read


def _sku_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ValueError(f"policy.skus: {text!r} is no SKU id, which is a GUID") from None


def _consistent(settings: FileSettings) -> FileSettings:
    """The settings, if they agree with each other."""
    settings.policy.applied_to(CURRENT)
    if settings.sources.voice_max_age < SHORTEST_AGE:
        raise ValueError(f"sources.voice_max_age is shorter than {SHORTEST_AGE.total_seconds() / 60:.0f} minutes")
    check_rules("alerting.pending", settings.alerting.pending)
    return settings


def _durations(value: Any, path: str = "alerting") -> Any:  # noqa: ANN401 - a TOML value
    """The table with its texts read as durations: all that this table holds are such, but for its calendar."""
    if isinstance(value, dict):
        return {key: each if key == "calendar" else _durations(each, f"{path}.{key}") for key, each in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return duration(value)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def _explained(problem: str) -> str:
    """A decoding problem, with the nearest right name of the same table behind a wrong one."""
    match = re.search(r"unknown field `([^`]*)`(?: - at `\$\.?([^`]*)`)?", problem)
    if match is None:
        return problem + (_choice_of(problem) or example_of(problem))
    nearest = difflib.get_close_matches(match[1], _keys_at(match[2] or ""), n=1)
    return problem + (f" (did you mean `{nearest[0]}`?)" if nearest else "")


def _choice_of(problem: str) -> str:
    """What may stand in place of a wrong value of an enumeration, to go behind the problem; empty where it is none."""
    match = re.search(r"Invalid enum value '(.*)' - at `\$\.(?:([^`]*)\.)?([^`.]*)`", problem)
    if match is None:
        return ""
    table, key = _table_at(match[2] or ""), re.sub(r"\[.*", "", match[3])
    kind = next((field.type for field in msgspec.structs.fields(table) if field.encode_name == key), None)
    values = list(dict.fromkeys(_literals(kind)))
    near = difflib.get_close_matches(match[1], values, n=1) or [each for each in values if match[1].startswith(each)]
    hint = f" (did you mean `{near[0]}`?)" if near else ""
    return f": expected one of {', '.join(values)}{hint}" if values else ""


def _literals(kind: Any) -> Iterator[str]:  # noqa: ANN401 - a type as it is annotated
    for each in get_args(kind):
        if isinstance(each, str):
            yield each
        else:
            yield from _literals(each)


def _keys_at(path: str) -> list[str]:
    """The keys of the table at a path such as `alerting.repeat`; those of all tables where it is the file itself."""
    table = _table_at(path)
    elsewhere = sorted(TABLES_READ_ELSEWHERE) if table is FileSettings else []
    return [field.encode_name for field in msgspec.structs.fields(table)] + elsewhere


def _table_at(path: str) -> type[msgspec.Struct]:
    table: type[msgspec.Struct] = FileSettings
    for name in filter(None, path.split(".")):
        kind = next(field.type for field in msgspec.structs.fields(table) if field.encode_name == name)
        # A table that may be left out is a union with None.
        table = next(
            each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, msgspec.Struct)
        )
    return table


_DURATIONS = {"rules": ("subscription_ending", "nobody_opted_in"), "sources": ("voice_max_age",)}
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """A duration such as `30s`, `5m`, `4h` or `7d`.

    Raises:
        ValueError: the text is none.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected a duration such as 30s, 5m, 4h or 7d")
    try:
        read = timedelta(**{_UNITS[match[2]]: int(match[1])})
    except (OverflowError, ValueError):
        read = timedelta.max
    if read > LONGEST:
        raise ValueError(f"expected a duration of at most {LONGEST.days} days")
    return read
