"""Silences for people: one after the other, what is in force first.

Names, authors and reasons are printed as plain text: none is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from shared.alerting.silences import Standing
from shared.monitor.silences import SilenceView

_HEADINGS: dict[Standing, str] = {"active": "In force", "coming": "To come", "ended": "Ended"}
_STYLE: dict[Standing, str] = {"active": "bold yellow", "coming": "bold cyan", "ended": "dim"}


def show(silences: Sequence[SilenceView], console: Console) -> None:
    """Print all silences, under a heading each for those in force, to come and ended."""
    if not silences:
        console.print(Text("Nothing is silenced."))
    first = True
    for state, heading in _HEADINGS.items():
        those = [each for each in silences if each.state == state]
        if those:
            if not first:
                console.print()
            first = False
            console.print(Text(f"{heading} ({len(those)})", style="bold"))
            for each in those:
                _show(each, console)


def show_one(silence: SilenceView, console: Console) -> None:
    """Print one silence, and from when on it has effect."""
    _show(silence, console)
    if silence.state != "coming":
        console.print(Text("It takes effect within half a minute, where the service runs.", style="dim"))


def _show(silence: SilenceView, console: Console) -> None:
    console.print(Text.assemble((silence.id, _STYLE[silence.state]), f"  {_when(silence)}"), soft_wrap=True)
    for line in _lines(silence):
        console.print(Text(f"  {line}"), soft_wrap=True)


def _when(silence: SilenceView) -> str:
    ends = f"{silence.ends:%Y-%m-%d %H:%M}"
    if silence.state == "active":
        return f"until {ends} UTC"
    if silence.state == "coming":
        return f"from {silence.starts:%Y-%m-%d %H:%M} until {ends} UTC"
    return f"ended {ends} UTC"


def _lines(silence: SilenceView) -> Iterator[str]:
    covered = [f"rules: {', '.join(silence.rules)}"] if silence.rules else []
    if silence.subjects:
        covered.append(
            "subjects: " + ", ".join(f"{each.name} ({each.id})" if each.name else each.id for each in silence.subjects)
        )
    if silence.severities:
        covered.append(f"severities: {', '.join(silence.severities)}")
    yield "; ".join(covered)
    yield f"by {silence.author}: {silence.reason}"
    if silence.state == "active":
        whose = f": {', '.join(silence.findings.names)}" if silence.findings.names else ""
        yield f"silences {silence.findings.count} now{whose}"
