"""Large voice exports for measurements: as many voice apps and agents as one likes, the same for the same arguments.

Half of the apps are attendants, whose menus lead to queues, and half are queues, which forward to each other's
attendants when they overflow. Elements are made one after the other, so that a document larger than memory can be
written to a file.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from simulator.export import MODULE_VERSION, SCHEMA_VERSION
from simulator.large import LARGE_TENANT_ID
from simulator.voice_parts import flow, menu, option
from simulator.voice_shapes import (
    ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
    Agent,
    Association,
    AssociationStatus,
    AutoAttendant,
    CallQueue,
    CallTarget,
    QueueTarget,
)

MOST_AGENTS_OF_A_QUEUE: Final = 200

_KEYS = "123456"
_MOST_BY_NAME = 20
_ATTENDANT, _QUEUE, _ACCOUNT, _AGENT, _LIST, _FLOW = range(6)
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


class LargeVoice:
    """A voice configuration that is made up while it is read.

    Accounts are in front of attendants and queues by turns, as the resource accounts of ``large_tenant`` are.
    """

    def __init__(
        self,
        apps: int,
        agents: int,
        *,
        seed: int = 1,
        tenant_id: str = LARGE_TENANT_ID,
        accounts: Sequence[str] = (),
        people: Sequence[str] = (),
        exported_at: datetime = _EPOCH,
    ) -> None:
        """Describe a configuration.

        Args:
            apps: How many voice apps there are, at least 2.
            agents: How many agents there are, spread evenly over the queues: a person in two queues is two.
            seed: What ids and menus are drawn from; another seed is another configuration.
            tenant_id: The tenant's id.
            accounts: The ids of the resource accounts, one for each app; without any they are made up.
            people: The ids of people to be agents, in turn; without any each agent is somebody else, made up.
            exported_at: The time that the document carries.
        """
        if apps < 2:  # noqa: PLR2004 - an attendant and a queue
            raise ValueError(f"{apps} voice apps are not an attendant and a queue.")
        self.queues = apps // 2
        self.attendants = apps - self.queues
        if not 0 <= agents <= self.queues * MOST_AGENTS_OF_A_QUEUE:
            raise ValueError(f"{agents} agents do not fit into {self.queues} queues of {MOST_AGENTS_OF_A_QUEUE}.")
        if accounts and len(accounts) < apps:
            raise ValueError(f"{len(accounts)} resource accounts are too few for {apps} voice apps.")
        self.agents = agents
        self._seed = seed
        self._tenant_id = tenant_id
        self._accounts = accounts
        self._people = people
        self._exported_at = exported_at

    def document(self) -> Json:
        """The whole document."""
        whole = self._head() | {name: list(rows()) for name, rows in self._lists().items()}
        printed: Json = msgspec.json.decode(msgspec.json.encode(whole))
        return printed

    def write(self, path: Path) -> None:
        """Write the document to a file, element by element."""
        encode = msgspec.json.encode
        with path.open("wb") as file:
            file.write(encode(self._head())[:-1])
            for name, rows in self._lists().items():
                file.write(b"," + encode(name) + b":[")
                for place, row in enumerate(rows()):
                    file.write((b"," if place else b"") + encode(row))
                file.write(b"]")
            file.write(b"}")

    def _head(self) -> Json:
        return {
            "schemaVersion": SCHEMA_VERSION,
            "tenantId": self._tenant_id,
            "exportedAt": self._exported_at,
            "moduleVersion": MODULE_VERSION,
            "complete": True,
            "errors": [],
        }

    def _lists(self) -> dict[str, partial[Iterator[Any]]]:
        return {
            "autoAttendants": partial(map, self._attendant, range(self.attendants)),
            "callQueues": partial(map, self._queue, range(self.queues)),
            "applicationInstances": partial(map, self._instance, range(self.attendants + self.queues)),
            "associations": partial(map, self._association, range(self.attendants + self.queues)),
            "associationStatus": partial(map, self._status, range(self.attendants + self.queues)),
        }

    def _attendant(self, number: int) -> Json:
        chance = random.Random(f"{self._seed} menu {number}")
        options = [
            option(key, CallTarget(id=self._id(_QUEUE, chance.randrange(self.queues)), type="ConfigurationEndpoint"))
            for key in _KEYS[: chance.randint(1, len(_KEYS))]
        ]
        attendant = AutoAttendant(
            identity=self._id(_ATTENDANT, number),
            tenant_id=self._tenant_id,
            name=f"AA Line {number}",
            default_call_flow=flow(self._id(_FLOW, number), "Open", menu(*options), "Welcome."),
        )
        return _printed(attendant, ApplicationInstances=[self._account(2 * number)], Status=[])

    def _queue(self, number: int) -> Json:
        chance = random.Random(f"{self._seed} queue {number}")
        first, end = (place * self.agents // self.queues for place in (number, number + 1))
        people = tuple(self._agent(place) for place in range(first, end))
        by_name = len(people) <= _MOST_BY_NAME
        overflow = 2 * chance.randrange(self.attendants)
        queue = CallQueue(
            identity=self._id(_QUEUE, number),
            tenant_id=self._tenant_id,
            name=f"CQ Line {number}",
            users=people if by_name else (),
            distribution_lists=() if by_name else (self._id(_LIST, number),),
            agents=tuple(Agent(object_id=each, opt_in=chance.random() < 0.9) for each in people),  # noqa: PLR2004 - a share
            overflow_action="Forward",
            overflow_action_target=QueueTarget(id=self._account(overflow), type="ApplicationEndpoint"),
        )
        return _printed(queue, ApplicationInstances=[self._account(2 * number + 1)], OboResourceAccountIds=[])

    def _instance(self, number: int) -> Json:
        """Accounts are numbered through; an even one is an attendant's and an odd one a queue's."""
        is_queue = number % 2 == 1
        name = f"{('AA', 'CQ')[is_queue]} Line {number // 2}"
        return {
            "ObjectId": self._account(number),
            "TenantId": self._tenant_id,
            "UserPrincipalName": f"{name.replace(' ', '-').lower()}@large.example",
            "ApplicationId": QUEUE_APPLICATION if is_queue else ATTENDANT_APPLICATION,
            "DisplayName": name,
            "PhoneNumber": None,
        }

    def _association(self, number: int) -> Association:
        is_queue = number % 2 == 1
        return Association(
            id=self._account(number),
            configuration_type="CallQueue" if is_queue else "AutoAttendant",
            configuration_id=self._id(_QUEUE if is_queue else _ATTENDANT, number // 2),
        )

    def _status(self, number: int) -> AssociationStatus:
        return AssociationStatus(id=self._account(number), status_timestamp=self._exported_at)

    def _account(self, number: int) -> str:
        return self._accounts[number] if self._accounts else self._id(_ACCOUNT, number)

    def _agent(self, number: int) -> str:
        return self._people[number % len(self._people)] if self._people else self._id(_AGENT, number)

    def _id(self, kind: int, number: int) -> str:
        # Not uuid5: a hundred thousand of them are made for one document.
        return str(uuid.UUID(int=random.Random((self._seed << 44) + (kind << 40) + number).getrandbits(128), version=4))


def _printed(app: AutoAttendant | CallQueue, **more: list[str]) -> Json:
    printed: Json = msgspec.to_builtins(app)
    return printed | more


def large_export(apps: int, agents: int, *, seed: int = 1, tenant_id: str = LARGE_TENANT_ID) -> Json:
    """A large export document as JSON values; ``LargeVoice`` takes more and writes to files.

    Args:
        apps: How many voice apps there are, half attendants and half queues.
        agents: How many agents there are over all queues.
        seed: What ids and menus are drawn from.
        tenant_id: The tenant's id.
    """
    return LargeVoice(apps, agents, seed=seed, tenant_id=tenant_id).document()
