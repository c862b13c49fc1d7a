"""Documents of older schemas, brought to today's: one pure function a step, on the decoded JSON.

What a migration must keep: nothing that was told is told again, and nothing that waits to be told is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from shared.model.errors import DocumentUnreadable
from shared.model.finding import key_of

OLDEST = 1
"""The schema of the first documents."""

Document = dict[str, Any]
"""A document as JSON has it."""

_FIRST_RECEIVER = "teams"
"""The one receiver that there was when groups had no receivers in their names."""

_OF_A_RECEIVER = "/"


def migrated(content: bytes, schema: int) -> bytes:
    """A document's bytes in today's schema, from those in an older one.

    Raises:
        DocumentUnreadable: it is not of the shape that its schema has.
    """
    document: Document = msgspec.json.decode(content)
    try:
        for step in range(schema, max(_STEPS) + 1):
            document = {**_STEPS[step](document), "schema": step + 1}
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise DocumentUnreadable(
            f"the stored document cannot be brought from schema {schema} to today's ({type(problem).__name__}: "
            f"{problem}); it is left as it is."
        ) from None
    return msgspec.json.encode(document)


def _to_2(document: Document) -> Document:
    """Receivers: groups and messages were called by their family alone, and only Teams was told.

    Alerts had no time at which they began to count, which is that of their first look, since none waited; refused
    messages had no time from which they may be forgotten; and items did not say which finding they show.
    """
    alerts: Document = document.get("alerts", {})
    shown = {_shown_by(alert["finding"], alert): alert["finding"] for alert in alerts.values()}
    return {
        **document,
        "alerts": {key: {"fired": alert["since"], **alert} for key, alert in alerts.items()},
        "groups": {_group(name): log for name, log in document.get("groups", {}).items()},
        "outbox": [_entry(entry, document["tenant"], shown) for entry in document.get("outbox", [])],
    }


def _group(name: str) -> str:
    return name if _OF_A_RECEIVER in name else f"{_FIRST_RECEIVER}{_OF_A_RECEIVER}{name}"


def _entry(entry: Document, tenant: str, shown: dict[tuple[str, ...], Document]) -> Document:
    message: Document = entry["message"]
    sections = [
        {**section, "items": [_item(item, shown) for item in section.get("items", [])]}
        for section in message.get("sections", [])
    ]
    firing = sum(section.get("total", 0) for section in sections if section["kind"] != "resolved")
    after = {"tenant": tenant, "firing": firing, **message, "group": _group(message["group"]), "sections": sections}
    refused = {"refused_at": entry["due"]} if entry.get("refused") else {}
    return {**refused, **entry, "message": after}


def _item(item: Document, shown: dict[tuple[str, ...], Document]) -> Document:
    finding = shown.get(_shown_by(item, item))
    if finding is None:
        return item
    subject = finding["subject"]
    key = key_of(finding["rule"], subject["id"], finding.get("aspect", ""))
    return {"key": key, "subject_kind": subject["kind"], "subject_id": subject["id"], **item}


def _shown_by(told: Document, dated: Document) -> tuple[str, ...]:
    """What tells a finding and the item that shows it from all others: rule, words and beginning."""
    return told["rule"], told["summary"], dated["since"]


_STEPS: dict[int, Callable[[Document], Document]] = {1: _to_2}
"""What leads from each schema to the next."""
