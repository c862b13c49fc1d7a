"""What cannot be confirmed has not ended, and is not repeated as if it were known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.alerting.routing import Routes
from shared.model.finding import Finding

HOUR = 3600

MakeFinding = Callable[..., Finding]
NewDesk = Callable[..., Any]


def told_while_frozen(desk: Any, found: Finding) -> list[str]:  # noqa: ANN401 - a desk
    """The headlines of a day in which the rule can judge at the start and at the end only."""
    desk.look(0, found)
    messages = list(desk.look(30, found))
    for hour in range(1, 24):
        messages += desk.look(hour * HOUR, silent=["unlicensed"])
    messages += desk.look(24 * HOUR)
    messages += desk.look(24 * HOUR + 30)
    return [message.headline for message in messages]


def test_it_is_told_once_and_its_end_when_it_can_be_seen(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    title = "Account without a licence: Sales"
    assert told_while_frozen(new_desk(), make_finding("unlicensed")) == [title, f"{title} (all clear)"]


def test_a_receiver_that_forgets_is_reminded_of_it_all_the_same(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    desk.routes = Routes(receivers=("pager",), forgetful=frozenset({"pager"}))
    title = "Account without a licence: Sales"
    told = told_while_frozen(desk, make_finding("unlicensed"))
    assert told == [title, *[f"Still open: {title}"] * 4, f"{title} (all clear)"]


def test_beside_what_is_known_it_is_repeated(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk, frozen, known = new_desk(), make_finding("unlicensed", 1, name="A"), make_finding("misused", 2, name="B")
    desk.look(0, frozen, known)
    desk.look(30, frozen, known)
    (message,) = desk.look(5 * HOUR, known, silent=["unlicensed"])
    assert [item.name for item in message.sections[0].items] == ["B", "A"]
