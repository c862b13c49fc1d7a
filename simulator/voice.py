"""A tenant's auto attendants and call queues, and what a telephony administrator does to them.

Nothing here is checked against the directory, as the real configuration is not: who is deleted there stays here.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from simulator.records import RefusedError
from simulator.voice_shapes import (
    ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
    Agent,
    Association,
    AssociationStatus,
    AutoAttendant,
    CallQueue,
    CallTarget,
    MenuOption,
    QueueTarget,
)

App = TypeVar("App", AutoAttendant, CallQueue)


class VoiceConfiguration:
    """The voice apps of one tenant and the resource accounts in front of them.

    Attributes:
        attendants: Auto attendants by id.
        queues: Call queues by id.
        applications: The application id of every resource account that Teams lists, by the account's id.
        associations: What a resource account stands for, by the account's id.
        statuses: How far setting up a resource account got, by the account's id.
    """

    def __init__(self) -> None:
        self.attendants: dict[str, AutoAttendant] = {}
        self.queues: dict[str, CallQueue] = {}
        self.applications: dict[str, str] = {}
        self.associations: dict[str, Association] = {}
        self.statuses: dict[str, AssociationStatus] = {}

    def add_attendant(self, attendant: AutoAttendant, *accounts: str) -> None:
        """Add or replace an attendant, with resource accounts in front of it."""
        self.attendants[attendant.identity] = attendant
        for account in accounts:
            self.applications[account] = ATTENDANT_APPLICATION
            self._associate(
                Association(id=account, configuration_type="AutoAttendant", configuration_id=attendant.identity)
            )

    def add_queue(self, queue: CallQueue, *accounts: str) -> None:
        """Add or replace a queue, with resource accounts in front of it."""
        self.queues[queue.identity] = queue
        for account in accounts:
            self.applications[account] = QUEUE_APPLICATION
            self._associate(Association(id=account, configuration_type="CallQueue", configuration_id=queue.identity))

    def attendant(self, key: str) -> AutoAttendant:
        """The attendant with this id or name."""
        return _found(self.attendants, key, "auto attendant")

    def queue(self, key: str) -> CallQueue:
        """The queue with this id or name."""
        return _found(self.queues, key, "call queue")

    def accounts_of(self, app_id: str) -> tuple[str, ...]:
        """The resource accounts in front of an attendant or a queue."""
        return tuple(each.id for each in self.associations.values() if each.configuration_id == app_id)

    def delete_attendant(self, key: str) -> AutoAttendant:
        """Delete an attendant; its accounts stay and stand for nothing, and what leads to it goes on leading there."""
        attendant = self.attendants.pop(self.attendant(key).identity)
        self._dissociate(attendant.identity)
        return attendant

    def delete_queue(self, key: str) -> CallQueue:
        """Delete a queue; its accounts stay and stand for nothing, and what leads to it goes on leading there."""
        queue = self.queues.pop(self.queue(key).identity)
        self._dissociate(queue.identity)
        return queue

    def dissociate(self, account_id: str) -> None:
        """Let a resource account stand for nothing."""
        if self.associations.pop(account_id, None) is None:
            raise RefusedError("NotFound", f"The account {account_id!r} stands for nothing.")

    def remove_agent(self, key: str, agent_id: str | None = None) -> CallQueue:
        """Take one agent out of a queue, or all of them with the lists that bring them."""
        queue = self.queue(key)
        if agent_id is None:
            return self._put(replace(queue, users=(), distribution_lists=(), agents=()))
        self._agent(queue, agent_id)
        return self._put(
            replace(
                queue,
                users=tuple(each for each in queue.users if each != agent_id),
                agents=tuple(each for each in queue.agents if each.object_id != agent_id),
            )
        )

    def opt_out(self, key: str, agent_id: str | None = None) -> CallQueue:
        """Let one agent of a queue, or all of them, take no calls of it."""
        return self._opt(key, agent_id, opt_in=False)

    def opt_in(self, key: str, agent_id: str | None = None) -> CallQueue:
        """Let one agent of a queue, or all of them, take its calls again."""
        return self._opt(key, agent_id, opt_in=True)

    def circle(self, first: str, second: str) -> None:
        """Let two attendants send every caller to each other at once."""
        one, other = self.attendant(first), self.attendant(second)
        self.send_all(one.identity, CallTarget(id=other.identity, type="ConfigurationEndpoint"))
        self.send_all(other.identity, CallTarget(id=one.identity, type="ConfigurationEndpoint"))

    def send_all(self, key: str, target: CallTarget) -> AutoAttendant:
        """Let an attendant's default flow send every caller to one target without a choice."""
        option = MenuOption(action="TransferCallToTarget", dtmf_response="Automatic", call_target=target)
        return self._put_options(self.attendant(key), (option,))

    def set_option(self, key: str, dtmf_response: str, target: CallTarget) -> AutoAttendant:
        """Let one key of an attendant's default flow lead to a target, in the place of where it leads now."""
        attendant = self.attendant(key)
        option = MenuOption(action="TransferCallToTarget", dtmf_response=dtmf_response, call_target=target)
        others = attendant.default_call_flow.menu.menu_options
        return self._put_options(attendant, (*(each for each in others if each.dtmf_response != dtmf_response), option))

    def forward_when_unstaffed(self, key: str, target: QueueTarget) -> CallQueue:
        """Let a queue forward its callers while nobody is there to answer."""
        return self._put(replace(self.queue(key), no_agent_action="Forward", no_agent_action_target=target))

    def fail_provisioning(self, account_id: str, message: str) -> None:
        """Let setting up a resource account have failed."""
        if account_id not in self.statuses:
            raise RefusedError("NotFound", f"The account {account_id!r} stands for nothing.")
        self.statuses[account_id] = replace(self.statuses[account_id], status="Error", message=message)

    def _opt(self, key: str, agent_id: str | None, *, opt_in: bool) -> CallQueue:
        queue = self.queue(key)
        chosen = queue.agents if agent_id is None else (self._agent(queue, agent_id),)
        agents = tuple(replace(each, opt_in=opt_in) if each in chosen else each for each in queue.agents)
        return self._put(replace(queue, agents=agents))

    def _agent(self, queue: CallQueue, agent_id: str) -> Agent:
        for agent in queue.agents:
            if agent.object_id == agent_id:
                return agent
        raise RefusedError("NotFound", f"{agent_id!r} is no agent of {queue.name}.")

    def _associate(self, association: Association) -> None:
        self.associations[association.id] = association
        self.statuses[association.id] = AssociationStatus(id=association.id)

    def _dissociate(self, app_id: str) -> None:
        for account in self.accounts_of(app_id):
            del self.associations[account]

    def _put(self, queue: CallQueue) -> CallQueue:
        self.queues[queue.identity] = queue
        return queue

    def _put_options(self, attendant: AutoAttendant, options: tuple[MenuOption, ...]) -> AutoAttendant:
        flow = attendant.default_call_flow
        changed = replace(attendant, default_call_flow=replace(flow, menu=replace(flow.menu, menu_options=options)))
        self.attendants[attendant.identity] = changed
        return changed


def _found(apps: Mapping[str, App], key: str, kind: str) -> App:
    folded = key.casefold()
    for app in apps.values():
        if folded in {app.identity, app.name.casefold()}:
            return app
    raise RefusedError("NotFound", f"The tenant has no {kind} {key!r}.")
