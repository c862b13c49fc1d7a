"""An audit for people: the verdict first, then the ledger, the findings with what to do, and what was not judged.

Names from the tenant are printed as plain text: none is read as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.licensing.ledger import Allocation
from shared.model.finding import SEVERITIES, Commands, Finding, Severity
from shared.monitor.report import Report
from shared.rules.naming import one_line

_STYLE: dict[Severity, str] = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def show(report: Report, console: Console) -> None:
    """Print a report."""
    console.print(_verdict(report))
    console.print(Text(_sources(report), style="dim"))
    for trouble in _troubles(report):
        console.print(Text(trouble, style="red"))
    if report.allocation is not None:
        console.print()
        _show_allocation(report.allocation, console)
    for finding in report.findings:
        console.print()
        _show_finding(finding, console)
    if report.skipped:
        console.print()
        console.print(Text("Not judged", style="bold"))
        for why in dict.fromkeys(skipped.why for skipped in report.skipped):
            rules = ", ".join(skipped.rule for skipped in report.skipped if skipped.why == why)
            console.print(Text(f"  {rules}: {why}"))


def _verdict(report: Report) -> Text:
    counts = Counter(finding.severity for finding in report.findings)
    said = ", ".join(_counted(severity, counts[severity]) for severity in SEVERITIES if counts[severity])
    if report.is_blind:
        return Text(f"The tenant could not be read completely ({said}).", style="bold red")
    if not counts:
        unread = _unread(report)
        style = "yellow" if unread else "bold green"
        return Text(f"Nothing is wrong, as far as the rules can see.{unread}", style=style)
    worst = next(severity for severity in SEVERITIES if counts[severity])
    count = f"{counts.total()} finding{'' if counts.total() == 1 else 's'}"
    return Text(f"{count}: {said}.{_unread(report)}", style=_STYLE[worst] + " bold")


def _counted(severity: Severity, count: int) -> str:
    """`2 warnings`, and `2 critical`, `2 info`: those words have no plural."""
    return f"{count} {severity}{'s' if severity == 'warning' and count != 1 else ''}"


def _unread(report: Report) -> str:
    """What was to be read and could not be, so that things may be worse than they look; empty where nothing was."""
    missing = [name for name, each in report.sources.items() if each.state in {"failed", "partial"}]
    return f" It may be worse: {' and '.join(missing)} could not be read." if missing else ""


def _sources(report: Report) -> str:
    read = [f"{name} {each.state}" for name, each in report.sources.items() if each.state != "absent"]
    absent = [name for name, each in report.sources.items() if each.state == "absent"]
    parts = [f"Tenant {report.tenant}, as of {report.as_of:%Y-%m-%d %H:%M:%S} UTC", *read]
    if absent:
        parts.append(f"not read: {', '.join(absent)}")
    return " · ".join(parts)


def _troubles(report: Report) -> Iterator[str]:
    """Why sources could not be read, and from when that is which is said of them all the same."""
    for name, each in report.sources.items():
        if each.state in {"failed", "partial"}:
            told = f"{name}: {one_line(each.problem) or 'could not be read'}".rstrip(".")
            kept = f" What is said of them was read at {each.as_of:%Y-%m-%d %H:%M} UTC." if each.as_of else ""
            yield f"{told}.{kept}"


def _show_allocation(ledger: Allocation, console: Console) -> None:
    policy = "; ".join((f"policy {ledger.policy}", *ledger.overrides))
    figures = Table(title=Text(f"Allocation ({policy})"), title_justify="left", box=None, padding=(0, 2))
    for heading in ("Qualifying", "Entitled", "Owned", "Assigned", "Needed"):
        figures.add_column(heading, justify="right")
    figures.add_row(*map(str, (ledger.qualifying, ledger.entitled, ledger.owned, ledger.assigned, ledger.needed)))
    console.print(figures)
    console.print(
        Text(
            f"  {ledger.free_to_claim} free to claim, {ledger.to_buy} to buy, "
            f"{ledger.paid} paid, {ledger.spare} spare; "
            f"{ledger.seats_to_next} more seats earn the next licence, "
            f"{ledger.seats_to_lose} may go before a needed one costs money"
        )
    )
    counted = Table(box=None, padding=(0, 2))
    for heading in ("Licence", "Counted", "Why"):
        counted.add_column(heading, justify="right" if heading == "Counted" else "left")
    for row in ledger.by_sku:
        counted.add_row(Text(one_line(row.part_number) or row.sku_id), str(row.counted), Text(row.why))
    console.print(counted)


def _show_finding(finding: Finding, console: Console) -> None:
    name = "The tenant" if finding.subject.kind == "tenant" else one_line(finding.subject.name) or finding.subject.id
    command = finding.commands.powershell if finding.commands is not None else ""
    lines = [
        Text.assemble((finding.severity.upper(), _STYLE[finding.severity]), "  ", (name, "bold"), f"  {finding.rule}"),
        Text(f"  {finding.summary}"),
        Text(f"  \N{RIGHTWARDS ARROW} {finding.remedy.removesuffix(command).rstrip()}"),
    ]
    if finding.commands is not None:
        lines.append(Text(f"    {command}"))
        lines += [Text(f"    {line}", style="dim") for line in _other_ways(finding.commands)]
    for line in lines:
        # Each stays one line, so that a command in it can be copied.
        console.print(line, soft_wrap=True)


def _other_ways(commands: Commands) -> Iterator[str]:
    """The ways beside PowerShell, which the remedy ends in: the request's line and its body, and the words."""
    head, _, body = commands.request.partition("\n\n")
    yield f"or {head.splitlines()[0]}"
    if body:
        yield f"   {body}"
    yield f"or {commands.admin_centre}"
