"""What Graph's listings have in common: filters, page sizes, and records printed as far as they are asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from simulator.exchange import GraphRequest, bad_request
from simulator.odata import Filterable, FilterError, compile_filter

Record = TypeVar("Record", bound=msgspec.Struct)


class Printed(Mapping[str, Any]):
    """A record under Graph's names, each value printed when it is looked at: large tenants are filtered through it."""

    __slots__ = ("_fields", "_record")

    def __init__(self, record: msgspec.Struct, fields: Mapping[str, msgspec.structs.FieldInfo]) -> None:
        self._record = record
        self._fields = fields

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a property's value
        value = getattr(self._record, self._fields[name].name)
        return value if value is None or isinstance(value, str | bool) else msgspec.to_builtins(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def matching(
    request: GraphRequest,
    records: Iterable[Record],
    filterable: Filterable,
    view: Callable[[Record], Mapping[str, Any]],
) -> Iterable[Record]:
    """The records that the request's ``$filter`` lets through."""
    text = request.query.get("$filter")
    if text is None:
        return records
    try:
        matches = compile_filter(text, filterable)
    except FilterError as error:
        raise bad_request(f"Invalid filter clause: {error}") from error
    return (record for record in records if matches(view(record)))


def page_size(request: GraphRequest, default: int, largest: int) -> int:
    """The request's ``$top``, or the default."""
    size = _whole_number(request, "$top", default)
    if not 1 <= size <= largest:
        raise bad_request(f"Invalid page size specified: '{size}'. Must be between 1 and {largest} inclusive.")
    return size


def skipped(request: GraphRequest) -> int:
    """The request's ``$skip``."""
    return _whole_number(request, "$skip", 0)


def only(printed: Mapping[str, Any], select: Sequence[str]) -> dict[str, Any]:
    """The selected properties of a printed record."""
    return {name: printed[name] for name in select}


def _whole_number(request: GraphRequest, option: str, default: int) -> int:
    text = request.query.get(option)
    if text is None:
        return default
    if not text.isdecimal():
        raise bad_request(f"Invalid value '{text}' for {option} query option found.")
    return int(text)
