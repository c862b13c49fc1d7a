"""What must not be in a log, taken out of it: addresses of people, telephone numbers, tokens and signed URLs.

What would look like a record of its own, or command a terminal, is made to look like what it is.
Nothing here is meant to hold them; a library's sentence or an error's text may. Ids of the directory stay: they say
which account it was to whoever may look it up, and nothing to others.
"""

from __future__ import annotations

import logging
import re

REDACTED = "[redacted]"

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_WHAT = re.compile(
    rf"(?P<guid>{_GUID})"
    r"|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)"
    r"|(?P<query>(?<=\?)[^\s\"'<>]*(?:sig|token|code|key|secret)=[^\s\"'<>]*)"
    r"|(?P<bearer>(?<=Bearer )[A-Za-z0-9._~+/-]{8,}=*)"
    r"|(?P<jwt>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)"
    r"|(?P<address>[^\s@\"'<>(),;:=\[\]]+@[^\s@\"'<>(),;:\[\]]+\.[A-Za-z]{2,})"
    r"|(?P<number>(?<![\w.:/-])(?:tel:)?\+\d(?:[ ()./-]{0,2}\d){6,17}(?!\w))",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """The text without what must not be in a log."""
    return _WHAT.sub(lambda match: match[0] if match.lastgroup in {"guid", "time"} else REDACTED, text)


_COMMANDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile(r"(?:\r\n|\r|\n)(?! {4})")
_FURTHER_LINE = "\n    "


def contained(text: str) -> str:
    """The text as one record: no further line begins like one, and what would command a terminal is spelled out."""
    spelled = _COMMANDS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
    return _LINE_END.sub(_FURTHER_LINE, spelled)


_OF_EVERY_RECORD = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})


_formatter = logging.Formatter()


class Redaction(logging.Filter):
    """Takes it out of whatever passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; nothing is held back."""
        message = record.getMessage()
        clean = contained(redacted(message))
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            # A formatter that finds it there does not write the traceback itself.
            record.exc_text = redacted(_formatter.formatException(record.exc_info))
        for name, value in fields_of(record).items():
            if isinstance(value, str):
                setattr(record, name, redacted(value))
        return True


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What a record was given beside its message."""
    return {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
