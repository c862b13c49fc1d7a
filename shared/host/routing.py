"""Which function a request is for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, Literal, TypeVar
from urllib.parse import unquote

import msgspec

T = TypeVar("T")

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}\Z")
_REST = re.compile(r"\{\*{1,2}([A-Za-z_][A-Za-z0-9_]*)\}\Z")
_RANKS = {"literal": 0, "parameter": 1, "rest": 2}


class Segment(msgspec.Struct, frozen=True):
    """One part of a route between slashes: a fixed text, a `{parameter}`, or a closing `{*rest}`."""

    kind: Literal["literal", "parameter", "rest"]
    text: str


def parse_route(template: str) -> tuple[Segment, ...]:
    """The segments of a route template.

    Raises:
        ValueError: the template uses constraints, optional or mixed segments, or a catch-all before its end.
    """
    segments = tuple(_segment(part, template) for part in template.strip("/").split("/") if part)
    if any(segment.kind == "rest" for segment in segments[:-1]):
        raise ValueError(f"route {template!r} has something behind its catch-all")
    return segments


def _segment(part: str, template: str) -> Segment:
    if match := _PARAMETER.match(part):
        return Segment("parameter", match[1])
    if match := _REST.match(part):
        return Segment("rest", match[1])
    if "{" in part or "}" in part:
        raise ValueError(f"route {template!r}: the local host knows whole {{name}} and {{*name}} segments only")
    return Segment("literal", part)


class Router(Generic[T]):
    """Finds what answers a method and a path: fixed texts, in any case, go before parameters, those before catch-alls.

    Args:
        routes: template with prefix, methods in upper case, and what answers.
    """

    def __init__(self, routes: Iterable[tuple[str, frozenset[str], T]]) -> None:
        self._routes = sorted(
            ((parse_route(template), methods, answer) for template, methods, answer in routes),
            key=lambda route: [_RANKS[segment.kind] for segment in route[0]],
        )

    def find(self, method: str, raw_path: str) -> tuple[T, dict[str, str]] | None:
        """What answers, with the decoded route parameters; the path comes as it was sent."""
        path = raw_path.removeprefix("/").removesuffix("/")
        parts = [_decoded(part) for part in path.split("/")] if path else []
        for segments, methods, answer in self._routes:
            if method in methods and (parameters := _matched(segments, parts)) is not None:
                return answer, parameters
        return None


def _decoded(part: str) -> str:
    # An encoded slash is part of a value, never a separator; it stays encoded, as on Azure.
    return "%2F".join(unquote(piece) for piece in re.split("%2[Ff]", part))


def _matched(segments: tuple[Segment, ...], parts: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for position, segment in enumerate(segments):
        if segment.kind == "rest":
            parameters[segment.text] = "/".join(parts[position:])
            return parameters
        if position >= len(parts):
            return None
        part = parts[position]
        if segment.kind == "parameter" and part:
            parameters[segment.text] = part
        elif segment.kind == "parameter" or part.casefold() != segment.text.casefold():
            return None
    return parameters if len(parts) == len(segments) else None
