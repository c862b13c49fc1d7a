"""Text that a terminal shows and does not obey."""

from __future__ import annotations

import re

_COMMANDS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""The control characters of ECMA-48 but the line end, Unicode's own line ends, and what turns the direction of writing:
a terminal takes them for commands, or shows another text than the one that is there."""


def harmless(text: str) -> str:
    """The text with each character that would command a terminal replaced by U+FFFD."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)
