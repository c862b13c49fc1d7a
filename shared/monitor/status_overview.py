"""The status of several tenants at a glance, the worst first, each a step away from its own page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import get_args
from urllib.parse import urlencode

import msgspec

from shared.delivery.card_text import counted
from shared.model.finding import SEVERITIES, Severity
from shared.monitor.status import StatusReport
from shared.monitor.status_frame import apart, at, frame, name_of, shown
from shared.monitor.status_verdict import LOOKS, UNKNOWN, Level
from shared.settings_tenants import Tenant

SCHEMA = 1

_WORST_FIRST: tuple[Level, ...] = get_args(Level)


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant of several: its verdict, how much is found, and when the oldest of what this rests on was read.

    `problem` says why its document cannot be read; `numbers` is how many telephone numbers are affected.
    """

    tenant: str
    name: str
    level: Level
    says: str
    lines: int = 0
    numbers: int = 0
    findings: dict[Severity, int] = {}
    oldest_read: datetime | None = None
    problem: str = ""


def glance(tenant: Tenant, document: StatusReport) -> Glance:
    """A tenant at a glance."""
    verdict = document.verdict
    found = Counter(each.finding.severity for each in document.findings)
    return Glance(
        tenant=tenant.id,
        name=tenant.name,
        level=verdict.level,
        says=verdict.says,
        lines=verdict.lines,
        numbers=len(verdict.numbers),
        findings={severity: found[severity] for severity in SEVERITIES},
        oldest_read=min((each.as_of for each in document.sources.values() if each.as_of is not None), default=None),
    )


def unreadable(tenant: Tenant, problem: str) -> Glance:
    """A tenant whose document cannot be read: nothing is known of it."""
    return Glance(tenant=tenant.id, name=tenant.name, level="unknown", says=UNKNOWN, problem=problem)


def worst_first(glances: Iterable[Glance]) -> tuple[Glance, ...]:
    """Tenants in the order in which they need somebody; those alike by name."""
    return tuple(
        sorted(glances, key=lambda each: (_WORST_FIRST.index(each.level), -each.lines, each.name, each.tenant))
    )


def overview_json(glances: Sequence[Glance], now: datetime) -> bytes:
    """The tenants as JSON."""
    moment = now.replace(microsecond=0)
    rows = [
        msgspec.structs.replace(
            each, oldest_read=each.oldest_read.replace(microsecond=0) if each.oldest_read is not None else None
        )
        for each in glances
    ]
    return msgspec.json.encode({"schema": SCHEMA, "as_of": moment, "tenants": rows})


def overview_page(glances: Sequence[Glance], now: datetime, *, query: dict[str, str]) -> str:
    """The tenants as a page; `query` is what its links must carry on, such as a key."""
    levels = Counter(each.level for each in glances)
    said = ", ".join(f"{levels[level]} {LOOKS[level][1].lower()}" for level in _WORST_FIRST if levels[level])
    title = f"{counted(len(glances), 'tenant')}: {said}"
    cards = "".join(_card(each, now, query) for each in glances)
    footer = f'<p class="dim">Judged at {at(now)} from what was read last. For programs: {_json(query)}.</p>'
    return frame(title, '<p class="dim">Linekeeper</p>', f"<h1>{escape(title)}</h1>{cards}", footer)


def _card(each: Glance, now: datetime, query: dict[str, str]) -> str:
    sign, word = LOOKS[each.level]
    link = escape(f"status?{urlencode({'tenant': each.tenant, **query})}")
    found = ", ".join(f"{count} {severity}" for severity, count in each.findings.items() if count)
    numbers = f", {counted(each.numbers, 'telephone number')}" if each.numbers else ""
    details = [
        f"{counted(each.lines, 'line')}{numbers} affected" if each.lines else "",
        f"findings: {found}" if found else "",
        f"oldest read {apart(each.oldest_read, now)}" if each.oldest_read is not None else "nothing read",
    ]
    problem = f"<p>{shown(each.problem, 300)}</p>" if each.problem else ""
    said = "; ".join(filter(None, details))
    below = "" if each.problem else f'<p class="dim">{said[:1].upper()}{said[1:]}</p>'
    return (
        f'<section class="card {each.level}"><p class="word">{sign} {word}</p>'
        f'<h2 class="tenant"><a href="{link}">{name_of(each.name or each.tenant)}</a></h2>'
        f"<p>{shown(each.says, 200)}.</p>{problem}{below}</section>"
    )


def _json(query: dict[str, str]) -> str:
    return f'<a href="{escape(f"status.json?{urlencode(query)}" if query else "status.json")}">status.json</a>'
