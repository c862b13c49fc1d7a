"""The pages about silences, as HTML. Every text is escaped, nothing is loaded, and there is no script. Pure.

Browsers are told to hold to that: the one style is allowed by its hash (Content Security Policy level 3), forms go to
this service alone, and no other site may show the page in a frame or learn its address, which holds the token.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

import msgspec

from shared.model.finding import Severity
from shared.monitor.silences import SilenceView
from shared.rules.naming import one_line

DURATIONS: tuple[tuple[str, str], ...] = (
    ("1h", "1 hour"),
    ("4h", "4 hours"),
    ("1d", "1 day"),
    ("7d", "7 days"),
    ("30d", "30 days"),
)
USUAL = "4h"
MAX_SUMMARY = 600
IN_FULL = 3
"""How many findings stand in full; of more, each gets a line, so that the form is not far away."""

_SIGNS: dict[Severity, str] = {
    "critical": "\N{BLACK UP-POINTING TRIANGLE}",
    "warning": "\N{BLACK DIAMOND}",
    "info": "\N{BLACK CIRCLE}",
}

_STYLE = """
:root{color-scheme:light dark;--page:#f5f5f7;--card:#fff;--ink:#1b1b1f;--dim:#5c5f69;--line:#d9dae0;--accent:#4f52b2;
--on-accent:#fff;--critical:#b3261e;--warning:#8a5300;--info:#0f5f9e;--quiet:#eceefb}
@media(prefers-color-scheme:dark){:root{--page:#17181c;--card:#222429;--ink:#f1f1f4;--dim:#a9acb8;--line:#3a3d46;
--accent:#a5a8f5;--on-accent:#17181c;--critical:#ff8a80;--warning:#ffc266;--info:#7cc0ff;--quiet:#2b2d3d}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:36rem;margin:0 auto;padding:2rem 1rem 3rem}
h1{font-size:1.5rem;line-height:1.25;margin:.1rem 0 1.25rem}
h2{font-size:1.125rem;line-height:1.35;margin:.15rem 0 .35rem}
p{margin:.35rem 0;overflow-wrap:anywhere}
h1,h2,dd{overflow-wrap:anywhere}
.dim{color:var(--dim);font-size:.875rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.15rem;margin:0 0 1rem}
.critical,.warning,.info{border-left:5px solid var(--tone)}
.critical{--tone:var(--critical)}.warning{--tone:var(--warning)}.info{--tone:var(--info)}
ul{list-style:none;margin:0;padding:0}
li{padding:.25rem 0 .25rem .75rem;margin:.4rem 0;overflow-wrap:anywhere}li span{display:block}
.severity{color:var(--tone);font-weight:600;font-size:.875rem;margin:0}
.quiet{background:var(--quiet)}
.problem{border-color:var(--critical);color:var(--critical);font-weight:600}
fieldset{border:0;margin:0 0 1.1rem;padding:0}
legend,.label{display:block;font-weight:600;padding:0;margin:0 0 .4rem}
.choices{display:flex;flex-wrap:wrap;gap:.5rem}
.choices label{position:relative;cursor:pointer}
.choices input{position:absolute;inset:0;opacity:0;margin:0;cursor:pointer}
.choices span{display:block;padding:.5rem .85rem;border:1px solid var(--line);border-radius:999px}
.choices input:checked+span{background:var(--accent);border-color:var(--accent);color:var(--on-accent);font-weight:600}
.choices input:focus-visible+span,button:focus-visible,.text:focus-visible{outline:3px solid var(--accent);
outline-offset:2px}
.text{display:block;width:100%;font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);
border-radius:8px;padding:.6rem .75rem;margin:0 0 1.1rem}
textarea.text{min-height:5.5rem;resize:vertical}
button{font:inherit;font-weight:600;border-radius:8px;padding:.65rem 1.25rem;cursor:pointer;
border:1px solid var(--accent);background:var(--accent);color:var(--on-accent)}
button.second{background:transparent;color:var(--accent);margin-top:.5rem;padding:.4rem .9rem}
dl{margin:.5rem 0 0;display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem}
dt{color:var(--dim)}dd{margin:0}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""What every answer says, the refusals too."""


class FindingShown(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that a link is about; without a severity nothing is known of it any more."""

    title: str
    name: str
    summary: str = ""
    severity: Severity | None = None
    firing_since: datetime | None = None
    may_be_silenced: bool = True


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed into the form, to be shown again where something was wrong with it."""

    duration: str = USUAL
    author: str = ""
    reason: str = ""


def findings_page(
    findings: Sequence[FindingShown],
    silences: Iterable[SilenceView],
    *,
    token: str,
    own: frozenset[str],
    typed: Typed,
    problem: str = "",
) -> str:
    """The page that a link leads to.

    Args:
        findings: what the link is about.
        silences: those that cover one of the findings and have not ended.
        token: the link's token, which the forms carry on.
        own: the ids of silences that cover nothing beside the findings, and that the link may end.
        typed: what stands in the form.
        problem: why the last attempt did nothing.
    """
    standing = "".join(_standing(each, token if each.id in own else "") for each in silences)
    if not all(each.may_be_silenced for each in findings):
        form = (
            '<p class="card">This is about the monitor itself, and is never silenced: '
            "a monitor that cannot see must say so.</p>"
        )
    else:
        form = _form(token, typed, count=len(findings), again=bool(standing))
    trouble = f'<p class="card problem" role="alert">{escape(_sentence(problem))}</p>' if problem else ""
    title = "Silence this alert" if len(findings) == 1 else f"Silence these {len(findings)} alerts"
    shown = "".join(map(_finding, findings)) if len(findings) <= IN_FULL else _brief(findings)
    return _page(title, f"{shown}{trouble}{standing}{form}")


def list_page(silences: Iterable[SilenceView]) -> str:
    """All silences, for whoever holds the service's key."""
    rows = "".join(_standing(each, "") for each in silences)
    return _page(
        "Silences",
        (rows or '<p class="card">Nothing is silenced.</p>')
        + '<p class="dim">Add and end silences by the link of a card, with <code>linekeeper silence</code>, or by a '
        "POST to this address.</p>",
    )


def message_page(title: str, *paragraphs: str) -> str:
    """A page that only says something."""
    return _page(title, '<div class="card">' + "".join(f"<p>{escape(each)}</p>" for each in paragraphs) + "</div>")


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow">'
        f"<title>{escape(title)} \N{MIDDLE DOT} Linekeeper</title><style>{_STYLE}</style></head>"
        f'<body><main><p class="dim">Linekeeper</p><h1>{escape(title)}</h1>{body}</main></body></html>'
    )


def _finding(finding: FindingShown) -> str:
    severity = finding.severity
    tone = f" {severity}" if severity else ""
    badge = f'<p class="severity">{_SIGNS[severity]} {severity.capitalize()}</p>' if severity else ""
    summary = f"<p>{escape(one_line(finding.summary, MAX_SUMMARY))}</p>" if finding.summary else ""
    since = finding.firing_since
    state = f"Firing since {_at(since)}." if since else "It is not firing now. It can be silenced all the same."
    return (
        f'<section class="card{tone}">{badge}<h2>{escape(finding.name)}</h2><p>{escape(finding.title)}</p>{summary}'
        f'<p class="dim">{state}</p></section>'
    )


def _brief(findings: Iterable[FindingShown]) -> str:
    """Many findings, a line each; what is no longer firing says so."""
    lines = "".join(map(_line, findings))
    return f'<section class="card"><ul>{lines}</ul></section>'


def _line(finding: FindingShown) -> str:
    severity = finding.severity
    word = f"{_SIGNS[severity]} {severity.capitalize()} \N{MIDDLE DOT} " if severity else ""
    ended = "" if finding.firing_since else ", not firing now"
    return (
        f'<li class="{severity or "dim"}"><b>{escape(finding.name)}</b> '
        f'<span class="dim">{word}{escape(finding.title)}{ended}</span></li>'
    )


def _standing(silence: SilenceView, token: str) -> str:
    """A silence, with the button that ends it where the token may."""
    word = {
        "active": f"Silenced until {_at(silence.ends)}",
        "coming": f"Silenced from {_at(silence.starts)} until {_at(silence.ends)}",
        "ended": f"Ended on {_at(silence.ends)}",
    }[silence.state]
    rows = [("By", silence.author), ("Reason", silence.reason), ("Rules", ", ".join(silence.rules) or "all")]
    if silence.subjects:
        rows.append(("Only for", ", ".join(each.name or each.id for each in silence.subjects)))
    if silence.severities:
        rows.append(("Only", ", ".join(silence.severities)))
    if silence.state == "active":
        names = silence.findings.names
        rows.append(("Quiet now", f"{silence.findings.count}: {', '.join(names)}" if names else "nothing"))
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    button = (
        f'<form method="post" action="silences">{_hidden("token", token)}{_hidden("action", "end")}'
        f'{_hidden("id", silence.id)}<button class="second">End it now</button></form>'
        if token
        else ""
    )
    quiet = " quiet" if silence.state == "active" else ""
    return f'<section class="card{quiet}"><h2>{escape(word)}</h2><dl>{listed}</dl>{button}</section>'


def _form(token: str, typed: Typed, *, count: int, again: bool) -> str:
    choices = "".join(
        f'<label><input type="radio" name="for" value="{value}" required{" checked" * (value == typed.duration)}>'
        f"<span>{words}</span></label>"
        for value, words in DURATIONS
    )
    what, them = ("this", "it") if count == 1 else (f"these {count}", "them")
    button = "Add another silence" if again else f"Silence {'it' if count == 1 else f'all {count}'}"
    return (
        f'<form class="card" method="post" action="silences">{_hidden("token", token)}{_hidden("action", "add")}'
        f'<fieldset><legend>Keep it quiet for</legend><div class="choices">{choices}</div></fieldset>'
        '<label class="label" for="author">Your name</label>'
        f'<input class="text" id="author" name="author" value="{escape(typed.author)}" maxlength="80" required '
        'autocomplete="name">'
        '<label class="label" for="reason">Reason</label>'
        f'<textarea class="text" id="reason" name="reason" maxlength="500" required>{escape(typed.reason)}</textarea>'
        f"<button>{button}</button>"
        f'<p class="dim">Within half a minute nothing more is told of {what}, and everything else still is. The status '
        f"page keeps showing {them}, with your name and reason. What still fires when the silence ends is told "
        "again.</p></form>"
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
