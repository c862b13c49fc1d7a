"""A tenant's call flow: everything is read anew, judged and told as a graph, and nothing is kept or sent."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from shared.model.errors import LinekeeperError
from shared.model.sources import REQUIRED
from shared.model.tenant import TenantState
from shared.monitor.baseline import read_everything
from shared.monitor.evaluate import judge
from shared.monitor.lookup import guid, ids_of, telephone_number
from shared.monitor.monitor import Monitor
from shared.monitor.occasion import Occasion, snapshot_of
from shared.monitor.voice import read_voice
from shared.rules.engine import Evaluation
from shared.rules.naming import one_line
from shared.rules.snapshot import Snapshot
from shared.voice.graph import Node
from shared.voice.lines import Lines

LISTED = 10
"""How many ids an error names."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """The call flow of a tenant, or the part of it that begins at `start`.

    `names` are those of people, groups, accounts and apps, by id, as the tenant has them. `gone` are ids of people,
    groups and accounts that the directory does not have. `gaps` tell in words what could not be read completely, so
    that parts may be old or lack something.
    """

    tenant: str
    as_of: datetime
    lines: Lines
    evaluation: Evaluation
    start: Node | None
    names: Mapping[str, str]
    gone: frozenset[str]
    gaps: tuple[str, ...]


async def call_flow(monitor: Monitor, text: str | None = None) -> Flow:
    """Read the tenant and judge it; `text` is the part that is wanted, as an id, a name, a UPN or a number.

    Raises:
        LinekeeperError: no voice export was ever read, or nothing is known by that text, or several parts are.
    """
    await read_everything(monitor)
    state = await monitor.load()
    if state.voice is None:
        # Without licences or accounts the reading ended before the export, which needs neither.
        await read_voice(monitor)
        state = await monitor.load()
    occasion = monitor.occasion()
    snapshot, evaluation = judge(state, occasion)
    lines = snapshot.lines or _lines_in_part(state, occasion)
    if lines is None:
        if monitor.export is None:
            raise LinekeeperError("no call flow is known: set LINEKEEPER_VOICE_EXPORT, see docs/exporter.md.")
        problem = one_line(state.source("voice").problem, 400).rstrip(".")
        raise LinekeeperError(f"no call flow is known: {problem}. See docs/exporter.md.")
    return Flow(
        tenant=state.tenant,
        as_of=occasion.now,
        lines=lines,
        evaluation=evaluation,
        start=_start(snapshot, lines, text) if text is not None else None,
        names=_names(state, lines),
        gone=_gone(state),
        gaps=tuple(_gaps(state, lines)),
    )


def _lines_in_part(state: TenantState, occasion: Occasion) -> Lines | None:
    """What an export tells that is not complete, where there never was one that is; rules do not judge by it."""
    if state.voice is None:
        return None
    told = msgspec.structs.replace(state.source("voice"), complete_as_of=state.voice.exported_at)
    return snapshot_of(msgspec.structs.replace(state, sources=state.sources | {"voice": told}), occasion).lines


def _start(snapshot: Snapshot, lines: Lines, text: str) -> Node:
    """The part that is meant. An app is found before the account that stands for it under the same name."""
    asked = text.strip().casefold()
    found = _apps(lines, asked) or _numbers(snapshot, text) or _accounts(snapshot, lines, text)
    if not found:
        near = _nearest(snapshot, lines, asked)
        meant = f" The nearest known is {near!r}." if near else ""
        raise LinekeeperError(
            f"no line is known by {text!r}.{meant} Give the name or id of an attendant or queue, the name, UPN or "
            "id of its resource account, or a telephone number."
        )
    if len(found) > 1:
        listed = ", ".join(f"{node.id} ({node.kind})" for node in found[:LISTED])
        more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise LinekeeperError(f"{text!r} may be any of {len(found)}: give one id of {listed}{more}.")
    return found[0]


def _apps(lines: Lines, asked: str) -> list[Node]:
    app_id = guid(asked) or asked
    if app_id in lines.graph.apps:
        return [lines.graph.app(app_id)]
    return [lines.graph.app(app.id) for app in lines.apps if asked and _plain(app.name) == asked]


def _numbers(snapshot: Snapshot, text: str) -> list[Node]:
    """The numbers that are meant, Graph's or else the export's."""
    if telephone_number(text) is None:
        return []
    numbers = (number for each in snapshot.numbers_by_target.values() for number in each)
    nobody = msgspec.structs.replace(snapshot.state, accounts={}, departed={})
    meant = {
        each.number for each in numbers if ids_of(msgspec.structs.replace(nobody, numbers=(each,)), text, before={})
    }
    return [Node("number", number) for number in sorted(meant)]


def _accounts(snapshot: Snapshot, lines: Lines, text: str) -> list[Node]:
    """The resource accounts that are meant, by what the directory tells and else by what the export does."""
    asked = text.strip().casefold()
    known = lines.graph.live | lines.graph.numbers.keys() | lines.apps_by_account.keys()
    ids = [each for each in ids_of(snapshot.state, text, before={}) if each in known]
    if not ids and asked:
        ids = [each.id for each in lines.instances.values() if asked in {_plain(each.name), each.upn.casefold()}]
    return [Node("account", each) for each in sorted(ids)]


def _plain(name: str) -> str:
    return name.strip().casefold()


def _nearest(snapshot: Snapshot, lines: Lines, asked: str) -> str:
    known = [app.name for app in lines.apps]
    known += [name for each in lines.instances.values() for name in (each.name, each.upn)]
    known += [name for each in snapshot.resource_accounts for name in (each.name, each.upn)]
    known += [number.number for number in snapshot.numbers]
    by_spelling = {each.casefold(): each for each in known if each}
    found = difflib.get_close_matches(asked, by_spelling, n=1)
    return one_line(by_spelling[found[0]]) if found else ""


def _names(state: TenantState, lines: Lines) -> dict[str, str]:
    names = {each.id: each.name or each.upn for each in lines.export.instances or ()}
    names.update((app.id, app.name) for app in lines.apps)
    names.update((each, known.name) for each, known in state.referenced.items() if known.name)
    names.update((each.id, each.name) for each in state.departed.values() if each.name)
    names.update((each.id, each.name) for each in state.accounts.values() if each.name)
    return names


def _gone(state: TenantState) -> frozenset[str]:
    nobody = {each for each, known in state.referenced.items() if known.kind == "nobody"}
    return frozenset((nobody | state.departed.keys()) - state.accounts.keys())


def _gaps(state: TenantState, lines: Lines) -> Iterator[str]:
    voice = state.source("voice")
    if voice.state != "complete":
        yield f"the voice export could not be read completely{_because(voice.problem)}"
    elif not lines.export.complete:
        yield f"the voice export is not complete{_because('; '.join(lines.export.errors))}"
    for source in REQUIRED:
        known = state.source(source)
        if known.state != "complete":
            yield f"{source} could not be read completely{_because(known.problem)}"


def _because(problem: str) -> str:
    said = one_line(problem, 400).rstrip(".")
    return f": {said}" if said else ""
