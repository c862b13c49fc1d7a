"""A transfer to an outside number that no account pays for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from shared.licensing.plans import CALLING_PLANS
from shared.model.finding import Finding
from shared.rules.line_words import VOICE_APPS_PAGE, LineWords, listed
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from shared.voice.graph import CallFlowGraph, Edge, Node
from shared.voice.identifiers import dialled
from shared.voice.lines import Lines
from shared.voice.reach import entered_through, entries
from shared.voice.references import App

_NEEDS_A_PLAN = "callingplan"
"""Graph's `numberType` of numbers that call out by a calling plan only; of a type unknown here nothing is said."""


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Steps to outside numbers in apps that are entered through no account that can call out; one finding a path."""
    lines = snapshot.lines
    if lines is None:
        return
    words = LineWords(lines)
    doors = _Doors(snapshot, lines)
    own = {dialled(number.number) for number in snapshot.numbers if number.target is not None}
    for app in lines.apps:
        transfers = _transfers(lines, app, own)
        if transfers and lines.is_reachable(app.id) and doors.are_shut(app):
            accounts = doors.of(app)
            for edge in transfers:
                yield _finding(words, app, edge, accounts)


class _Doors:
    """The accounts through which calls enter each app, and whether one of them can call out."""

    def __init__(self, snapshot: Snapshot, lines: Lines) -> None:
        self._snapshot = snapshot
        self._graph = lines.graph
        self._called = lines.reach.called

    def are_shut(self, app: App) -> bool:
        """Whether no account through which calls enter an app can call out.

        Callers of a number enter through its account, which pays for where they go; where no number leads to the app,
        calls inside Teams enter through any account.
        """
        return app.id not in (self._open_to_numbers if app.id in self._called else self._open_inside)

    def of(self, app: App) -> tuple[str, ...]:
        """The first of these accounts, in order."""
        if app.id in self._called:
            return self._entries.get(self._graph.app(app.id), ())
        own = self._graph.accounts_by_app.get(app.id, ())
        return tuple(account for account in own if account in self._graph.live)

    @cached_property
    def _able(self) -> dict[str, bool]:
        return {account: _can_call_out(self._snapshot, account) for account in self._graph.live}

    @cached_property
    def _open_to_numbers(self) -> frozenset[str]:
        return entered_through(self._graph, self._able)

    @cached_property
    def _open_inside(self) -> frozenset[str]:
        return _led_to(self._graph, (account for account, able in self._able.items() if able))

    @cached_property
    def _entries(self) -> dict[Node, tuple[str, ...]]:
        return {node: origins.ids for node, origins in entries(self._graph).items()}


def _can_call_out(snapshot: Snapshot, account_id: str) -> bool:
    """Whether an account has what a call to the outside takes, or may have: nothing is known of one not followed."""
    account = snapshot.state.accounts.get(account_id)
    if account is None or snapshot.has_usable_plan(account, CALLING_PLANS):
        return True
    return any(number.kind.casefold() != _NEEDS_A_PLAN for number in snapshot.numbers_of(account))


def _transfers(lines: Lines, app: App, own: set[str]) -> list[Edge]:
    """The steps to numbers that are not the tenant's own, one for each path."""
    by_path: dict[str, Edge] = {}
    for edge in lines.graph.edges_from(lines.graph.app(app.id)):
        if edge.target.kind == "outside" and edge.target.id not in own:
            by_path.setdefault(edge.path, edge)
    return [by_path[path] for path in sorted(by_path)]


def _led_to(graph: CallFlowGraph, accounts: Iterable[str]) -> frozenset[str]:
    """The apps to which calls come from these accounts."""
    seen = {Node("account", account) for account in accounts}
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        ahead = {edge.target for edge in graph.onward(node)} - seen if graph.carries(node) else set()
        seen |= ahead
        waiting.extend(ahead)
    return frozenset(node.id for node in seen if node.kind in {"attendant", "queue"})


def _finding(words: LineWords, app: App, edge: Edge, accounts: tuple[str, ...]) -> Finding:
    way = words.way_by(edge)
    name = words.account(accounts[0]) if len(accounts) == 1 else ""
    who = f"{name}, through which calls come in, has neither" if name else "no account through which calls come in has"
    nor = "nor" if name else "or"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=words.subject(app),
        summary=f"A transfer to {words.lines.ways.name(edge.target)} cannot be made: {who} a calling plan {nor} a "
        f"Direct Routing or Operator Connect number. {words.callers(app.id, way)}",
        remedy=f"{RULE.remedy} Teams admin center: Voice > Resource accounts{f' > {name}' if name else ''}.",
        evidence={
            "path": edge.path,
            "number": edge.target.id,
            "accounts": listed(accounts),
            "account_count": len(accounts),
            **words.evidence(app.id, way),
        },
        aspect=edge.path,
    )


RULE = Rule(
    id="voice-app-external-transfer-blocked",
    family="lines",
    severity="warning",
    title="Transfer to an outside number that cannot be made",
    holds_when="an attendant or queue that can be reached transfers to a number outside the tenant, and no account "
    "through which calls come in has a usable calling plan, or a number of Direct Routing or Operator Connect",
    reads=frozenset({"licences", "accounts", "numbers", "voice"}),
    why="The account of the first attendant or queue that took the call makes the outside call; without a way to make "
    "it, the caller is cut off. A voice routing policy on an account that has no such number is not seen from here.",
    remedy="Assign a calling plan to the account that takes the call first, or a Direct Routing or Operator Connect "
    "number; for Direct Routing it needs a voice routing policy as well.",
    link=VOICE_APPS_PAGE,
    check=check,
)
