"""A voice configuration for any tenant: its attendants lead to its queues, and people answer them."""

import math
import uuid
from collections.abc import Sequence

from simulator.directory import SimulatedTenant
from simulator.records import User
from simulator.voice_parts import flow, menu, option
from simulator.voice_shapes import (
    ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
    Agent,
    AutoAttendant,
    CallQueue,
    CallTarget,
    QueueTarget,
)

_QUEUE_PREFIX = "CQ "
_AGENTS_PER_QUEUE = 3
_KEYS = "123456789"


def add_plain_voice(tenant: SimulatedTenant, lines: Sequence[User]) -> None:
    """Put a voice app behind every resource account.

    Accounts whose names begin with ``CQ`` get a queue, all others an attendant; queues are shared out among the
    attendants in their order. Whoever has Enterprise Voice is an agent.

    Args:
        tenant: The tenant, with its people configured.
        lines: Its resource accounts; those in the deleted items are only listed.
    """
    active = [line for line in lines if line.id in tenant.users]
    queues = [line for line in active if line.display_name.startswith(_QUEUE_PREFIX)]
    attendants = [line for line in active if line not in queues]
    for number, line in enumerate(queues):
        tenant.voice.add_queue(_queue(tenant, line, number), line.id)
    share = math.ceil(len(queues) / max(1, len(attendants)))
    for number, line in enumerate(attendants):
        tenant.voice.add_attendant(_attendant(tenant, line, queues[number * share : (number + 1) * share]), line.id)
    for line in lines:
        is_queue = line.display_name.startswith(_QUEUE_PREFIX)
        tenant.voice.applications.setdefault(line.id, QUEUE_APPLICATION if is_queue else ATTENDANT_APPLICATION)


def _queue(tenant: SimulatedTenant, line: User, number: int) -> CallQueue:
    people = list(tenant.configurations)
    chosen = [people[(number + step) % len(people)] for step in range(min(_AGENTS_PER_QUEUE, len(people)))]
    voicemail = QueueTarget(id=_mailbox(tenant), type="SharedVoicemail")
    return CallQueue(
        identity=_id(tenant, f"queue {line.id}"),
        tenant_id=tenant.tenant_id,
        name=line.display_name,
        users=tuple(chosen),
        agents=tuple(Agent(object_id=each) for each in chosen),
        timeout_threshold=300,
        timeout_action="SharedVoicemail",
        timeout_action_target=voicemail,
        no_agent_action="SharedVoicemail",
        no_agent_action_target=voicemail,
    )


def _attendant(tenant: SimulatedTenant, line: User, queues: Sequence[User]) -> AutoAttendant:
    options = [
        option(
            key, CallTarget(id=_id(tenant, f"queue {queue.id}"), type="ConfigurationEndpoint"), queue.display_name[3:]
        )
        for key, queue in zip(_KEYS, queues, strict=False)
    ]
    voicemail = option("0", CallTarget(id=_mailbox(tenant), type="SharedVoicemail"), "Leave a message")
    return AutoAttendant(
        identity=_id(tenant, f"attendant {line.id}"),
        tenant_id=tenant.tenant_id,
        name=line.display_name,
        default_call_flow=flow(
            _id(tenant, f"flow {line.id}"), line.display_name, menu(*options, voicemail), "Welcome."
        ),
    )


def _mailbox(tenant: SimulatedTenant) -> str:
    return tenant.add_group("Voicemail").id


def _id(tenant: SimulatedTenant, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(tenant.tenant_id), name))
