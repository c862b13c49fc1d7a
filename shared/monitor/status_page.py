"""The status as one page, to be read in ten seconds: the verdict, what is wrong, then what that rests on. Pure.

There is no script, and every text is escaped. However much is wrong, the page stays small: what it leaves out it
counts, and says where it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from itertools import groupby

from shared.delivery.card_text import counted
from shared.model.finding import SEVERITIES, Commands, Severity
from shared.monitor.silences import SilenceView
from shared.monitor.status import Disposition, StatusFinding, StatusReport
from shared.monitor.status_frame import DASH, apart, at, command, frame, name_of, shown
from shared.monitor.status_tables import NAMES, delivery, ledger, not_judged, recent, silences, sources
from shared.monitor.status_verdict import LOOKS

MOST_OF_A_SEVERITY = 60
MOST_OF_A_RULE = 20
MAX_SUMMARY = 600
MAX_REMEDY = 1200
MAX_COMMAND = 2000

_MEANINGS: Mapping[Severity, str] = {
    "critical": "callers cannot get through, or nobody would be told",
    "warning": "will break, or costs money",
    "info": "to tidy up",
}
_STATES: Mapping[Disposition, str] = {
    "frozen": "Not confirmed: what it rests on could not be read lately",
    "pending": "Not told yet: it must hold for a while first",
}
_MENDING = "The last look no longer found it; it counts as mended once another look agrees"


def page(document: StatusReport, *, called: str = "", json_link: str = "", all_link: str = "") -> str:
    """The whole page of a tenant; `called` is its name, where the site gave it one.

    `json_link` leads those who may read it to the JSON, `all_link` to the list of all tenants; empty for other readers.
    """
    now, verdict = document.audit.as_of, document.verdict
    elsewhere = (
        f'<a href="{escape(json_link)}">status.json</a>' if json_link else "status.json, which wants the service's key"
    )
    others = f' \N{MIDDLE DOT} <a href="{escape(all_link)}">all tenants</a>' if all_link else ""
    header = f'<p class="dim">Linekeeper \N{MIDDLE DOT} tenant {_tenant(called, document)}{others}</p>'
    body = "".join(
        (
            _verdict(document),
            _contents(document),
            _findings(document, elsewhere),
            ledger(document.audit.allocation),
            sources(document, now),
            delivery(document, now),
            silences(document.silences, now),
            recent(document.recent, now),
            not_judged(document.audit.skipped),
        )
    )
    footer = (
        f'<p class="dim">Judged at {at(now)} from what was read last; loading the page anew judges anew, and reads '
        f"nothing from Microsoft Graph. For programs: {elsewhere}.</p>"
    )
    sign, word = LOOKS[verdict.level]
    return frame(f"{sign} {word}: {verdict.says}", header, body, footer)


def _tenant(called: str, document: StatusReport) -> str:
    tenant = escape(document.audit.tenant)
    return f"{name_of(called)} ({tenant})" if called else tenant


def _verdict(document: StatusReport) -> str:
    verdict, now = document.verdict, document.audit.as_of
    sign, word = LOOKS[verdict.level]
    if not verdict.confirmed:
        word += " when last read, and not confirmed since"
    extent = ""
    if verdict.lines:
        numbers = f", {counted(len(verdict.numbers), 'telephone number')}" if verdict.numbers else ""
        extent = f'<p class="counts">{counted(verdict.lines, "line")}{numbers} affected</p>'
    return (
        f'<section class="verdict {verdict.level}" aria-labelledby="verdict"><p class="word">{sign} {word}</p>'
        f'<h1 id="verdict">{shown(verdict.says, 200)}.</h1>{extent}{_counts(document.findings)}'
        f'<p class="dim">{_as_of(document, now)}</p>{_doubts(document)}</section>'
    )


def _counts(findings: Iterable[StatusFinding]) -> str:
    every = list(findings)
    severities = Counter(each.finding.severity for each in every)
    states = Counter(each.state for each in every if each.state != "firing")
    said = [f"{severities[severity]} {severity}" for severity in SEVERITIES if severities[severity]]
    muted = [f"{states[state]} {state}" for state in ("silenced", "inhibited", "pending", "frozen") if states[state]]
    if not said:
        return ""
    of_them = f" ({', '.join(muted)})" if muted else ""
    return f"<p>Findings: {', '.join(said)}{of_them}</p>"


def _as_of(document: StatusReport, now: datetime) -> str:
    """How old the oldest of what this rests on is."""
    read = {source: each.as_of for source, each in document.sources.items() if each.as_of is not None}
    if not read:
        return f"As of {at(now)}."
    oldest = min(read, key=lambda source: read[source])
    return (
        f"As of {at(now)}; the oldest read that it rests on is that of the {NAMES[oldest]}, {_ago(read[oldest], now)}."
    )


def _ago(moment: datetime, now: datetime) -> str:
    return f"{apart(moment, now)} ({at(moment)})"


def _doubts(document: StatusReport) -> str:
    verdict = document.verdict
    parts = ""
    if verdict.doubts:
        listed = "".join(f"<li>{escape(doubt)}</li>" for doubt in verdict.doubts)
        parts = (
            "<p><strong>It may be worse or better than this says.</strong> What rests on these reads is not confirmed, "
            f"and nothing of it is said to be mended:</p><ul>{listed}</ul>"
        )
    unread = [NAMES[source] for source in verdict.unread]
    if unread:
        parts += f"<p>Not read here, and so not judged: {escape(', '.join(unread))}.</p>"
    return f'<div class="doubt">{parts}</div>' if parts else ""


def _contents(document: StatusReport) -> str:
    places = [("findings", "Findings"), ("licences", "Licences"), ("sources", "Sources"), ("delivery", "Delivery")]
    places += [("silences", "Silences"), ("recent", "Last changes")]
    if document.audit.allocation is None:
        places.remove(("licences", "Licences"))
    links = "".join(f'<li><a href="#{place}">{name}</a></li>' for place, name in places)
    return f'<nav aria-label="On this page"><ul>{links}</ul></nav>'


def _findings(document: StatusReport, elsewhere: str) -> str:
    parts = [
        _severity(document, severity, same, elsewhere)
        for severity in SEVERITIES
        if (same := [each for each in document.findings if each.finding.severity == severity])
    ]
    none = '<p class="card">None is known. What that is worth stands at the top.</p>'
    return f'<section aria-labelledby="findings"><h2 id="findings">Findings</h2>{"".join(parts) or none}</section>'


def _severity(document: StatusReport, severity: Severity, findings: list[StatusFinding], elsewhere: str) -> str:
    sign, word = LOOKS[severity]
    left = MOST_OF_A_SEVERITY
    parts: list[str] = []
    for _, same in groupby(findings, key=lambda each: each.finding.rule):
        every = sorted(same, key=_has_no_number)
        named = every[: min(left, MOST_OF_A_RULE)]
        left -= len(named)
        parts.append(_rule(document, severity, named, every, elsewhere))
    return f'<h3 class="{severity}">{sign} {word} ({len(findings)}): {_MEANINGS[severity]}</h3>{"".join(parts)}'


def _rule(
    document: StatusReport,
    severity: Severity,
    named: list[StatusFinding],
    every: list[StatusFinding],
    elsewhere: str,
) -> str:
    """Findings of one rule: the first of them in full, the rest counted."""
    topic = every[0].topic
    times = f"{len(every)} \N{MULTIPLICATION SIGN} " if len(every) > 1 else ""
    about = (
        f' <a class="dim" href="{escape(topic.link)}" rel="noreferrer noopener">About this rule</a>'
        if topic.link.startswith("https://")
        else ""
    )
    items = "".join(_item(document, each) for each in named)
    left = len(every) - len(named)
    more = f"<p>{left} more stand in {elsewhere}, and in <code>linekeeper audit</code>.</p>" if left else ""
    return (
        f'<section class="card {severity}"><h4>{times}{shown(topic.title, 120)}{about}</h4>'
        f'<ul class="items">{items}</ul>{more}</section>'
    )


def _has_no_number(each: StatusFinding) -> bool:
    """Of many lines the ones that callers dial come first: they are what is shown where not all are."""
    return not each.finding.evidence.get("numbers")


def _item(document: StatusReport, each: StatusFinding) -> str:
    finding = each.finding
    name = "The tenant" if finding.subject.kind == "tenant" else name_of(finding.subject.name or finding.subject.id)
    why = _why(document, each)
    return (
        f'<li><p class="name">{name} <span class="state">{each.state}</span></p>'
        f'<p>{shown(finding.summary, MAX_SUMMARY)}</p><p class="dim">'
        f"Since {at(each.since)}, {apart(each.since, document.audit.as_of)}{why}</p>"
        f"<details><summary>What to do</summary>{_remedy(finding.remedy, finding.commands)}</details></li>"
    )


def _why(document: StatusReport, each: StatusFinding) -> str:
    """Why a finding is not told, or not sure."""
    said = [_STATES[each.state]] if each.state in _STATES else []
    if each.mending:
        said.append(_MENDING)
    text = "".join(f". {one}" for one in said)
    if each.silence:
        text += f". {_silenced({silence.id: silence for silence in document.silences}.get(each.silence))}"
    if each.inhibited_by:
        cause = next((other for other in document.findings if other.finding.key == each.inhibited_by), None)
        named = f"{shown(cause.topic.title, 120)}: {name_of(cause.finding.subject.name)}" if cause else DASH
        text += f". Explained by {named}"
    return text


def _silenced(silence: SilenceView | None) -> str:
    if silence is None:
        return "Silenced"
    return f"Silenced by {name_of(silence.author)} until {at(silence.ends)}: <bdi>{shown(silence.reason, 200)}</bdi>"


def _remedy(remedy: str, commands: Commands | None) -> str:
    if commands is None:
        return f"<p>{shown(remedy, MAX_REMEDY)}</p>"
    sentence = shown(remedy.removesuffix(commands.powershell), MAX_REMEDY)
    return (
        f"<p>{sentence}</p>{command('PowerShell', commands.powershell, MAX_COMMAND)}"
        f"{command('Request', commands.request, MAX_COMMAND)}"
        f'<p class="way">Admin centre</p><p>{shown(commands.admin_centre, MAX_REMEDY)}</p>'
    )
