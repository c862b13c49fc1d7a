"""The document as bytes: the same after it was written and read, packed, bounded, and brought to today's schema."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.errors import DocumentTooLarge, DocumentUnreadable
from shared.model.tenant import SCHEMA, TenantState
from shared.state.document import LARGEST, decode, encode, pack, read, unpack

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FIRST_SCHEMA = (Path(__file__).parent / "schema-1.json").read_bytes()


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any annotation that the model uses
    """Values of a type of the model, told by its annotations, so that a new field is tried as well."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{field.name: values_of(field.type) for field in msgspec.structs.fields(kind)})
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, UnionType}:
        return st.one_of(*map(values_of, arguments))
    if origin is dict:
        return st.dictionaries(*map(values_of, arguments), max_size=2)
    if origin is list or arguments[1:] == (...,):
        lists = st.lists(values_of(arguments[0]), max_size=2)
        return lists.map(tuple) if origin is tuple else lists
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    return PLAIN[kind]


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=5),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    NoneType: st.none(),
    datetime: st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with a zone of its own
}


@settings(max_examples=60)
@given(values_of(TenantState))
def test_a_document_is_the_same_after_it_was_written_and_read(state: TenantState) -> None:
    state = msgspec.structs.replace(state, schema=SCHEMA)
    assert decode(encode(state), state.tenant) == state


@settings(max_examples=20)
@given(values_of(TenantState))
def test_equal_documents_have_equal_bytes(state: TenantState) -> None:
    turned = msgspec.structs.replace(state, accounts=dict(reversed(state.accounts.items())))
    assert encode(turned) == encode(state)


@given(st.binary(max_size=200))
def test_what_was_packed_is_unpacked_and_equal_bytes_pack_equally(content: bytes) -> None:
    assert unpack(pack(content)) == content
    assert pack(content) == pack(content)


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"", "cut off"),
        (pack(b"{}")[:-1], "cut off"),
        (pack(b"{}") + b"{}", "more follows its end"),
        (pack(b"{}") + pack(b"{}"), "more follows its end"),
        (b"{}", "cannot be unpacked"),
        (pack(b"some content")[:10] + b"\0\0" + pack(b"some content")[12:], "cannot be unpacked"),
    ],
)
def test_what_is_not_packed_as_it_must_be_is_refused(packed: bytes, why: str) -> None:
    with pytest.raises(DocumentUnreadable, match=why):
        unpack(packed)


def test_what_grows_beyond_a_document_is_not_unpacked_further() -> None:
    bomb = gzip.compress(bytes(LARGEST + 1), 1)
    with pytest.raises(DocumentUnreadable, match="more than 67,108,864 bytes"):
        unpack(bomb)
    assert len(unpack(gzip.compress(bytes(LARGEST), 1))) == LARGEST


def test_a_document_that_is_too_large_is_not_written_and_says_what_fills_it_and_what_to_do() -> None:
    state = TenantState(tenant=TENANT, voice_seen="v" * LARGEST, qualifying_by_sku={"sku": 1})
    with pytest.raises(DocumentTooLarge) as refused:
        encode(state)
    text = str(refused.value)
    assert "at most 67,108,864 are saved; what was saved before is left as it is" in text
    assert "Most of it are voice_seen (67,108,866 bytes), " in text
    assert "[sources]" in text
    assert len(text) < 500


def test_a_document_of_the_first_schema_is_read_with_what_waited_and_what_was_told() -> None:
    found = read(FIRST_SCHEMA, TENANT)
    before = msgspec.json.decode(FIRST_SCHEMA)
    assert (found.schema, found.state.schema) == (1, SCHEMA)
    assert found.state.accounts.keys() == before["accounts"].keys()
    assert found.state.groups.keys() == {f"teams/{family}" for family in before["groups"]}
    assert found.state.alerts.keys() == before["alerts"].keys()
    assert all(alert.fired == alert.since for alert in found.state.alerts.values())
    assert [entry.id for entry in found.state.outbox] == [entry["id"] for entry in before["outbox"]]
    for entry, old in zip(found.state.outbox, before["outbox"], strict=True):
        assert entry.message.group == f"teams/{old['message']['group']}"
        assert entry.message.tenant == TENANT
        assert (entry.refused_at is not None) == bool(old.get("refused"))
        assert entry.message.firing == sum(
            section["total"] for section in old["message"]["sections"] if section["kind"] != "resolved"
        )


def test_an_item_of_the_first_schema_knows_the_finding_that_it_shows() -> None:
    state = read(FIRST_SCHEMA, TENANT).state
    items = [item for entry in state.outbox for section in entry.message.sections for item in section.items]
    known = [item for item in items if item.key]
    assert known
    for item in known:
        finding = state.alerts[item.key].finding
        assert (item.subject_kind, item.subject_id) == (finding.subject.kind, finding.subject.id)


def test_a_document_that_was_brought_to_todays_schema_is_written_in_it() -> None:
    state = decode(FIRST_SCHEMA, TENANT)
    again = read(encode(state), TENANT)
    assert (again.state, again.schema) == (state, SCHEMA)


@pytest.mark.parametrize(
    "changed",
    [
        {"alerts": {"a": {}}},
        {"alerts": 7},
        {"outbox": [{"message": 7}]},
        {"groups": ["teams"]},
        {"outbox": [{"message": {"group": "accounts", "sections": [{"items": []}]}}]},
    ],
)
def test_a_document_of_the_first_schema_that_is_damaged_is_refused(changed: dict[str, object]) -> None:
    damaged = msgspec.json.encode({"tenant": TENANT, "schema": 1, **changed})
    with pytest.raises(DocumentUnreadable, match="it is left as it is"):
        decode(damaged, TENANT)
