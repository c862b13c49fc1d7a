"""An answer of `what-if` for people: the verdict first, then figures, what to do, what was assumed, who is concerned.

Names from the tenant are printed as plain text: none is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.licensing.forecast import Change
from shared.licensing.ledger import Allocation
from shared.monitor.what_if import Affected, Effect, NotKnown, WhatIf
from shared.rules.powershell import visible
from shared.rules.shortfall import RESOURCE_ACCOUNT_LICENCE, counted, licence_to_buy

NAMED = 20
"""Accounts that are named under one heading; the rest is counted, and JSON has all."""

_FIGURES = {
    "Qualifying seats": "qualifying",
    "Entitled": "entitled",
    "Owned": "owned",
    "Assigned": "assigned",
    "Needed": "needed",
    "Free to claim": "free_to_claim",
    "To buy": "to_buy",
    "Paid": "paid",
    "Spare": "spare",
    "More seats to the next licence": "seats_to_next",
    "Seats that may go before a needed one costs money": "seats_to_lose",
}

_HEADINGS: dict[Effect, str] = {
    "may-lose-its-licence": "May lose their licence, those on no number first",
    "has-no-licence": "Need a licence and have none, those on a number first",
    "could-give-its-licence-back": "Could give their licence back before one is paid for",
}


def show(result: WhatIf, console: Console) -> None:
    """Print an answer."""
    worse = _payable(result.forecast.then) > _payable(result.forecast.today) or result.losing
    _line(console, verdict(result), style="bold yellow" if worse else "bold green")
    _line(console, f"Tenant {result.tenant}, as of {result.as_of:%Y-%m-%d %H:%M:%S} UTC", style="dim")
    console.print()
    console.print(_table(result.forecast.today, result.forecast.then))
    _show_list(console, "What to do", to_do(result) or ["Nothing."])
    _show_list(console, "What was assumed", _assumed(result))
    for effect, heading in _HEADINGS.items():
        concerned = [each for each in result.affected if each.effect == effect]
        if concerned:
            _show_list(console, f"{heading} ({len(concerned)})", _named(concerned))


def show_why_not(result: NotKnown, console: Console) -> None:
    """Print why there is no answer."""
    _line(console, "Nothing can be said: the tenant could not be read completely.", style="bold red")
    for name in ("licences", "accounts"):
        source = result.sources.get(name)
        if source is not None and source.state != "complete":
            _line(console, f"  {name} {source.state}{f': {source.problem}' if source.problem else ''}")


def verdict(result: WhatIf) -> str:
    """What happens, in one line."""
    today, then = result.forecast.today, result.forecast.then
    if today.entitled == then.entitled:
        moves = f"The allocation would stay at {then.entitled}"
    else:
        way = "fall" if then.entitled < today.entitled else "rise"
        moves = f"The allocation would {way} from {today.entitled} to {then.entitled}"
    text = f"{moves}: {_payable_then(_payable(today), _payable(then))}."
    if result.losing:
        text += f" {counted(result.losing, 'licence')} in use would have no unit left."
    return text


def to_do(result: WhatIf) -> list[str]:
    """What follows for the one who orders; nothing where nothing does."""
    then = result.forecast.then
    return [
        *_keep(result),
        *_claim(then),
        *_buy(result, then),
        *_paid(result, then),
    ]


def _payable(ledger: Allocation) -> int:
    return ledger.to_buy + ledger.paid


def _payable_then(today: int, then: int) -> str:
    if not then:
        return "no licence would have to be paid for" + (f", instead of {today}" if today else "")
    text = f"{counted(then, 'licence')} would have to be paid for"
    if then == today:
        return f"{text}, as today"
    return f"{text} instead of {today}" if today else text


def _keep(result: WhatIf) -> Iterator[str]:
    if result.losing:
        yield (
            f"Keep the licences that go, or order others in their place in time: {result.losing} of those in use "
            "would have no unit left."
        )


def _claim(then: Allocation) -> Iterator[str]:
    if then.free_to_claim:
        yield (
            f"Order {counted(then.free_to_claim, RESOURCE_ACCOUNT_LICENCE)} at price zero, "
            "where the phone licences were bought."
        )


def _buy(result: WhatIf, then: Allocation) -> Iterator[str]:
    if then.to_buy:
        yield (
            f"Buy {counted(then.to_buy, licence_to_buy(then))}{_money(result, then.to_buy)}, "
            "or delete accounts that nothing uses."
        )


def _paid(result: WhatIf, then: Allocation) -> Iterator[str]:
    if then.paid:
        unused = max(0, then.owned - max(then.needed, then.entitled))
        advice = f"{unused} of them would not be needed and can be given back" if unused else "all would be needed"
        yield (
            f"Budget for {counted(then.paid, 'owned licence')} beyond the allocation{_money(result, then.paid)}: "
            f"{advice}. Microsoft does not say when an excess is charged."
        )


def _money(result: WhatIf, licences: int) -> str:
    return f" ({result.price.of(licences)})" if result.price is not None else ""


def _table(today: Allocation, then: Allocation) -> Table:
    policy = "; ".join((f"policy {then.policy}", *then.overrides))
    table = Table(title=Text(f"Allocation ({policy})"), title_justify="left", box=None, padding=(0, 2))
    table.add_column("")
    for heading in ("Today", "Then", "Difference"):
        table.add_column(heading, justify="right")
    for name, field in _FIGURES.items():
        before, after = getattr(today, field), getattr(then, field)
        table.add_row(name, str(before), str(after), f"{after - before:+d}" if after != before else "")
    return table


def _assumed(result: WhatIf) -> Iterator[str]:
    changes, day = result.forecast.changes, result.assumptions.on
    for change in changes:
        yield _change(change)
    ended = any(change.kind == "subscription" for change in changes)
    if day is not None and not ended:
        yield f"By the end of {day} (UTC) no subscription of a phone licence ends."
    if ended:
        yield f"By the end of {day} (UTC) nothing that ends was renewed; a grace period may keep it in use for a while."
    if not changes and day is None:
        yield "Nothing: --seats, --add-accounts and --on say what is to change."
    numbers = result.sources.get("numbers")
    if numbers is None or numbers.as_of is None:
        problem = f": {numbers.problem}" if numbers is not None and numbers.problem else ""
        yield f"Which accounts have a number is not known{problem}"


def _change(change: Change) -> str:
    name = f" {change.part_number or change.sku_id}" if change.sku_id else ""
    return f"{change.by:+d}{name}: {change.why}"


def _named(concerned: list[Affected]) -> Iterator[str]:
    """The first accounts of a list, under what is to be said of several in a row."""
    for why, group in groupby(concerned[:NAMED], key=lambda each: each.why):
        yield f"{why}:"
        for each in group:
            upn = f" ({each.upn})" if each.upn else ""
            numbers = f", {', '.join(each.numbers)}" if each.numbers else ""
            yield f"  {each.name or each.id}{upn}{numbers}"
    if len(concerned) > NAMED:
        yield f"and {len(concerned) - NAMED} more; --json names all"


def _show_list(console: Console, heading: str, lines: Iterable[str]) -> None:
    console.print()
    _line(console, heading, style="bold")
    for line in lines:
        _line(console, f"  {line}")


def _line(console: Console, text: str, *, style: str = "") -> None:
    # Each stays one line, so that what is in it can be found and copied.
    console.print(Text(visible(text), style=style), soft_wrap=True)
