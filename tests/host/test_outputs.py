from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.host import encode_messages

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
OBJECTS = st.dictionaries(st.text(max_size=5), LEAVES | st.lists(LEAVES, max_size=2), min_size=1, max_size=3)


@given(body=st.binary())
def test_bytes_are_one_message_byte_for_byte(body: bytes) -> None:
    assert encode_messages(body) == [body]


@given(texts=st.lists(st.text(max_size=20), max_size=5))
def test_each_text_of_a_list_is_one_message_byte_for_byte(texts: list[str]) -> None:
    assert encode_messages(texts) == [text.encode() for text in texts]


@given(value=OBJECTS)
def test_a_json_object_in_a_text_stays_the_same_object_and_is_indented(value: dict[str, object]) -> None:
    (message,) = encode_messages(json.dumps(value))
    assert json.loads(message) == value
    assert message.startswith(b'{\n  "')


@given(values=st.lists(OBJECTS, max_size=3))
def test_a_json_array_in_a_text_becomes_one_message_an_element(values: list[dict[str, object]]) -> None:
    assert [json.loads(message) for message in encode_messages(json.dumps(values))] == values


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (None, []),
        ("hello", [b"hello"]),
        (" padded ", [b" padded "]),
        ("{half", [b"{half"]),
        (' {"a": [1, "ü"]} ', ['{\n  "a": [\n    1,\n    "ü"\n  ]\n}'.encode()]),
        ('["a", 1, true, null, {}]', [b"a", b"1", b"True", b"", b"{}"]),
        ("[]", []),
        (['{"a":1}'], [b'{"a":1}']),
        (bytearray(b'{"a":1}'), [b'{"a":1}']),
    ],
)
def test_a_value_becomes_the_messages_that_azure_would_make_of_it(value: object, messages: list[bytes]) -> None:
    assert encode_messages(value) == messages


def test_a_text_that_only_looks_like_json_is_refused() -> None:
    with pytest.raises(ValueError, match="looks like JSON and is none"):
        encode_messages("{not json}")


@pytest.mark.parametrize("value", [5, object(), [b"bytes in a list"], [1]])
def test_a_value_that_no_queue_output_takes_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="queue output"):
        encode_messages(value)


def test_a_list_is_refused_where_the_output_is_declared_as_one_text() -> None:
    with pytest.raises(TypeError, match="takes str or bytes, not list"):
        encode_messages(["a"], single=True)
