"""Prints what one change led to as a tree of spans, with their times: a licence is lost in a simulated tenant.

The service is a real one, `linekeeper serve`; its spans are those that it sends to a collector by OTLP. Links are
followed: what another trace did because of this one stands where it was caused, marked so.

    python -m tools.trace_tree [--all]

`--all` prints every rule and not the slowest alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from simulator import SimulatorServer, contoso
from simulator.contoso import RESOURCE_ACCOUNT, user_id
from tools.observed_service import LOG, serving
from tools.otlp_receiver import Receiver, receiving

MAIN_LINE = "AA Main Line Seattle"
RULE = "rule "
SLOWEST = 3
PATIENCE = 30.0
QUIET = 2.0
"""Seconds after which the pace at which a channel is posted to holds nothing up."""

NANO = 1e-6
"""Milliseconds in a nanosecond."""


class Node(msgspec.Struct, frozen=True):
    """A span and what it led to, in order of time.

    Attributes:
        name: the span's name.
        begun: milliseconds after the whole began.
        lasted: milliseconds.
        attributes: the span's, values as text.
        children: spans whose parent it is, and spans of other traces with a link to it.
        linked: whether a link led here, and not a parent.
        trace: the id of its trace.
    """

    name: str
    begun: float
    lasted: float
    attributes: dict[str, str]
    children: tuple[Node, ...]
    linked: bool
    trace: str

    def walk(self) -> Iterator[Node]:
        """This and all below it, as printed."""
        yield self
        for child in self.children:
            yield from child.walk()


class Change(msgspec.Struct, frozen=True):
    """A change that was followed: its tree, what the channel was shown and what the log said.

    Attributes:
        tree: what it led to.
        card: all text of the card about it.
        log: the service's log.
        spans: every span that the service sent, of this change or not, as text.
    """

    tree: Node
    card: str
    log: str
    spans: tuple[str, ...]


async def followed() -> Change:
    """Have a line lose its licence, and wait for the card.

    Raises:
        TimeoutError: no card came.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        async with (
            SimulatorServer(contoso(), notification_delay=0.01) as sim,
            receiving() as receiver,
            serving(sim, folder, more={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}),
        ):
            # What the start found has been posted by then, and not just now: the change's own card waits for no other.
            await _told_of(receiver, "licences")
            await asyncio.sleep(QUIET)
            before = len(sim.channel.cards)
            sim.tenant.remove_license(user_id(MAIN_LINE), RESOURCE_ACCOUNT)
            card = await sim.channel.wait_for(lambda card: MAIN_LINE in card.text, PATIENCE, after=before)
            await _told_of(receiver, "notifications", "changes")
        log = (folder / LOG).read_text(encoding="utf-8")
        return Change(tree(receiver.spans), card.text, log, tuple(map(str, receiver.spans)))


async def _told_of(receiver: Receiver, *names: str) -> None:
    """Wait until spans of these names are here."""
    async with asyncio.timeout(PATIENCE):
        while not set(names) <= {span.name for span in receiver.spans}:  # noqa: ASYNC110 - sent by another process
            await asyncio.sleep(0.1)


def tree(spans: Sequence[Span]) -> Node:
    """What began with the first notification that was accepted.

    Raises:
        LookupError: there is none among the spans.
    """
    causes = {span.parent_span_id for span in spans}
    begun = [span for span in spans if span.name == "notifications" and span.span_id in causes]
    if not begun:
        raise LookupError("no notification led to anything")
    root = min(begun, key=_start)
    return _node(root, spans, _start(root), linked=False)


def _node(span: Span, spans: Sequence[Span], zero: int, *, linked: bool) -> Node:
    below = [(each, False) for each in spans if each.parent_span_id == span.span_id]
    below += [(each, True) for each in spans if any(link.span_id == span.span_id for link in each.links)]
    return Node(
        name=span.name,
        begun=(_start(span) - zero) * NANO,
        lasted=(span.end_time_unix_nano - _start(span)) * NANO,
        attributes={pair.key: _text(pair.value) for pair in span.attributes},
        children=tuple(
            _node(each, spans, zero, linked=by_link)
            for each, by_link in sorted(below, key=lambda pair: _start(pair[0]))
        ),
        linked=linked,
        trace=span.trace_id.hex(),
    )


def _start(span: Span) -> int:
    return int(span.start_time_unix_nano)


def _text(value: object) -> str:
    return str(value).partition(": ")[2].strip().strip('"')


def shown(node: Node, *, every_rule: bool = False) -> Iterator[str]:
    """The tree, a line a span: its place, when it began and how long it lasted, in milliseconds."""
    rows = list(_rows(node, "", "", every_rule=every_rule))
    width = max(len(name) for name, _ in rows)
    yield f"{'':{width}}  {'at':>7}  {'for':>7}  ms"
    for name, of in rows:
        times = f"{of.begun:7.1f}  {of.lasted:7.1f}" if of is not None else ""
        yield f"{name:{width}}  {times}".rstrip()


def _rows(node: Node, before: str, below: str, *, every_rule: bool) -> Iterator[tuple[str, Node | None]]:
    yield f"{before}{_called(node)}", node
    rows: list[Node | str] = list(node.children)
    rules = [child for child in node.children if child.name.startswith(RULE)]
    if not every_rule and len(rules) > SLOWEST:
        quick = sorted(rules, key=lambda rule: rule.lasted)[:-SLOWEST]
        rows.insert(rows.index(rules[-1]) + 1, f"{len(quick)} more rules")
        rows = [row for row in rows if row not in quick]
    for place, row in enumerate(rows):
        last = place == len(rows) - 1
        here, under = f"{below}{'└─ ' if last else '├─ '}", f"{below}{'   ' if last else '│  '}"
        if isinstance(row, str):
            yield f"{here}{row}", None
        else:
            yield from _rows(row, here, under, every_rule=every_rule)


def _called(node: Node) -> str:
    status = node.attributes.get("http.response.status_code")
    return "".join((node.name, f" → {status}" if status else "", " (by a link)" if node.linked else ""))


def main(arguments: list[str]) -> int:
    """Follow one change; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.trace_tree", description="One change as a tree of spans.")
    parser.add_argument("--all", action="store_true", help="print every rule, not the slowest alone")
    wanted = parser.parse_args(arguments)
    change = asyncio.run(followed())
    print("\n".join(shown(change.tree, every_rule=wanted.all)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
