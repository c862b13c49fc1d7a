"""A call queue with agents whom its calls cannot reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from shared.licensing.plans import PHONE_PLANS
from shared.model.finding import Evidence, Finding
from shared.model.voice import CallQueue
from shared.rules.directory import in_directory
from shared.rules.line_words import LISTED, QUEUE_PAGE, LineWords, place
from shared.rules.naming import MAX_NAMES
from shared.rules.rule import SETTLING, Rule
from shared.rules.snapshot import Snapshot
from shared.voice.graph import Node

DELETED = "deleted"
DISABLED = "disabled"
NO_PHONE_PLAN = "no phone licence"
NO_ENTERPRISE_VOICE = "not enabled for Enterprise Voice"

_COUNTED: dict[str, str] = {
    DELETED: "deleted",
    DISABLED: "disabled",
    NO_PHONE_PLAN: "without_phone_plan",
    NO_ENTERPRISE_VOICE: "without_enterprise_voice",
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Queues some of whose agents are known to be unable; those of whom nothing is known count as able."""
    lines = snapshot.lines
    if lines is None:
        return
    words = LineWords(lines)
    for queue in lines.queues:
        agents = sorted({*queue.users, *(agent.id for agent in queue.agents)})
        unable = {agent: why for agent in agents if (why := why_unable(snapshot, agent))}
        if not unable:
            continue
        nobody = len(unable) == len(agents) and not _has_unlisted_members(queue)
        way = words.way_to_nobody(queue.id) if nobody else words.way_to(queue.id)
        yield Finding(
            rule=RULE.id,
            severity="critical" if nobody and lines.is_reachable(queue.id) else "warning",
            subject=words.subject(queue),
            summary=f"{_told(words, unable, len(agents), nobody=nobody)} {words.callers(queue.id, way)}",
            remedy=f"{RULE.remedy} {place(queue)} > Call answering.",
            evidence=words.evidence(queue.id, way) | _evidence(words, unable, len(agents)),
        )


def why_unable(snapshot: Snapshot, agent: str) -> tuple[str, ...]:
    """Why calls cannot reach a person; nothing where they can, and where it is not known.

    Microsoft Learn, "Plan for Teams Auto attendants and Call queues": agents must be enabled for Enterprise Voice,
    which takes a licence with Teams Phone. What Teams says of Enterprise Voice counts only while it is read.
    """
    account, known = snapshot.state.accounts.get(agent), snapshot.state.referenced.get(agent)
    if account is not None:
        enabled, phone = account.enabled, snapshot.has_usable_plan(account, PHONE_PLANS)
    elif in_directory(snapshot.state, agent) == "missing":
        return (DELETED,)
    elif known is None or known.kind == "group":
        return ()
    else:
        enabled, phone = known.enabled, known.phone is not False
    # What Teams said long ago would keep the finding for ever where it may not be asked any more.
    calling = snapshot.state.calling.get(agent) if not snapshot.why_not_usable("calling") else None
    reasons = {
        DISABLED: enabled is False,
        NO_PHONE_PLAN: not phone,
        NO_ENTERPRISE_VOICE: calling is not None and calling.enterprise_voice is False,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def _has_unlisted_members(queue: CallQueue) -> bool:
    """Whether somebody may answer whom the export does not name: of a group not yet expanded, or of a shift."""
    through_groups = {agent.id for agent in queue.agents}.difference(queue.users)
    return bool(queue.shifts_group) or (bool(queue.groups or queue.channel) and not through_groups)


def _told(words: LineWords, unable: Mapping[str, tuple[str, ...]], agents: int, *, nobody: bool) -> str:
    named = [f"{_name(words, agent)}: {' and '.join(why)}" for agent, why in list(unable.items())[:MAX_NAMES]]
    more = f"; +{len(unable) - MAX_NAMES} more" if len(unable) > MAX_NAMES else ""
    end = ", and nobody else answers it" if nobody else ""
    return f"{len(unable)} of {agents} agents cannot take its calls ({'; '.join(named)}{more}){end}."


def _evidence(words: LineWords, unable: Mapping[str, tuple[str, ...]], agents: int) -> Evidence:
    reasons = Counter(reason for why in unable.values() for reason in why)
    told = [f"{_name(words, agent)} ({agent}): {' and '.join(why)}" for agent, why in unable.items()]
    counts = {key: reasons[reason] for reason, key in _COUNTED.items() if reasons[reason]}
    return {"agents": agents, "agents_unable": len(unable), **counts, "unable": told[:LISTED]}


def _name(words: LineWords, agent: str) -> str:
    return words.lines.ways.name(Node("person", agent))


RULE = Rule(
    id="call-queue-agent-unable",
    family="lines",
    severity="warning",
    title="Call queue with agents who cannot take calls",
    holds_when="agents of a call queue are deleted, disabled, without a usable phone plan, or not enabled for "
    "Enterprise Voice",
    reads=frozenset({"licences", "accounts", "voice"}),
    why="Such an agent never rings, and the queue still shows as staffed: Teams leaves deleted people in it.",
    remedy="Give those who are to answer a licence with Teams Phone and Enterprise Voice, and take the others out of "
    "the queue, or out of the group through which they came:",
    link=QUEUE_PAGE,
    check=check,
    pending=SETTLING,
    severity_varies="critical where callers come to the queue and no able agent is left, else warning",
    sharpened_by=frozenset({"calling", "numbers"}),
)
