"""The part of OData's ``$filter`` language that the simulated Graph understands.

``and``, ``or``, parentheses, ``eq`` on simple properties, ``in`` on texts, and ``any`` over a collection of texts or
over the SKU ids of ``assignedLicenses``, as in the Graph page "Use the $filter query parameter". Everything else is
refused, because Graph refuses what it does not index, and a stand-in that quietly accepted it would hide the mistake.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
Predicate = Callable[[Record], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>[():/,])
    )""",
    re.VERBOSE,
)
_LITERALS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_MOST_IN_VALUES = 15


@dataclass(frozen=True, slots=True)
class Filterable:
    """What of a resource can be filtered by.

    Attributes:
        texts: Properties that are strings, GUIDs in quotes or enumerations.
        flags: Properties that are true or false.
        collections: Collections, with the property of their elements that is compared, or None for plain texts.
    """

    texts: frozenset[str]
    flags: frozenset[str] = frozenset()
    collections: Mapping[str, str | None] = field(default_factory=dict)


class FilterError(ValueError):
    """A filter that is malformed or outside the supported part of the language."""


def compile_filter(text: str, filterable: Filterable) -> Predicate:
    """A predicate over a resource as Graph prints it.

    Raises:
        FilterError: The text is no filter, or one that is not supported here.
    """
    parser = _Parser(text, filterable)
    predicate = parser.alternatives({})
    parser.expect_end()
    return predicate


class _Parser:
    """Recursive descent over the tokens; ``scope`` holds the lambda variable and the collection that it runs over."""

    def __init__(self, text: str, filterable: Filterable) -> None:
        self._known = filterable
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise FilterError(f"Syntax error at position {position} in '{text}'.")
            self._tokens.append((str(match.lastgroup), match.group().strip()))
            position = match.end()
        self._next = 0

    def alternatives(self, scope: Mapping[str, str]) -> Predicate:
        parts = [self._conjunction(scope)]
        while self._skip("or"):
            parts.append(self._conjunction(scope))
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def expect_end(self) -> None:
        if self._next < len(self._tokens):
            raise FilterError(f"Unexpected '{self._peek()}' in the filter.")

    def _conjunction(self, scope: Mapping[str, str]) -> Predicate:
        parts = [self._term(scope)]
        while self._skip("and"):
            parts.append(self._term(scope))
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _term(self, scope: Mapping[str, str]) -> Predicate:
        if self._skip("("):
            inner = self.alternatives(scope)
            self._expect(")")
            return inner
        name = self._take("word")
        if name in scope:
            return self._element(scope[name])
        if self._skip("/"):
            return self._any(name, scope)
        return self._comparison(name)

    def _any(self, name: str, scope: Mapping[str, str]) -> Predicate:
        if name not in self._known.collections or scope:
            raise FilterError(f"Filtering by '{name}/…' is not supported.")
        self._expect("any")
        self._expect("(")
        variable = self._take("word")
        self._expect(":")
        inner = self.alternatives({variable: name})
        self._expect(")")
        return lambda record: any(inner({"": element}) for element in record[name])

    def _element(self, collection: str) -> Predicate:
        """A comparison of the lambda variable, or of its one comparable property, which is a GUID without quotes."""
        compared = self._known.collections[collection]
        if compared is None:
            self._expect("eq")
            text = _folded(_unquoted(self._take("string")))
            return lambda scope: bool(_folded(scope[""]) == text)
        self._expect("/")
        self._expect(compared)
        self._expect("eq")
        guid = self._take("guid").lower()
        return lambda scope: str(scope[""][compared]).lower() == guid

    def _comparison(self, name: str) -> Predicate:
        if name not in self._known.texts | self._known.flags:
            raise FilterError(f"Filtering by '{name}' is not supported.")
        if self._skip("in"):
            values = self._list()
            return lambda record: _folded(record[name]) in values
        self._expect("eq")
        wanted = self._literal(name)
        return lambda record: bool(_folded(record[name]) == wanted)

    def _list(self) -> list[Any]:
        self._expect("(")
        values = [_folded(_unquoted(self._take("string")))]
        while self._skip(","):
            values.append(_folded(_unquoted(self._take("string"))))
        self._expect(")")
        if len(values) > _MOST_IN_VALUES:
            raise FilterError(f"Too many child clauses specified in search filter expression: {len(values)}.")
        return values

    def _literal(self, name: str) -> Any:  # noqa: ANN401 - a literal has the type of its property
        if name in self._known.texts and self._peek() != "null":
            return _folded(_unquoted(self._take("string")))
        word = self._take("word")
        if word not in _LITERALS:
            raise FilterError(f"'{word}' is no value.")
        return _LITERALS[word]

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _skip(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._skip(text):
            raise FilterError(f"Expected '{text}' but found '{self._peek()}' in the filter.")

    def _take(self, kind: str) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] != kind:
            raise FilterError(f"Expected a {kind} but found '{self._peek()}' in the filter.")
        self._next += 1
        return self._tokens[self._next - 1][1]


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _folded(value: Any) -> Any:  # noqa: ANN401 - a property's value
    # The directory compares strings without regard to letter case.
    return value.casefold() if isinstance(value, str) else value
