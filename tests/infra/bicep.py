"""Reads Bicep for the tests: what a file declares, what it refers to, and what values come out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from pycep import BicepParser

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"

KEYWORDS = frozenset({"param", "var", "resource", "module", "output", "existing", "if", "for", "in", "targetScope"})
TYPES = frozenset({"string", "int", "bool", "object", "array"})
CONSTANTS = frozenset({"true", "false", "null"})
DECORATORS = frozenset(
    {"allowed", "description", "maxLength", "maxValue", "metadata", "minLength", "minValue", "secure"}
)
FUNCTIONS = frozenset(
    {
        *{"empty", "environment", "guid", "join", "json", "loadTextContent", "replace", "resourceGroup"},
        *{"split", "subscription", "subscriptionResourceId", "tenant", "toLower", "trim", "union", "uniqueString"},
    }
)

_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|(?P<quote>')|(?P<name>\.?[A-Za-z_]\w*)|(?P<brace>[{}])|\d+|.", re.DOTALL)


class Template(msgspec.Struct, frozen=True):
    """A Bicep file: its text, and its parts by their symbols, as pycep's parser gives them."""

    path: Path
    text: str
    parts: Mapping[str, Any]

    def part(self, kind: str) -> dict[str, Any]:
        """Everything of a kind: `parameters`, `variables`, `resources`, `modules` or `outputs`."""
        found: dict[str, Any] = self.parts.get(kind, {})
        return found

    @property
    def symbols(self) -> frozenset[str]:
        """Everything that may be referred to by a name."""
        return frozenset(
            name for kind in ("parameters", "variables", "resources", "modules") for name in self.part(kind)
        )

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The bodies of the resources of a type that this file makes, whatever they depend on, by their symbols."""
        return {
            symbol: body(each)
            for symbol, each in self.part("resources").items()
            if each["type"] == kind and not each["existing"]
        }


@cache
def template(name: str) -> Template:
    """A file under infra/, by its path there."""
    return read(INFRA / name)


def read(path: Path) -> Template:
    """Parse a file; a syntax error is raised as the parser words it."""
    text = path.read_text(encoding="utf-8")
    return Template(path, text, BicepParser().parse(text=text))


def files() -> list[str]:
    """All Bicep files, by their paths under infra/."""
    return sorted(str(path.relative_to(INFRA)) for path in INFRA.rglob("*.bicep"))


def body(part: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a resource or a module, without the condition or the loop around it."""
    inner = part["config"]
    while set(inner) <= {"condition", "config", "loop_type"} and "config" in inner:
        inner = inner["config"]
    found: dict[str, Any] = inner
    return found


def references(text: str) -> list[str]:
    """All names that an expression, or a whole file, refers to; keys of objects and properties after a dot are none."""
    tokens = [match for match in _tokens(text) if not match[0].isspace()]
    return [
        match[0]
        for match, following in zip(tokens, [*(each[0] for each in tokens[1:]), ""], strict=True)
        if match.lastgroup == "name" and not match[0].startswith(".") and not (following == ":" and _begins(match))
    ]


def _begins(match: re.Match[str]) -> bool:
    """Whether a name begins a line or a place in an object: before a colon it is a key then, and no value."""
    before = match.string[: match.start()].rstrip(" ")
    return not before or before[-1] in "\n{,"


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """The tokens of a text. Of strings there remains what is interpolated into them."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None
        position = match.end()
        if match["quote"]:
            parts = list(_interpolated(text, position))
            for inner, _ in parts:
                yield from _tokens(inner)
            position = parts[-1][1]
        elif not match[0].startswith(("//", "/*")):
            yield match


def _interpolated(text: str, start: int) -> Iterator[tuple[str, int]]:
    """What stands in `${…}` of a string that begins at `start`, and where it ends; the last is the string's end."""
    position = start
    while text[position] != "'":
        if text.startswith("${", position):
            end = _closing(text, position + 2)
            yield text[position + 2 : end], end + 1
            position = end + 1
        else:
            position += 2 if text[position] == "\\" else 1
    yield "", position + 1


def _closing(text: str, start: int) -> int:
    """Where the brace closes that was opened before `start`; strings in between may hold braces of their own."""
    depth = 1
    position = start
    while True:
        if text[position] == "'":
            position = [end for _, end in _interpolated(text, position + 1)][-1]
            continue
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
        position += 1
