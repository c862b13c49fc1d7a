"""A call flow for people: a tree to a line, what is broken said in words and in colour.

Names from the tenant are printed as plain text: none is read as markup, and each stays on its line.
"""

from __future__ import annotations

from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from shared.model.finding import Finding, Severity
from shared.monitor.flow import Flow
from shared.rules.naming import one_line
from shared.voice.branch import EXISTENCE, Branch, End, Mark, Tree
from shared.voice.graph import Node, NodeKind

SUMMARY = 300
"""Characters of a finding's summary at most."""

WAY = 1_000
"""Characters of a way at most."""

CAUSES = 6
"""How many causes of one step are named."""

_STYLE: dict[Severity, str] = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_KINDS: dict[NodeKind, str] = {
    "account": "resource account",
    "attendant": "auto attendant",
    "queue": "call queue",
    "outside": "outside number",
    "person": "person",
    "group": "group",
}
_MARKS: dict[Mark, tuple[str, str]] = {
    "above": ("see above", "dim"),
    "below": ("see below", "dim"),
    "continued": ("continued", "dim"),
    "circle": ("(circle)", "yellow"),
    "unreachable": ("not reachable", "yellow"),
    "no_number": ("no number", "dim"),
    "unassociated": ("stands for no attendant or queue", "yellow"),
    "third_party": ("another vendor's application answers", "dim"),
}
_ENDS: dict[End, str] = {"ends": "the call ends", "waits": "nobody answers: callers wait"}


def show(flow: Flow, tree: Tree, console: Console) -> None:
    """Print a call flow."""
    for gap in flow.gaps:
        _print(Text(f"Parts of this may be old or missing: {gap}.", style="bold red"), console)
    _print(Text(_head(flow), style="dim"), console)
    if flow.start is not None:
        _print(Text(_way(flow, flow.start)), console)
    if not tree.branches:
        _print(Text("There are no auto attendants, call queues or numbers."), console)
    for branch, following in zip_longest(tree.branches, tree.branches[1:]):
        if not branch.rails:
            console.print()
        _show(branch, console, goes_on=following is not None and len(following.rails) > len(branch.rails))
    console.print()
    if tree.left_out:
        more = f"{tree.left_out} more lines are left out: ask for one line by its name or number, or take --json."
        _print(Text(more, style="bold"), console)
    if flow.evaluation.skipped:
        many = len(flow.evaluation.skipped)
        said = f"{many} {'rule was' if many == 1 else 'rules were'} not judged, so something broken may show no mark"
        _print(Text(f"{said}: linekeeper audit says why.", style="dim"), console)


def _head(flow: Flow) -> str:
    lines = flow.lines
    apps = len(lines.apps)
    lost = apps - len(lines.reach.reachable & lines.graph.apps.keys())
    return (
        f"Tenant {flow.tenant}, as of {flow.as_of:%Y-%m-%d %H:%M:%S} UTC · export of "
        f"{lines.export.exported_at:%Y-%m-%d %H:%M:%S} UTC · {len(lines.attendants)} auto attendants, "
        f"{len(lines.queues)} call queues, {lost} of them not reachable"
    )


def _way(flow: Flow, start: Node) -> str:
    """How callers come to where the part begins."""
    first = flow.lines.ways.to(start)[0].node
    way = one_line(flow.lines.ways.text(start), WAY)
    if first.kind == "number":
        return f"Callers come by: {way}"
    if first == start:
        return f"No number leads here: {way}"
    return f"No number leads here; calls come by: {way}"


def _show(branch: Branch, console: Console, *, goes_on: bool) -> None:
    before, beneath = _rails(branch)
    _print(Text.assemble((before, "dim"), *_line(branch)), console)
    # What is told beneath stands beside the rail to what the branch leads to.
    beneath += "│     " if goes_on else "      "
    if branch.agents is not None:
        names = f": {', '.join(branch.agents.names)}" if branch.agents.names else ""
        hidden = branch.agents.count - len(branch.agents.names) if names else 0
        more = f" and {hidden} more" if hidden else ""
        _print(Text.assemble((beneath, "dim"), ("rings ", "dim"), f"{branch.agents}{names}{more}"), console)
    for finding in (*branch.findings, *branch.step_findings):
        _print(Text.assemble((beneath, "dim"), *_finding(finding)), console)
    if branch.more_findings:
        _print(Text.assemble((beneath, "dim"), f"and {branch.more_findings} more findings"), console)


def _rails(branch: Branch) -> tuple[str, str]:
    """What stands before a branch, and before what is told beneath it."""
    if not branch.rails:
        return "", ""
    *levels, more = branch.rails
    before = "".join("│  " if each else "   " for each in levels)
    return before + ("├─ " if more else "└─ "), before + ("│  " if more else "   ")


def _line(branch: Branch) -> list[tuple[str, str]]:
    causes = ", ".join(one_line(each) for each in branch.causes[:CAUSES])
    if len(branch.causes) > CAUSES:
        causes += f" and {len(branch.causes) - CAUSES} more ways"
    words = [(f"{causes} > ", "")] if causes else []
    words += [(f"{number} > ", "") for number in branch.numbers]
    if branch.node.kind == "nobody":
        words.append((_ENDS[branch.end], "yellow" if branch.end == "waits" else "dim"))
        return words
    back = "back to " if branch.mark == "circle" else ""
    style = "bold" if not branch.rails or branch.agents is not None or branch.node.kind == "attendant" else ""
    words += [(back, "yellow"), (branch.name, style)]
    kind = _KINDS.get(branch.node.kind)
    if kind is not None and branch.mark not in {"above", "circle"} and not branch.name.startswith(kind):
        words.append((f"  {kind}", "dim"))
    for standing in branch.accounts:
        if standing.existence != "missing" and str(standing) == branch.name:
            continue  # most accounts are called like what stands on them
        words.append((f" · account {standing}", "bold red" if standing.existence == "missing" else "dim"))
    if branch.more_accounts:
        words.append((f" and {branch.more_accounts} more", "dim"))
    if branch.existence:
        words.append((f"  {EXISTENCE[branch.existence]}", "bold red" if branch.existence == "missing" else "yellow"))
    if branch.mark:
        words.append((f"  {_MARKS[branch.mark][0]}", _MARKS[branch.mark][1]))
    words += [(f"  {each.severity.upper()} {each.rule}", _STYLE[each.severity]) for each in branch.known]
    return words


def _finding(finding: Finding) -> list[tuple[str, str]]:
    said = one_line(finding.summary, SUMMARY)
    return [(finding.severity.upper(), _STYLE[finding.severity]), (f"  {finding.rule}", "bold"), (f"  {said}", "")]


def _print(line: Text, console: Console) -> None:
    console.print(line, soft_wrap=True)
