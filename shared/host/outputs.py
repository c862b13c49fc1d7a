"""What a queue output makes of the value that a function sets."""

from __future__ import annotations

import json
from collections.abc import Iterable


def encode_messages(value: object, *, single: bool = False) -> list[bytes]:
    """The messages that Azure would put on the queue for this value.

    Bytes are one message as they are, and so is each text in a list. A text that looks like JSON is parsed: an array
    becomes a message for each element, an object is written anew with indentation. None is no message.

    Args:
        value: what the function set.
        single: the output is annotated `Out[str]` or `Out[bytes]`; such a binding takes no list.

    Raises:
        TypeError: the binding does not take such a value.
        ValueError: a text looks like JSON and is none.
    """
    match value:
        case None:
            return []
        case bytes() | bytearray():
            return [bytes(value)]
        case str():
            return _from_text(value)
        case Iterable() if not single:
            return [_item(item) for item in value]
    wanted = "str or bytes" if single else "str, bytes or a list of str"
    raise TypeError(f"a queue output takes {wanted}, not {type(value).__name__}")


def _item(item: object) -> bytes:
    if not isinstance(item, str):
        raise TypeError(f"a list for a queue output holds str, not {type(item).__name__}")
    return item.encode()


def _from_text(text: str) -> list[bytes]:
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")) and not (
        stripped.startswith("[") and stripped.endswith("]")
    ):
        return [text.encode()]
    try:
        parsed = json.loads(stripped)
    except ValueError as error:
        raise ValueError("a text that looks like JSON and is none cannot be put on a queue") from error
    return [_rewritten(element).encode() for element in (parsed if isinstance(parsed, list) else [parsed])]


def _rewritten(element: object) -> str:
    """An element as .NET's JSON library prints it."""
    match element:
        case str():
            return element
        case None:
            return ""
        case bool():
            return str(element)
        case _:
            return json.dumps(element, indent=2, ensure_ascii=False)
