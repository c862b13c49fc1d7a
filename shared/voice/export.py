"""Reads the voice export: the document that the exporter writes of a tenant's auto attendants and call queues.

Tolerant of whatever PowerShell does to a value, strict about what the document claims to be: a misread export would
announce outages that are none. Rows are decoded one by one, so that the document is never in memory a second time.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from shared.model.errors import ExportUnreadable
from shared.model.voice import VoiceExport
from shared.voice import rows
from shared.voice.identifiers import NoIdentifier, canonical, shortened
from shared.voice.merge import by_account, by_id, by_status
from shared.voice.wire import (
    NO_ID,
    Wire,
    WireAssociation,
    WireAssociationStatus,
    WireAttendant,
    WireInstance,
    WireQueue,
    WireReference,
)

SCHEMA = 1
MIB: Final = 1024 * 1024
LARGEST: Final = 256 * MIB
"""A larger document is refused (bytes). 200 MB take about 340 MiB and 1.5 s: `bench/voice_export.py` measures it."""

MOST_VALUES: Final = 8_000_000
MOST_OBJECTS: Final = 2_500_000
LARGEST_ROW: Final = 8 * MIB
"""So is one of more values, more objects, or a larger row (bytes): small values take many times their size once read.

With these limits the worst that was found stays below 1 GiB, which an instance of Azure Functions has.
"""

AHEAD: Final = timedelta(minutes=5)
"""How far the exporter's clock may be ahead of ours."""

ERRORS_KEPT: Final = 32

_AGAIN = "run the exporter again"
_DEPTH = "export it with ConvertTo-Json -Depth 10 or more"
UNNAMED = "unnamed"
_LISTING = ("autoattendant", "callqueue", "applicationinstance", "association", "list", UNNAMED)
"""What the name of a stage that lists something holds, be it a list's key or a cmdlet."""

_MILLISECONDS = re.compile(r"/Date\(([0-9]{1,14})\)/")
_CHUNK = 4 * MIB
_NULL = Raw(b"null")
_RAWS = msgspec.json.Decoder(list[Raw])
_ANYTHING: msgspec.json.Decoder[object] = msgspec.json.Decoder()

Value = TypeVar("Value")
Row = TypeVar("Row")
Shape = TypeVar("Shape", bound=WireReference)


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    """The document's own keys, undecoded; an empty one is missing."""

    schema_version: Raw = Raw()
    tenant_id: Raw = Raw()
    exported_at: Raw = Raw()
    complete: Raw = Raw()
    errors: Raw = Raw()
    auto_attendants: Raw = Raw()
    call_queues: Raw = Raw()
    application_instances: Raw = Raw()
    associations: Raw = Raw()
    association_status: Raw = Raw()

    @property
    def lacks_lists(self) -> bool:
        """Whether one of its lists was not read."""
        lists = (self.auto_attendants, self.call_queues, self.application_instances)
        return not all(_is_there(each) for each in (*lists, self.associations, self.association_status))


class _Problem(Wire, frozen=True, rename="camel"):
    """What the exporter says of a stage that failed."""

    stage: str | None = None


_PROBLEM: msgspec.json.Decoder[str | _Problem] = msgspec.json.Decoder(str | _Problem)


class _Listing(NamedTuple, Generic[Shape, Row]):
    """One of the document's lists: its key, the shape of a row, what a row becomes, and what tells rows apart."""

    key: str
    decoder: msgspec.json.Decoder[Shape]
    row: Callable[[Shape], Row | None]
    identity: Callable[[Row], object]


_ATTENDANTS = _Listing("autoAttendants", msgspec.json.Decoder(WireAttendant), rows.attendant, by_id)
_QUEUES = _Listing("callQueues", msgspec.json.Decoder(WireQueue), rows.queue, by_id)
_INSTANCES = _Listing("applicationInstances", msgspec.json.Decoder(WireInstance), rows.instance, by_id)
_ASSOCIATIONS = _Listing("associations", msgspec.json.Decoder(WireAssociation), rows.association, by_account)
_STATUSES = _Listing(
    "associationStatus", msgspec.json.Decoder(WireAssociationStatus), rows.association_status, by_status
)


def read_export(content: bytes, *, tenant: str, now: datetime, version: str = "") -> VoiceExport:
    """The export that a document's bytes hold (JSON in UTF-8, or in UTF-16 with a byte-order mark).

    It counts as complete only where it says so, has all lists, and no stage that lists something failed. In a complete
    export a list that is null is empty, as PowerShell writes it; in any other it was not read. Of rows with the same
    id the first counts, and `errors` says so.

    Raises:
        ExportUnreadable: it is no such document, of another schema or tenant, from the future, or too large.
    """
    document = _document(content)
    _check_schema(_field(document.schema_version, int, "schemaVersion"))
    if canonical(_field(document.tenant_id, str, "tenantId")) != canonical(tenant):
        raise _refusal("$.tenantId", "it is of another tenant", "give the export of the tenant that is watched")
    exported_at = _exported_at(_field(document.exported_at, str, "exportedAt"), now)
    complete = _field(document.complete, bool, "complete") and not document.lacks_lists
    failed = _failed_stages(document.errors)
    if any(_lists_something(stage) for stage in failed):
        complete = False
    repeated: list[str] = []
    return VoiceExport(
        exported_at=exported_at,
        version=version,
        complete=complete,
        attendants=_read(_ATTENDANTS, document.auto_attendants, complete, repeated),
        queues=_read(_QUEUES, document.call_queues, complete, repeated),
        instances=_read(_INSTANCES, document.application_instances, complete, repeated),
        associations=_read(_ASSOCIATIONS, document.associations, complete, repeated),
        statuses=_read(_STATUSES, document.association_status, complete, repeated),
        errors=(*failed[:ERRORS_KEPT], *repeated),
    )


def _document(content: bytes) -> _Document:
    if len(content) > LARGEST:
        size = f"it is larger than {LARGEST // MIB} MiB"
        raise _refusal("$", size, "export it with ConvertTo-Json -Compress")
    content = _utf8(content)
    if content.count(b",") > MOST_VALUES or content.count(b"{") > MOST_OBJECTS:  # at least as many as there are
        limits = f"{MOST_VALUES} values or {MOST_OBJECTS} objects"
        raise _refusal("$", f"it has more than {limits}", "export one tenant's voice apps and nothing else")
    start = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    return _decoded(msgspec.json.Decoder(_Document), memoryview(content)[start:], "$", _AGAIN)


def _utf8(content: bytes) -> bytes:
    """UTF-16, which Windows PowerShell writes, becomes UTF-8: piece by piece, so that it is never all text at once."""
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        pieces = [decoder.decode(content[at : at + _CHUNK]).encode() for at in range(0, len(content), _CHUNK)]
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise _refusal("$", "it is no UTF-16 text", _AGAIN) from None
    return b"".join(pieces)


def _check_schema(schema: int) -> None:
    if schema > SCHEMA:
        raise _refusal("$.schemaVersion", f"it is {schema}, this version reads {SCHEMA}", "upgrade Linekeeper")
    if schema < SCHEMA:
        raise _refusal("$.schemaVersion", f"it is {schema}, this version reads {SCHEMA}", "upgrade the exporter")


def _exported_at(text: str, now: datetime) -> datetime:
    """An RFC 3339 time, or Windows PowerShell's milliseconds since 1970; in UTC."""
    milliseconds = _MILLISECONDS.fullmatch(text)
    try:
        if milliseconds:
            found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds[1]))
        else:
            found = msgspec.convert(text, datetime)
        exported_at = found.astimezone(UTC) if found.tzinfo else None
    except (msgspec.ValidationError, OverflowError):
        exported_at = None
    if exported_at is None:
        raise _refusal("$.exportedAt", "it is no time in UTC", "write it as 2026-11-20T08:00:00Z")
    if exported_at > now + AHEAD:
        raise _refusal(
            "$.exportedAt", "it is in the future", "set the clock of the machine that exports, and export again"
        )
    return exported_at


def _failed_stages(raw: Raw) -> list[str]:
    """The stages that failed, each once; one without a name is "unnamed"."""
    found: dict[str, None] = {}
    for path, each in _elements(raw, "$.errors"):
        problem = _decoded(_PROBLEM, each, path, _AGAIN)
        found[shortened(problem.stage if isinstance(problem, _Problem) else None) or UNNAMED] = None
    return list(found)


def _lists_something(stage: str) -> bool:
    return any(each in stage.casefold() for each in _LISTING)


def _read(
    listing: _Listing[Shape, Row],
    raw: Raw,
    complete: bool,  # noqa: FBT001 - a fact of the document, the same for each of its lists
    repeated: list[str],
) -> tuple[Row, ...] | None:
    """A list's rows by identity, the first of each; None where it was not read."""
    if not _is_there(raw) or (raw == _NULL and not complete):
        return None
    found: dict[object, Row] = {}
    seen_twice = False
    for path, each in _elements(raw, f"$.{listing.key}"):
        if memoryview(each).nbytes > LARGEST_ROW:
            raise _refusal(path, f"it is larger than {LARGEST_ROW // MIB} MiB", _AGAIN)
        shape = _decoded(listing.decoder, each, path, _DEPTH)
        try:
            name, row = shape.name, listing.row(shape)
        except NoIdentifier as problem:
            inside = _place(_decoded(_ANYTHING, each, path, _DEPTH), problem.text)
            raise _refusal(path + inside, str(problem), _DEPTH) from None
        if not name:
            raise _refusal(path, NO_ID, _AGAIN)
        if row is not None:
            seen_twice |= found.setdefault(listing.identity(row), row) is not row
    if seen_twice:
        repeated.append(f"{listing.key}: an id is listed twice")
    return tuple(found.values())


def _place(row: object, text: str) -> str:
    """The path inside a row where a text stands first."""
    waiting: list[tuple[str, object]] = [("", row)]
    while waiting:
        path, value = waiting.pop()
        if value == text:
            return path
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}", each) for key, each in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{path}[{at}]", each) for at, each in reversed(list(enumerate(value)))]
    return ""


def _elements(raw: Raw, path: str) -> Iterator[tuple[str, Raw]]:
    """The undecoded elements of a list, each with its path; one alone stands without its list, and null is none."""
    if memoryview(raw)[:1].tobytes() == b"[":
        undecoded = _decoded(_RAWS, raw, path, _AGAIN)
        for at, each in enumerate(undecoded):
            if each != _NULL:
                yield f"{path}[{at}]", each
    elif _is_there(raw) and raw != _NULL:
        yield path, raw


def _is_there(raw: Raw) -> bool:
    return memoryview(raw).nbytes > 0


def _field(raw: Raw, shape: type[Value], key: str) -> Value:
    if not _is_there(raw):
        raise _refusal(f"$.{key}", "it is missing", _AGAIN)
    return _decoded(msgspec.json.Decoder(shape), raw, f"$.{key}", _AGAIN)


def _decoded(decoder: msgspec.json.Decoder[Value], content: Raw | memoryview, path: str, remedy: str) -> Value:
    """A value from its JSON. What cannot be read is named by its place and shape, never by what stands there."""
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as problem:
        what, _, inside = str(problem).partition(" - at `$")
        if what == NO_ID:
            remedy = _AGAIN
        raise _refusal(path + inside.rstrip("`"), what, remedy) from None
    except msgspec.DecodeError as problem:
        raise _refusal(path, str(problem), "run the exporter again and let it write the file whole") from None
    except UnicodeDecodeError:
        raise _refusal(path, "it is no UTF-8 text", _AGAIN) from None
    except RecursionError:
        raise _refusal(path, "it is nested too deeply", _AGAIN) from None


def _refusal(path: str, what: str, remedy: str) -> ExportUnreadable:
    return ExportUnreadable(f"the voice export cannot be read at {path}: {what}; {remedy}.")
