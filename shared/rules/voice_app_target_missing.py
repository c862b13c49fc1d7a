"""What an attendant or queue refers to and does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from shared.model.directory import Departed
from shared.model.finding import Finding, Severity
from shared.model.tenant import TenantState
from shared.model.voice import AutoAttendant
from shared.rules.directory import in_directory
from shared.rules.line_words import VOICE_APPS_PAGE, LineWords, place
from shared.rules.naming import one_line
from shared.rules.rule import SETTLING, Rule
from shared.rules.snapshot import Snapshot
from shared.voice.graph import Edge
from shared.voice.lines import Lines
from shared.voice.path import SHORT_ID
from shared.voice.references import App, Inventory, Reference, ReferenceKind, Verdict, What, references_of

_LONGEST_NAME = 40


class _Saying(msgspec.Struct, frozen=True):
    """How a kind of reference is spoken of: what it does, what callers notice, and what to do about it."""

    does: str
    effect: str
    remedy: str


_UNHEARD = "those callers are not put through"
_SAYINGS: dict[What, _Saying] = {
    "menu_option": _Saying("A menu option leads to", _UNHEARD, "choose another target for the option"),
    "operator": _Saying("The operator is", "callers who ask for one are not put through", "choose another operator"),
    "overflow": _Saying("When it is full, callers go to", _UNHEARD, "choose another target for overflow"),
    "timeout": _Saying("After waiting, callers go to", _UNHEARD, "choose another target for the timeout"),
    "no_agent": _Saying("Without agents, callers go to", _UNHEARD, "choose another target for when no agents are in"),
    "schedule": _Saying(
        "Its after-hours or holiday handling follows",
        "callers at those times hear the wrong menu",
        "set the hours or holidays anew",
    ),
    "call_flow": _Saying(
        "Its after-hours or holiday handling leads to",
        "callers at those times are not answered as they should be",
        "set up the call flow for those times anew",
    ),
    "agent_group": _Saying(
        "It rings the members of", "nobody answers on its behalf", "take the group out of its agents, or add another"
    ),
    "calling_id": _Saying(
        "Its agents call out as", "they cannot call out as this queue", "choose another account for the calling ID"
    ),
    "authorised_user": _Saying(
        "It may be changed by",
        "callers notice nothing, and that person looks after it no more",
        "take the person out of its authorized users",
    ),
}
"""The references that are judged. Agents have a rule of their own, and so have the accounts in front of an app."""

_SWITCHED_OFF: dict[What, _Saying] = {
    "schedule": msgspec.structs.replace(
        _SAYINGS["schedule"],
        does="An after-hours or holiday handling that is switched off follows",
        effect="callers notice nothing while it is off",
    ),
    "call_flow": msgspec.structs.replace(
        _SAYINGS["call_flow"],
        does="An after-hours or holiday handling that is switched off leads to",
        effect="callers notice nothing while it is off",
    ),
}

_NOUNS: dict[ReferenceKind, str] = {
    "user": "person",
    "group": "group",
    "voicemail": "voicemail group",
    "account": "resource account",
    "app": "voice app",
    "schedule": "schedule",
    "flow": "call flow",
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """References to what is known not to exist; one finding for each, by its path inside the app."""
    lines = snapshot.lines
    if lines is None:
        return
    words = LineWords(lines)
    for app in lines.apps:
        for reference in _missing(snapshot, lines, references_of(app)):
            yield _finding(snapshot, words, app, reference)


def _missing(snapshot: Snapshot, lines: Lines, all_of_it: Iterable[Reference]) -> list[Reference]:
    """The missing ones, one for each path."""
    by_path: dict[str, Reference] = {}
    for each in sorted(all_of_it, key=lambda each: (each.path, each.kind)):
        if each.what not in _SAYINGS:
            continue
        missing = _verdict(snapshot.state, lines.inventory, each) == "missing"
        if missing or stands_for_nothing(snapshot, lines, each):
            by_path.setdefault(each.path, each)
    return list(by_path.values())


def stands_for_nothing(snapshot: Snapshot, lines: Lines, reference: Reference) -> bool:
    """Whether calls are sent to an account that lives and on which no attendant or queue stands: they end there.

    An account that queues call out as need stand for nothing, and another vendor's application may answer.
    """
    if reference.kind != "account" or reference.what == "calling_id" or lines.export.associations is None:
        return False
    instance = lines.instances.get(reference.id)
    return (
        instance is not None
        and not instance.is_third_party
        and reference.id in snapshot.state.accounts
        and not lines.apps_by_account.get(reference.id)
    )


def _verdict(state: TenantState, inventory: Inventory, reference: Reference) -> Verdict:
    if reference.kind not in {"user", "group", "voicemail", "account"}:
        return inventory.verdict(reference)
    told = in_directory(state, reference.id)
    return told if told != "not_judged" else inventory.verdict(reference)


def _finding(snapshot: Snapshot, words: LineWords, app: App, reference: Reference) -> Finding:
    switched_off = _is_switched_off(app, reference)
    saying = (_SWITCHED_OFF if switched_off else _SAYINGS)[reference.what]
    edges = words.lines.graph.steps_by(reference)
    way = words.way_by(edges[0]) if edges else ""
    departed = snapshot.state.departed.get(reference.id)
    gone = "was deleted" if departed is not None else "does not exist"
    if stands_for_nothing(snapshot, words.lines, reference):
        gone = "stands for no attendant or queue"
    which = "who" if reference.kind == "user" else "which"
    does = "Every caller is sent to" if _is_taken_by_all(edges) else saying.does
    return Finding(
        rule=RULE.id,
        severity="info" if switched_off else _severity(words, app, edges),
        subject=words.subject(app),
        summary=f"{does} {_target(snapshot.state, reference)}, {which} {gone}: {_effect(saying, reference, edges)}. "
        f"{words.callers(app.id, way)}",
        remedy=f"{_remedy(saying, departed)} {place(app)}.",
        evidence={
            "path": reference.path,
            "target": reference.id,
            "target_kind": reference.kind,
            **words.evidence(app.id, way),
        },
        aspect=reference.path,
    )


def _is_switched_off(app: App, reference: Reference) -> bool:
    """Whether it is a schedule or call flow that no enabled handling uses, so that no caller comes to it."""
    if not isinstance(app, AutoAttendant) or reference.what not in _SWITCHED_OFF:
        return False
    enabled = (each for each in app.handlings if each.enabled)
    return reference.id not in {each.schedule if reference.what == "schedule" else each.flow for each in enabled}


def _severity(words: LineWords, app: App, edges: Iterable[Edge]) -> Severity:
    if not words.lines.is_reachable(app.id):
        return "info"
    return "critical" if _is_taken_by_all(edges) else RULE.severity


def _target(state: TenantState, reference: Reference) -> str:
    """What is missing; of what was known before it went, the name still is."""
    known = (state.departed.get(reference.id), state.accounts.get(reference.id), state.referenced.get(reference.id))
    name = next((one_line(each.name, _LONGEST_NAME) for each in known if each is not None and each.name), "")
    return f"{_NOUNS.get(reference.kind, 'object')} {name or one_line(reference.id[:SHORT_ID])}"


def _effect(saying: _Saying, reference: Reference, edges: Sequence[Edge]) -> str:
    if reference.what == "menu_option" and not edges:
        return "no call takes it as things are, because no handling uses its call flow"
    if reference.kind == "voicemail":
        return "callers can leave no message"
    return "nobody gets through" if _is_taken_by_all(edges) else saying.effect


def _is_taken_by_all(edges: Iterable[Edge]) -> bool:
    """Whether every caller of an attendant takes the step, without pressing anything."""
    return any(edge.kind == "automatic" for edge in edges)


def _remedy(saying: _Saying, departed: Departed | None) -> str:
    do = f"{saying.remedy[0].upper()}{saying.remedy[1:]}"
    if departed is not None and departed.restorable:
        return f"Restore it within 30 days of its deletion, or {saying.remedy}."
    return f"{do}."


RULE = Rule(
    id="voice-app-target-missing",
    family="lines",
    severity="warning",
    title="Attendant or queue that leads to what does not exist",
    holds_when="an operator, a menu option, a schedule, a call flow, an overflow, timeout or no-agent target, a "
    "voicemail or agent group, a calling-ID account or an authorised user does not exist or is deleted; people and "
    "groups are looked up in the directory, and what was not looked up is not judged",
    reads=frozenset({"accounts", "voice"}),
    why="Attendants and queues are not told when a person, group or account is deleted: callers are sent on into "
    "nowhere, and everything looks as before.",
    remedy="Choose a target that exists in the settings of the attendant or queue, in the Teams admin center.",
    link=VOICE_APPS_PAGE,
    check=check,
    pending=SETTLING,
    severity_varies="critical where every caller is sent there at once, info where no call comes to the attendant or "
    "queue, and for what only a handling that is switched off uses",
    sharpened_by=frozenset({"numbers"}),
)
