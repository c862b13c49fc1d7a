"""What the status page is made of: its style, its headers, and the tenant's texts made fit to be shown. Pure.

Browsers are told to hold to it: the one style is allowed by its hash (Content Security Policy level 3), nothing is
loaded, sent or run, and no other site may show the page in a frame or learn its address, which may hold a token.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from html import escape

from shared.delivery.card_text import lasting
from shared.monitor.silence_page import HEADERS as STRICT
from shared.rules.naming import one_line

DASH = "\N{EN DASH}"

_STYLE = """
:root{color-scheme:light dark;--page:#f5f5f7;--card:#fff;--ink:#1b1b1f;--dim:#5c5f69;--line:#d9dae0;--accent:#4f52b2;
--critical:#b3261e;--critical-wash:#fdeceb;--warning:#855000;--warning-wash:#fff4e0;--info:#0f5f9e;--info-wash:#e9f3fc;
--clear:#1b6b36;--clear-wash:#e8f5ec;--code:#f0f0f4}
@media(prefers-color-scheme:dark){:root{--page:#17181c;--card:#222429;--ink:#f1f1f4;--dim:#a9acb8;--line:#3a3d46;
--accent:#a5a8f5;--critical:#ff8a80;--critical-wash:#3a2120;--warning:#ffc266;--warning-wash:#372b17;--info:#7cc0ff;
--info-wash:#1a2c3d;--clear:#7fd69a;--clear-wash:#1a3022;--code:#17181c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.25rem}footer{padding-bottom:3rem}
h1,h2,h3,h4,p,li{overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2;margin:.15rem 0 .5rem}
h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .75rem}
h3{font-size:1rem;line-height:1.4;margin:1.25rem 0 .5rem;color:var(--tone)}
h4{font-size:1rem;line-height:1.4;margin:0 0 .25rem}
p{margin:.25rem 0}
a{color:var(--accent)}
.dim{color:var(--dim);font-size:.875rem}
.critical{--tone:var(--critical);--wash:var(--critical-wash)}
.warning,.unknown{--tone:var(--warning);--wash:var(--warning-wash)}
.info{--tone:var(--info);--wash:var(--info-wash)}.clear{--tone:var(--clear);--wash:var(--clear-wash)}
.verdict{background:var(--wash);border:1px solid var(--tone);border-left-width:8px;border-radius:12px;
padding:1rem 1.25rem}
.word{color:var(--tone);font-weight:700;margin:0}
.counts{font-weight:600}
.tenant{margin:.1rem 0 .25rem}
.doubt{border-top:1px solid var(--tone);margin-top:.75rem;padding-top:.6rem}
.doubt ul{margin:.25rem 0;padding-left:1.25rem}
nav a{display:inline-block;padding:.2rem 0}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;margin:1rem 0 0;padding:0}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.9rem 1.1rem;margin:0 0 .75rem}
section.card{border-left:5px solid var(--tone)}
.items{list-style:none;margin:0;padding:0}
.items li{border-top:1px solid var(--line);padding:.6rem 0 .5rem}
.items li:last-child{padding-bottom:0}
.name{font-weight:600;margin:0}
.state{font-size:.8125rem;font-weight:600;border:1px solid var(--line);border-radius:999px;padding:.05rem .55rem;
margin-left:.35rem;white-space:nowrap;color:var(--dim)}
summary{cursor:pointer;color:var(--accent);font-weight:600;font-size:.9375rem;padding:.2rem 0;width:fit-content}
summary:focus-visible,a:focus-visible,.scroll:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
details .way{font-size:.8125rem;font-weight:600;color:var(--dim);margin:.6rem 0 .15rem}
pre{background:var(--code);border:1px solid var(--line);border-radius:8px;padding:.6rem .75rem;margin:0;
white-space:pre-wrap;overflow-wrap:anywhere;font:.8125rem/1.5 ui-monospace,Consolas,monospace}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px;margin:0 0 .75rem}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;font-weight:600;padding:.75rem .9rem .35rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .9rem;border-top:1px solid var(--line);min-width:5rem;
max-width:26rem;overflow-wrap:break-word}
thead th{color:var(--dim);font-size:.8125rem;border-top:0;white-space:nowrap}
tbody th{font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.wide{min-width:14rem}
.bad{color:var(--critical);font-weight:600}.good{color:var(--clear)}
time{white-space:nowrap}
@media(max-width:34rem){h1{font-size:1.4rem}header,main,footer{padding-left:.75rem;padding-right:.75rem}
table,caption,tbody,tr,tbody th,td{display:block}thead{display:none}
tr{border-top:1px solid var(--line);padding:.4rem .75rem}caption{padding:.6rem .75rem .35rem}
th,td{border:0;padding:.05rem 0;max-width:none}.number{text-align:left}
td::before{content:attr(data-name)": ";color:var(--dim);font-size:.875rem}}
@media print{details>*{display:block}body{background:#fff}}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    **STRICT,
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'",
}
"""What every answer about the status says, the refusals too."""


def frame(title: str, header: str, body: str, footer: str = "") -> str:
    """A whole page around what is already HTML; the title is text."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow">'
        f"<title>{escape(title)} \N{MIDDLE DOT} Linekeeper</title><style>{_STYLE}</style></head>"
        f"<body><header>{header}</header><main>{body}</main><footer>{footer}</footer></body></html>"
    )


def message_page(title: str, text: str) -> str:
    """A page that only says something."""
    header = '<p class="dim">Linekeeper</p>'
    return frame(title, header, f'<h1>{escape(title)}</h1><p class="card">{escape(text)}</p>')


def shown(text: str, limit: int) -> str:
    """A text of the tenant or about it, as HTML: on one line, bounded, and nothing but text."""
    return escape(one_line(text[: 4 * limit], limit))


def name_of(text: str, limit: int = 80) -> str:
    """A name among other words: whatever way it is written, it keeps its direction to itself."""
    return f"<bdi>{shown(text, limit)}</bdi>"


def at(moment: datetime | None, otherwise: str = DASH) -> str:
    """A time, to the minute."""
    if moment is None:
        return otherwise
    utc = moment.astimezone(UTC)
    return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}">{utc:%Y-%m-%d %H:%M} UTC</time>'


def apart(moment: datetime | None, now: datetime) -> str:
    """How long ago a time was, or how far it is off."""
    if moment is None:
        return DASH
    if moment <= now < moment + timedelta(seconds=1):
        return "just now"
    return f"{lasting(moment, now)} ago" if moment <= now else f"in {lasting(now, moment)}"


def command(label: str, text: str, longest: int) -> str:
    """A command to be pasted, exactly as it is or not at all: one that was cut would do something else."""
    head = f'<p class="way">{label}</p>'
    if len(text) > longest or not all(each == "\n" or _is_seen(each) for each in text):
        return f"{head}<p>It cannot be shown here as it is: it stands in status.json.</p>"
    return f"{head}<pre><code>{escape(text)}</code></pre>"


def table(caption: str, columns: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]], more: str = "") -> str:
    """A table that scrolls by itself where it is too wide; on a phone each row is a list, with the columns' names.

    Cells are HTML, the first of each row its heading. A column is its heading and its class, which may be empty.
    """
    heads = list(columns)
    cells = "".join(f"<tr>{_row(row, heads)}</tr>" for row in rows)
    head = "".join(f'<th scope="col"{_class(kind)}>{escape(name)}</th>' for name, kind in heads)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table></div>{more}"
    )


def _row(cells: Iterable[str], heads: list[tuple[str, str]]) -> str:
    first, *rest = zip(cells, heads, strict=True)
    html = f'<th scope="row"{_class(first[1][1])}>{first[0]}</th>'
    return html + "".join(f'<td{_class(kind)} data-name="{escape(name)}">{cell}</td>' for cell, (name, kind) in rest)


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
