"""The tables of the status page: the ledger, the sources, the receivers, the silences and the last changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby

from shared.delivery.card_text import counted
from shared.licensing.ledger import Allocation
from shared.model.sources import Source
from shared.monitor.silences import SilenceView
from shared.monitor.status import Change, SourceStatus, StatusReport, SubscriptionStatus
from shared.monitor.status_delivery import Told
from shared.monitor.status_frame import DASH, apart, at, name_of, shown, table
from shared.rules.catalogue import RULES
from shared.rules.engine import Skipped

MOST_ROWS = 30
MOST_SUBJECTS = 3
MAX_PROBLEM = 300

NAMES: Mapping[Source, str] = {
    "licences": "licences",
    "accounts": "accounts",
    "numbers": "numbers",
    "voice": "voice export",
    "calling": "calling state of agents",
}
"""What the sources are called."""

TITLES = {rule.id: rule.title for rule in RULES}

_NUMBER = "number"
_WIDE = "wide"


def ledger(allocation: Allocation | None) -> str:
    """The allocation's figures, and what each licence adds to them; nothing where it could not be worked out."""
    if allocation is None:
        return ""
    policy = "; ".join((f"policy {allocation.policy}", *allocation.overrides))
    rows = [(name, str(figure), meaning) for name, figure, meaning in _figures(allocation)]
    listed = sorted(allocation.by_sku, key=lambda row: (-row.counted, row.part_number, row.sku_id))
    skus = [
        (shown(row.part_number or row.sku_id, 80), str(row.counted), shown(row.why, MAX_PROBLEM))
        for row in listed[:MOST_ROWS]
    ]
    return (
        '<section aria-labelledby="licences"><h2 id="licences">Licences</h2>'
        + table(f"The allocation ({policy})", (("Figure", ""), ("Licences", _NUMBER), ("What it says", _WIDE)), rows)
        + table(
            "What qualifies",
            (("Licence", ""), ("Counted", _NUMBER), ("Why", _WIDE)),
            skus,
            _left(listed, "licence"),
        )
        + "</section>"
    )


def _figures(allocation: Allocation) -> tuple[tuple[str, int, str], ...]:
    beyond = f"; {allocation.paid} of them beyond the allocation" if allocation.paid else ""
    headroom = allocation.entitled - allocation.needed
    spare = f", {allocation.seats_to_lose} fewer leave every needed one free" if headroom >= 0 else ""
    return (
        ("Entitled", allocation.entitled, f"free of charge, for {allocation.qualifying} qualifying licences"),
        ("Owned", allocation.owned, f"ordered and in force{beyond}"),
        ("Assigned", allocation.assigned, f"in use; {allocation.spare} spare"),
        ("Needed", allocation.needed, "accounts that must hold one"),
        ("To claim", allocation.free_to_claim, "needed, free of charge and not ordered yet"),
        ("To buy", allocation.to_buy, "needed beyond what is free and what is owned"),
        (
            "Headroom",
            headroom,
            f"entitled less needed; {allocation.seats_to_next} more qualifying licences earn one more{spare}",
        ),
    )


def sources(document: StatusReport, now: datetime) -> str:
    """What everything rests on, and how old it is."""
    rows = [
        (
            escape(NAMES[source].capitalize()),
            _freshness(each),
            at(each.as_of, "never"),
            apart(each.as_of, now),
            shown(each.problem, MAX_PROBLEM) or DASH,
        )
        for source, each in document.sources.items()
    ]
    columns = (("Source", ""), ("State", ""), ("Last complete read", ""), ("Age", ""), ("Last problem", _WIDE))
    return (
        '<section aria-labelledby="sources"><h2 id="sources">Sources</h2>'
        f'{table("What was read, and when", columns, rows)}<p class="card">{_subscription(document.subscription, now)}'
        "</p></section>"
    )


def _freshness(each: SourceStatus) -> str:
    if each.state == "absent":
        return "not read"
    if not each.fresh:
        return f'<span class="bad">{"in part" if each.state == "partial" else "stale"}</span>'
    failing = "" if each.state == "complete" else "; the last try failed"
    return f'<span class="good">fresh</span>{failing}'


def _subscription(known: SubscriptionStatus, now: datetime) -> str:
    if not known.wanted:
        return "There is no notification URL: changes are found by timers, within five minutes."
    if known.live:
        said = f"Graph notifies of changes; the subscription ends {at(known.expires)}, {apart(known.expires, now)}."
    elif known.expires is not None:
        said = f'<span class="bad">The subscription to changes has ended</span>, {apart(known.expires, now)}.'
    else:
        said = '<span class="bad">There is no subscription to changes yet</span>: timers find them meanwhile.'
    problem = f" Last problem: {shown(known.problem, MAX_PROBLEM)}" if known.problem else ""
    return f"{said}{problem}"


def delivery(document: StatusReport, now: datetime) -> str:
    """How it stands with each receiver, and what each was told last."""
    receivers = document.delivery
    rows = [
        (
            name_of(each.receiver) + ("" if each.configured else " (not set)"),
            f"{at(each.delivered_at, 'never')}",
            f"{apart(each.failing_since, now)}: <span class='bad'>failing</span>" if each.failing_since else DASH,
            f"{each.waiting}, oldest {apart(each.waiting_since, now)}" if each.waiting else "0",
            f"{each.refused}: {shown(each.refusal, MAX_PROBLEM)}" if each.refused else "0",
            str(each.dropped),
            at(each.heartbeat_at),
        )
        for each in receivers[:MOST_ROWS]
    ]
    columns = (
        ("Receiver", ""),
        ("Last delivered", ""),
        ("Failing since", ""),
        ("Waiting", ""),
        ("Refused", ""),
        ("Dropped", _NUMBER),
        ("Last heartbeat", ""),
    )
    shown_rows = (
        table("Who is told, and whether it arrives", columns, rows, _left(receivers, "receiver"))
        if receivers
        else '<p class="card">No receiver is set: nobody is told.</p>'
    )
    told = _told(document.told, now)
    return f'<section aria-labelledby="delivery"><h2 id="delivery">Delivery</h2>{shown_rows}{told}</section>'


def _told(messages: Sequence[Told], now: datetime) -> str:
    if not messages:
        return ""
    rows = [
        (
            f"{at(each.at)}, {apart(each.at, now)}",
            name_of(each.receiver),
            shown(each.family, 80),
            _by_rule(each.firing),
            _by_rule(each.resolved),
        )
        for each in messages[:MOST_ROWS]
    ]
    columns = (("When", ""), ("Receiver", ""), ("About", ""), ("Told as open", _WIDE), ("Told as ended", _WIDE))
    return table("What was told last of each family of rules", columns, rows, _left(messages, "message"))


def _by_rule(counts: Mapping[str, int]) -> str:
    listed = [f"{count} \N{MULTIPLICATION SIGN} {TITLES.get(rule, rule)}" for rule, count in counts.items()]
    return "; ".join(shown(each, 160) for each in listed) or DASH


def silences(running: Sequence[SilenceView], now: datetime) -> str:
    """What is kept quiet, by whom, why and for how long."""
    rows = [
        (
            _covers(each),
            name_of(each.author),
            f"<bdi>{shown(each.reason, MAX_PROBLEM)}</bdi>",
            (f"from {at(each.starts)} " if each.state == "coming" else "")
            + f"{at(each.ends)}, {apart(each.ends, now)}",
            str(each.findings.count),
        )
        for each in running[:MOST_ROWS]
    ]
    columns = (("Covers", _WIDE), ("By", ""), ("Reason", _WIDE), ("Ends", ""), ("Quiet now", _NUMBER))
    said = (
        table("What is not told for a while", columns, rows, _left(running, "silence"))
        if running
        else '<p class="card">Nothing is silenced.</p>'
    )
    return f'<section aria-labelledby="silences"><h2 id="silences">Silences</h2>{said}</section>'


def _covers(silence: SilenceView) -> str:
    parts = [shown(", ".join(silence.rules), 200) or "every rule"]
    if silence.subjects:
        parts.append("for " + ", ".join(name_of(each.name or each.id) for each in silence.subjects[:MOST_SUBJECTS]))
        if len(silence.subjects) > MOST_SUBJECTS:
            parts.append(f"and {len(silence.subjects) - MOST_SUBJECTS} more")
    if silence.severities:
        parts.append(f"where {' or '.join(silence.severities)}")
    return " ".join(parts)


def recent(changes: Sequence[Change], now: datetime) -> str:
    """What began and ended last."""
    words = {"firing": "began", "resolved": "ended", "pending": "was seen"}
    rows = [
        (
            f"{at(each.at)}, {apart(each.at, now)}",
            words[each.to],
            each.severity,
            shown(each.title, 120),
            name_of(each.subject.name or each.subject.id),
        )
        for each in changes[:MOST_ROWS]
    ]
    columns = (("When", ""), ("Change", ""), ("Severity", ""), ("What", _WIDE), ("Whose", _WIDE))
    said = (
        table("The last changes, the newest first", columns, rows, _left(changes, "change"))
        if changes
        else '<p class="card">Nothing has begun or ended yet.</p>'
    )
    return f'<section aria-labelledby="recent"><h2 id="recent">Last changes</h2>{said}</section>'


def not_judged(skipped: Iterable[Skipped]) -> str:
    """The rules that could not judge, by what kept them from it."""
    every = sorted(skipped, key=lambda each: each.why)
    if not every:
        return ""
    listed = "".join(
        f"<li>{shown(why, MAX_PROBLEM)}: {escape(', '.join(each.rule for each in same))}</li>"
        for why, same in groupby(every, key=lambda each: each.why)
    )
    return (
        f'<details class="card"><summary>{counted(len(every), "rule")} could not judge, or only in part</summary>'
        f"<ul>{listed}</ul></details>"
    )


def _left(every: Sequence[object], noun: str) -> str:
    left = len(every) - MOST_ROWS
    return f"<p>{counted(left, f'more {noun}')} not shown here.</p>" if left > 0 else ""
