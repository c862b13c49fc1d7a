"""What is not to be told for a while: silences added, listed and ended in the document.

Nothing is judged or sent here: what a silence changes shows at the next look, within half a minute.
"""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

import msgspec

from shared.alerting.silence_request import Wanted, checked
from shared.alerting.silences import InForce, Standing, standing
from shared.model.alert import Alert
from shared.model.errors import LinekeeperError
from shared.model.finding import Severity
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.monitor.confirm import nothing_stored
from shared.monitor.lookup import guid, ids_of, nearest
from shared.rules.catalogue import RULES
from shared.rules.naming import one_line
from shared.state.store import Step, Store, commit

MOST = 200
"""Silences that are in force or coming: more than these are no way to run a monitor."""

NAMED = 20
"""How many silenced findings are named; the rest is counted."""

TENANT = "tenant"
"""What stands for the tenant itself where a subject is asked for."""

_ORDER: tuple[Standing, ...] = ("active", "coming", "ended")


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What silences need of a monitor: the tenant's document and the time. Graph and the channels are not asked.

    `place` names the store, for errors.
    """

    tenant: str
    store: Store
    clock: Callable[[], datetime]
    place: str = "LINEKEEPER_STORE"

    async def load(self) -> TenantState:
        """The document as it stands."""
        return (await self.store.load(self.tenant)).state

    async def commit(self, step: Step) -> TenantState:
        """Carry the document one step further."""
        return await commit(self.store, self.tenant, step)

    def now(self) -> datetime:
        """The time, to the second."""
        return self.clock().replace(microsecond=0)


class Named(msgspec.Struct, frozen=True):
    """A subject; the name is empty where nothing is known by the id."""

    id: str
    name: str


class SilencedFindings(msgspec.Struct, frozen=True):
    """How many firing findings a silence keeps quiet now, and whose they are, closed by an ellipsis after `NAMED`."""

    count: int
    names: tuple[str, ...]


class SilenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A silence with where it stands and what it does now; `silence list --json` is made of these."""

    id: str
    state: Standing
    rules: tuple[str, ...]
    subjects: tuple[Named, ...]
    severities: tuple[Severity, ...]
    starts: datetime
    ends: datetime
    author: str
    reason: str
    created: datetime
    last_matched: datetime | None
    findings: SilencedFindings


async def add(desk: Desk, wanted: Wanted) -> SilenceView:
    """Silence what is wanted; its subjects may be ids, or what accounts and voice apps are known by.

    Raises:
        LinekeeperError: nothing is stored of the tenant, a subject means nothing or several, or it may not be silenced.
    """
    state = await desk.load()
    if not state.accounts:
        raise nothing_stored(desk.place)
    now = desk.now()
    silence = checked(
        wanted, silence_id=secrets.token_hex(6), families={rule.id: rule.family for rule in RULES}, now=now
    )
    # After the check, which bounds them: to look one up may take a walk through all accounts.
    subjects = dict.fromkeys(found for each in wanted.subjects for found in subject_ids(state, each))
    silence = msgspec.structs.replace(silence, subjects=tuple(subjects))
    state = await desk.commit(lambda document: _with(document, silence, now))
    return view(state, silence, now, names_of(state))


async def end(desk: Desk, silence_id: str) -> SilenceView:
    """End a silence now; one that has not begun will never be in force.

    Raises:
        LinekeeperError: there is none of that id, or it has ended.
    """
    now = desk.now()
    asked = silence_id.strip().lower()
    state = await desk.commit(lambda document: _without(document, asked, now))
    return view(state, state.silences[asked], now, names_of(state))


async def listed(desk: Desk) -> tuple[SilenceView, ...]:
    """All silences: those in force, those to come and those that ended, each the next to end first, the last last."""
    state, now = await desk.load(), desk.now()
    return views(state, state.silences.values(), now)


def views(state: TenantState, silences: Iterable[Silence], now: datetime) -> tuple[SilenceView, ...]:
    """Silences as they stand now, in the order in which they are listed."""
    names, shown_now = names_of(state), tuple(silences)
    quiet = InForce(shown_now, now).quiet(state.alerts.values())
    shown = [_view(each, now, names, quiet.get(each.id, ())) for each in shown_now]
    running = sorted((each for each in shown if each.state != "ended"), key=lambda each: (each.ends, each.id))
    over = sorted((each for each in shown if each.state == "ended"), key=lambda each: (each.ends, each.id))
    return tuple(sorted(running, key=lambda each: _ORDER.index(each.state))) + tuple(reversed(over))


def view(state: TenantState, silence: Silence, now: datetime, names: Mapping[str, str]) -> SilenceView:
    """A silence as it stands now; `names` are those of subjects, by id."""
    return _view(silence, now, names, InForce([silence], now).quiet(state.alerts.values()).get(silence.id, ()))


def _view(silence: Silence, now: datetime, names: Mapping[str, str], quiet: Collection[Alert]) -> SilenceView:
    ordered = sorted(quiet, key=lambda alert: alert.finding.order)
    whose = tuple(dict.fromkeys(called(names, each.finding.subject.id) for each in ordered))
    return SilenceView(
        id=silence.id,
        state=standing(silence, now),
        rules=silence.rules,
        subjects=tuple(Named(each, one_line(names.get(each, ""))) for each in silence.subjects),
        severities=silence.severities,
        starts=silence.starts,
        ends=silence.ends,
        author=silence.author,
        reason=silence.reason,
        created=silence.created,
        last_matched=silence.last_matched,
        findings=SilencedFindings(
            len(quiet), whose[:NAMED] + (("\N{HORIZONTAL ELLIPSIS}",) if len(whose) > NAMED else ())
        ),
    )


def names_of(state: TenantState) -> Mapping[str, str]:
    """What the subjects of findings are called, by id, as the tenant has them; `called` makes them fit to be shown."""
    names = {alert.finding.subject.id: alert.finding.subject.name for alert in state.alerts.values()}
    names |= {each.id: each.part_number for each in state.skus}
    names |= {each.id: each.name for each in state.departed.values()}
    names |= {each.id: each.name for each in state.accounts.values()}
    return names | dict(_apps(state)) | {state.tenant: "the tenant"}


def called(names: Mapping[str, str], subject: str) -> str:
    """The name of a subject on one line, or else its id."""
    return one_line(names.get(subject, "")) or subject


def subject_ids(state: TenantState, text: str) -> tuple[str, ...]:
    """What is meant by an id, the name of a voice app, what an account is known by, or `tenant`.

    That is one subject, or a voice app with the accounts of its name that stand for it: for people these are one line.

    Raises:
        LinekeeperError: nothing is known by the text, or several are.
    """
    asked = text.strip().casefold()
    if asked == TENANT:
        return (state.tenant,)
    known = guid(asked)
    if known is not None:
        return (known,)
    if any(alert.finding.subject.id == asked for alert in state.alerts.values()):
        return (asked,)
    apps = {each for each, name in _apps(state) if asked and name.strip().casefold() == asked}
    found = sorted(apps.union(ids_of(state, text, {})))
    if len(found) == 1 or (len(apps) == 1 and _stand_for(state, *apps) >= set(found) - apps):
        return tuple(found)
    if found:
        listed = ", ".join(f"{each} ({'voice app' if each in apps else 'account'})" for each in found[:NAMED])
        raise LinekeeperError(f"{one_line(text)!r} may be any of {len(found)}: give one id of {listed}.")
    near = nearest(state, text) or next(
        iter(difflib.get_close_matches(text.strip(), [name for _, name in _apps(state)], n=1)), ""
    )
    hint = f" The nearest known is {one_line(near)!r}." if near else ""
    raise LinekeeperError(f"nothing is known by {one_line(text)!r}.{hint} `linekeeper audit` lists names.")


def _stand_for(state: TenantState, app: str) -> set[str]:
    """The accounts that stand for a voice app."""
    associations = state.voice.associations or () if state.voice is not None else ()
    return {each.account for each in associations if each.app == app}


def _apps(state: TenantState) -> Iterable[tuple[str, str]]:
    """The voice apps of the export, each id with its name."""
    if state.voice is not None:
        yield from ((each.id, each.name) for each in state.voice.attendants or ())
        yield from ((each.id, each.name) for each in state.voice.queues or ())


def _with(state: TenantState, silence: Silence, now: datetime) -> TenantState:
    if sum(standing(each, now) != "ended" for each in state.silences.values()) >= MOST:
        raise LinekeeperError(f"there are {MOST} silences already: end some of them first.")
    return msgspec.structs.replace(state, silences={**state.silences, silence.id: silence})


def _without(state: TenantState, silence_id: str, now: datetime) -> TenantState:
    silence = state.silences.get(silence_id)
    if silence is None:
        running = [each.id for each in state.silences.values() if standing(each, now) != "ended"]
        near = difflib.get_close_matches(silence_id, running, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise LinekeeperError(
            f"no silence has the id {one_line(silence_id)!r}.{hint} `linekeeper silence list` has all."
        )
    if standing(silence, now) == "ended":
        raise LinekeeperError(f"the silence {silence_id} ended on {silence.ends:%Y-%m-%d %H:%M} UTC already.")
    after = msgspec.structs.replace(silence, ends=now)
    return msgspec.structs.replace(state, silences={**state.silences, silence_id: after})
