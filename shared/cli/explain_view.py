"""An explanation for people: who it is, how far its line has come, and what each rule makes of it.

Names from the tenant are printed as plain text: none is read as markup, and what would not show is made visible.
"""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.model.finding import Severity, severity_rank
from shared.model.sources import SOURCES
from shared.monitor.explain import Explained
from shared.rules.explanation import Described, Explanation, Verdict
from shared.rules.powershell import visible
from shared.rules.setup import StepName, StepState

NOT_KNOWN = "not known"

_SEVERITY_STYLE: dict[Severity, str] = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_MARK: dict[StepState, tuple[str, str]] = {
    "done": ("done", "green"),
    "missing": ("missing", "bold red"),
    "not_known": (NOT_KNOWN, "yellow"),
}
_STEP: dict[StepName, str] = {
    "licence_obtained": "Licence obtained",
    "account_created": "Account created",
    "licensed": "Licensed",
    "number_assigned": "Number assigned",
    "associated": "Associated with an attendant or queue",
}


def show(explained: Explained, console: Console) -> None:
    """Print an explanation."""
    explanation = explained.explanation
    if explained.is_blind:
        text = "The tenant could not be read completely: what follows may be old or lack something."
        console.print(Text(text, style="bold red"))
    console.print(_verdict(explanation), soft_wrap=True)
    _show_account(explanation.account, console)
    console.print()
    _show_steps(explanation, console)
    console.print()
    console.print(Text("What the rules say", style="bold"))
    as_of = {source: at for verdict in explanation.rules for source, at in verdict.as_of.items()}
    if as_of:
        read = ", ".join(f"{source} {_time(as_of[source])}" for source in SOURCES if source in as_of)
        console.print(Text(f"As of: {read}", style="dim"), soft_wrap=True)
    # What holds first: it is what was asked for. The sort keeps the order of the rules otherwise.
    for verdict in sorted(explanation.rules, key=lambda each: each.state != "holds"):
        _show_verdict(verdict, console)


def _verdict(explanation: Explanation) -> Text:
    """The answer in one line."""
    account = explanation.account
    name = visible(account.name or account.upn or account.id)
    holding = [each for each in explanation.rules if each.state == "holds" and each.severity is not None]
    if not holding:
        return Text.assemble((name, "bold"), (": no rule about accounts holds.", "green"))
    worst = min((each.severity for each in holding if each.severity), key=severity_rank)
    one = len(holding) == 1
    said = f"{len(holding)} {'rule' if one else 'rules'} about accounts {'holds' if one else 'hold'}: {worst}."
    return Text.assemble((name, "bold"), (f": {said}", _SEVERITY_STYLE[worst]))


def _show_account(account: Described, console: Console) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for what, said in _facts(account):
        table.add_row(Text(what, style="dim"), Text(visible(said)))
    console.print(table)


def _facts(account: Described) -> list[tuple[str, str]]:
    facts = [("Id", account.id), ("Is", _kind(account))]
    if account.upn:
        facts.insert(0, ("UPN", account.upn))
    if account.kind != "deleted":
        sign_in = {True: "allowed", False: "blocked", None: NOT_KNOWN}[account.enabled]
        facts += [
            ("Licences", _listed(account.licences)),
            ("Usage location", account.usage_location or "none"),
            ("Sign-in", sign_in),
            ("Created", _time(account.created) if account.created is not None else NOT_KNOWN),
        ]
    if account.kind != "person":
        facts.append(("Numbers", _listed(account.numbers)))
    return [*facts, ("Read at", _time(account.as_of))]


def _kind(account: Described) -> str:
    by = f" ({', '.join(account.evidence)})" if account.evidence else ""
    return {"resource_account": "a resource account", "person": "a person", "deleted": "deleted"}[account.kind] + by


def _listed(values: tuple[str, ...] | None) -> str:
    return NOT_KNOWN if values is None else ", ".join(values) or "none"


def _show_steps(explanation: Explanation, console: Console) -> None:
    if not explanation.steps:
        is_person = explanation.account.kind == "person"
        why = "No resource account" if is_person else "Whether it was a resource account is not known"
        console.print(Text(f"{why}: the set-up steps of a line are left out."))
        return
    console.print(Text("Set-up of the line", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for step in explanation.steps:
        mark, style = _MARK[step.state]
        table.add_row(Text(mark, style=style), Text(_STEP[step.step]), Text(visible(step.why)))
    console.print(table)
    for step in explanation.steps:
        if step.next:
            # It stays one line, so that a command in it can be copied.
            next_step = Text.assemble(("\N{RIGHTWARDS ARROW} Next: ", "bold"), visible(step.next))
            console.print(next_step, soft_wrap=True)


def _show_verdict(verdict: Verdict, console: Console) -> None:
    if verdict.severity is not None:
        said, style = verdict.severity.upper(), _SEVERITY_STYLE[verdict.severity]
    elif verdict.state == "skipped":
        said, style = "not judged", "yellow"
    else:
        said, style = "does not hold", "green"
    console.print(Text.assemble("  ", (f"{said:<13}", style), "  ", (verdict.rule, "bold")), soft_wrap=True)
    read = f" ({', '.join(verdict.as_of)})" if verdict.as_of else ""
    console.print(Text.assemble("    ", visible(verdict.why), (read, "dim")), soft_wrap=True)
    if verdict.remedy:
        console.print(Text(f"    \N{RIGHTWARDS ARROW} {visible(verdict.remedy)}"), soft_wrap=True)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
