"""The TOML file's routes, and how a table of names is read: each error names its place and the nearest right name."""

from __future__ import annotations

import difflib
import re
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import msgspec

from shared.alerting.routing import ANNOUNCED, Route
from shared.model.finding import SEVERITIES

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


def routes_of(tables: Mapping[str, Any], receivers: Collection[str]) -> tuple[Route, ...]:
    """Read `[[routes]]`.

    Args:
        tables: the TOML file's tables.
        receivers: the names of those there are.

    Raises:
        ValueError: one names what does not exist, can match nothing, or is there twice.
    """
    listed = tables.get("routes", [])
    if not isinstance(listed, list | tuple):
        raise ValueError("routes: expected tables, each as [[routes]]")  # noqa: TRY004 - of the file, not of the program
    routes: list[Route] = []
    for index, value in enumerate(listed):
        place = f"routes[{index}]"
        route = _route(place, table_at(value, place), receivers)
        if route in routes:
            raise ValueError(f"{place}: the same as routes[{routes.index(route)}]")
        routes.append(route)
    return tuple(routes)


def blind_spots(routes: Collection[Route]) -> Iterator[str]:
    """Sentences on critical findings that no route takes, whatever the tenant."""
    untold: dict[str, list[str]] = {}
    for rule, family in _families().items():
        if rule not in ANNOUNCED and not any(
            route.takes(rule, family, "critical", tenant) for route in routes for tenant in route.tenants or ("",)
        ):
            untold.setdefault(family, []).append(rule)
    for family, rules in untold.items():
        whole = len(rules) == sum(each == family for rule, each in _families().items() if rule not in ANNOUNCED)
        what = f"of the family {family}" if whole else f"of {', '.join(rules)}"
        yield f"routes: critical findings {what} go nowhere"


def check_rules(place: str, names: Collection[str]) -> None:
    """Check keys that stand for rules.

    Raises:
        ValueError: one is no rule.
    """
    known = [rule for rule in _families() if rule not in ANNOUNCED] if names else []
    for name in names:
        if name not in known:
            raise ValueError(f"{place}: {shown(name)} is no rule{nearest(name, known)}")


class _Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    receivers: list[str]
    severities: list[str] | None = None
    families: list[str] | None = None
    rules: list[str] | None = None
    tenants: list[str] | None = None


def _route(place: str, table: Mapping[str, Any], receivers: Collection[str]) -> Route:
    read = read_table(place, table, _Route)
    families = _families()
    chosen = _names(f"{place}.families", read.families, sorted(set(families.values())), "family")
    within = {rule: family for rule, family in families.items() if not chosen or family in chosen}
    return msgspec.convert(
        {
            "receivers": _names(f"{place}.receivers", read.receivers, receivers, "receiver"),
            "severities": _names(f"{place}.severities", read.severities, SEVERITIES, "severity"),
            "families": chosen,
            "rules": _patterns(f"{place}.rules", read.rules, families, within),
            "tenants": _tenants(f"{place}.tenants", read.tenants),
        },
        Route,
    )


def _families() -> dict[str, str]:
    """The family of each rule, and of what is announced."""
    # A tenth of a second, which only a site with routes spends.
    from shared.rules.catalogue import RULES  # noqa: PLC0415

    return {rule.id: rule.family for rule in RULES} | ANNOUNCED


def _names(place: str, names: list[str] | None, known: Collection[str], what: str) -> tuple[str, ...]:
    for index, name in enumerate(_listed(place, names)):
        if name not in known:
            raise ValueError(f"{place}[{index}]: {shown(name)} is no {what}{nearest(name, known)}")
    return tuple(names or ())


def _patterns(
    place: str, patterns: list[str] | None, families: Mapping[str, str], within: Mapping[str, str]
) -> tuple[str, ...]:
    for index, pattern in enumerate(_listed(place, patterns)):
        if re.search(r"[^a-z0-9*-]", pattern):
            raise ValueError(f"{place}[{index}]: {shown(pattern)} is no rule, nor a pattern of a to z, 0 to 9, - and *")
        matched = [rule for rule in families if fnmatchcase(rule, pattern)]
        if not matched:
            raise ValueError(f"{place}[{index}]: {shown(pattern)} is no rule{nearest(pattern, families)}")
        if not any(rule in within for rule in matched):
            of = ", ".join(sorted({families[rule] for rule in matched}))
            raise ValueError(f"{place}[{index}]: {pattern} is of the family {of}, which this route does not name")
    return tuple(patterns or ())


def _tenants(place: str, tenants: list[str] | None) -> tuple[str, ...]:
    read: list[str] = []
    for index, text in enumerate(_listed(place, tenants)):
        try:
            read.append(str(uuid.UUID(text)))
        except ValueError:
            raise ValueError(f"{place}[{index}]: expected a tenant's id, a GUID") from None
    return tuple(_listed(place, read) if read else ())


def _listed(place: str, names: list[str] | None) -> list[str]:
    """The names; refused where the list is empty, which would match nothing, or names one twice."""
    if names is None:
        return []
    if not names:
        raise ValueError(f"{place}: an empty list matches nothing; leave the key out to match everything")
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{place}: {shown(name)} is there twice")
    return names


def table_at(value: object, place: str) -> Mapping[str, Any]:
    """A TOML value that must be a table.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: expected a table")  # noqa: TRY004 - of the file, not of the program
    return value


def read_table(place: str, table: Mapping[str, Any], shape: type[AnyStruct]) -> AnyStruct:
    """A table in its shape.

    Raises:
        ValueError: a key is unknown, missing or of the wrong kind.
    """
    try:
        return msgspec.convert(dict(table), shape)
    except msgspec.ValidationError as problem:
        raise ValueError(_explained(place, str(problem), shape)) from None


def _explained(place: str, problem: str, shape: type[msgspec.Struct]) -> str:
    unknown = re.search(r"unknown field `([^`]*)`", problem)
    if unknown is not None:
        known = [field.encode_name for field in msgspec.structs.fields(shape)]
        return f"{place}: unknown key {shown(unknown[1])}{nearest(unknown[1], known)}"
    missing = re.search(r"missing required field `([^`]*)`", problem)
    if missing is not None:
        return f"{place}.{missing[1]}: is missing"
    text, _, path = problem.partition(" - at `$")
    return f"{place}{path.rstrip('`')}: {text}{example_of(text)}"


_EXAMPLES = {
    "duration": '"30s"',
    "str": '"teams", in quotes',
    "bool": "true",
    "int": "30, without quotes",
    "float": "0.5, without quotes",
    "time": "08:00:00, without quotes",
    "array": '["teams"]',
}


def example_of(problem: str) -> str:
    """What may stand in place of a value of the wrong kind, to go behind a decoding problem; else empty."""
    if "'^[A-Z]{3}$'" in problem:
        return '; write, for example, "EUR"'
    expected = re.search(r"Expected `(\w+)[^`]*`, got", problem)
    example = _EXAMPLES.get(expected[1]) if expected is not None else None
    return f"; write, for example, {example}" if example else ""


def nearest(name: object, known: Iterable[str]) -> str:
    """A hint at the right name that is nearest to a wrong one, to go behind it; empty where none is near."""
    close = difflib.get_close_matches(name, list(known), n=1) if isinstance(name, str) else []
    return f" (did you mean `{close[0]}`?)" if close else ""


def shown(name: str) -> str:
    """A wrong name as an error shows it: a URL may be a secret in the wrong place."""
    return "a URL" if "://" in name else f"`{name[:80]}`"
