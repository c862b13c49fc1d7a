"""What a person can do to the tenant's auto attendants and call queues with one JSON object."""

import msgspec

from simulator.directory import SimulatedTenant
from simulator.records import RefusedError


class ActionShape(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What all actions have in common: nothing that is not named is taken."""


class DeleteQueue(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="deleteQueue"):
    """Delete a call queue, by its name or id; the menus that lead to it stay as they are."""

    queue: str


class RemoveAgent(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="removeAgent"):
    """Take an agent out of a queue; without ``user``, all of them."""

    queue: str
    user: str | None = None


class OptOut(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="optOut"):
    """Let an agent of a queue take no calls of it; without ``user``, all of them."""

    queue: str
    user: str | None = None


class OptIn(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="optIn"):
    """Let an agent of a queue take its calls again; without ``user``, all of them."""

    queue: str
    user: str | None = None


class Circle(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="circle"):
    """Let two auto attendants send every caller to each other."""

    first: str
    second: str


VoiceAction = DeleteQueue | RemoveAgent | OptOut | OptIn | Circle


def carry_out_on_voice(action: VoiceAction, tenant: SimulatedTenant) -> str:
    """Do what an action says; returns a sentence that says what was done.

    Raises:
        RefusedError: There is no such queue, attendant or agent.
    """
    voice = tenant.voice
    match action:
        case DeleteQueue(queue=queue):
            return f"{voice.delete_queue(queue).name} is deleted."
        case RemoveAgent(queue=queue, user=user):
            changed = voice.remove_agent(queue, _agent(tenant, user))
            return f"{changed.name} has {len(changed.agents)} agents."
        case OptOut(queue=queue, user=user):
            changed = voice.opt_out(queue, _agent(tenant, user))
        case OptIn(queue=queue, user=user):
            changed = voice.opt_in(queue, _agent(tenant, user))
        case Circle(first=first, second=second):
            voice.circle(first, second)
            return f"{voice.attendant(first).name} and {voice.attendant(second).name} send callers to each other."
    ready = sum(agent.opt_in for agent in changed.agents)
    return f"{changed.name} has {ready} of {len(changed.agents)} agents opted in."


def _agent(tenant: SimulatedTenant, key: str | None) -> str | None:
    if key is None:
        return None
    user = tenant.find(key)
    if user is None:
        raise RefusedError("Request_ResourceNotFound", f"No active user is called {key!r}.")
    return user.id
