"""`linekeeper poison`: what could not be worked off, seen, put back or dropped, on this machine or on Azure.

Shown are ids and times: a message holds no name. What each of them says of users is their ids alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.cli.poison_place import Held, PoisonPlace, place_of
from shared.model.change_message import decode_message
from shared.model.errors import UnreadableMessage
from shared.settings import Settings, load

SCHEMA = 1
SHOWN = 32
"""Messages that are listed, the oldest: as many as Azure shows at once."""

AT_ONCE = 32

Open = Callable[[Settings, bool], AbstractContextManager[PoisonPlace]]


class Poisoned(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the poison queue: when it was put there, and what it says, as far as it can be read."""

    id: str
    put_aside: datetime
    problem: str = ""
    tenant: str = ""
    received: datetime | None = None
    users: tuple[str, ...] = ()
    lifecycle: tuple[str, ...] = ()


def run_list(
    environment: Mapping[str, str], *, azure: bool = False, as_json: bool = False, opened: Open = place_of
) -> int:
    """Show the oldest messages and how many there are; 0 where there are none, else 1.

    Raises:
        LinekeeperError: a setting is wrong, or the queue cannot be reached.
    """
    with opened(load(environment), azure) as place:
        depth = place.depth()
        messages = [poisoned(held) for held in place.peek(SHOWN)]
    with reader_may_leave():
        if as_json:
            _print_json({"schema": SCHEMA, "queue": place.name, "depth": depth, "messages": messages})
        else:
            _show(place.name, depth, messages)
    return 1 if depth else 0


def run_requeue(
    environment: Mapping[str, str], *, azure: bool = False, as_json: bool = False, opened: Open = place_of
) -> int:
    """Have every message worked off once more.

    One after the other, put back before it is taken away: after a crash one may be worked off twice, none is lost. What
    fails again comes back; as many as there were are put back and no more, so that this ends.

    Raises:
        LinekeeperError: a setting is wrong, or the queue cannot be reached.
    """
    with opened(load(environment), azure) as place:
        count = _each(place, place.put_back)
    _tell(place.name, count, "put back", as_json=as_json)
    return 0


def run_clear(
    environment: Mapping[str, str], *, azure: bool = False, as_json: bool = False, opened: Open = place_of
) -> int:
    """Drop every message that is there now.

    Raises:
        LinekeeperError: a setting is wrong, or the queue cannot be reached.
    """
    with opened(load(environment), azure) as place:
        count = _each(place, place.drop)
    _tell(place.name, count, "dropped", as_json=as_json)
    return 0


def poisoned(held: Held) -> Poisoned:
    """What a message says, or why it says nothing."""
    try:
        message = decode_message(held.content)
    except UnreadableMessage as problem:
        return Poisoned(id=held.id, put_aside=held.put_aside, problem=str(problem))
    return Poisoned(
        id=held.id,
        put_aside=held.put_aside,
        tenant=message.tenant,
        received=message.received,
        users=message.users,
        lifecycle=tuple(each.event for each in message.lifecycle),
    )


def _each(place: PoisonPlace, act: Callable[[Held], None]) -> int:
    """Do it to as many messages as there are at the start, and count them."""
    count, depth = 0, place.depth()
    while count < depth and (taken := place.take(min(AT_ONCE, depth - count))):
        for held in taken:
            act(held)
            count += 1
    return count


def _tell(name: str, count: int, done: str, *, as_json: bool) -> None:
    with reader_may_leave():
        if as_json:
            _print_json({"schema": SCHEMA, "queue": name, "done": done, "messages": count})
            return
        out = console()
        out.print(Text(f"{name}: {count} {_messages(count)} {done}."))
        if count:
            out.print(Text("The service sees it within five minutes.", style="dim"))


def _show(name: str, depth: int, messages: list[Poisoned]) -> None:
    out = console()
    out.print(Text(f"{name}: {depth} {_messages(depth)}."))
    for each in messages:
        out.print(Text(f"  {each.put_aside:%Y-%m-%d %H:%M:%S} UTC  {each.id}  {_said(each)}"), soft_wrap=True)
    if depth > len(messages):
        out.print(Text(f"  and {depth - len(messages)} more, some of which may be in work", style="dim"))


def _said(message: Poisoned) -> str:
    """What a message says, in a line."""
    if message.problem:
        return message.problem
    count = len(message.users)
    parts = [f"received {message.received:%Y-%m-%d %H:%M:%S} UTC", f"{count} {'user' if count == 1 else 'users'}"]
    return ", ".join([f"tenant {message.tenant}", *parts, *message.lifecycle])


def _messages(count: int) -> str:
    return "message" if count == 1 else "messages"


def _print_json(document: dict[str, object]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
