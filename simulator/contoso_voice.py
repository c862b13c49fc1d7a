"""Contoso's auto attendants and call queues: one voice app behind each of its 90 resource accounts.

Every city has a main line that leads to the city's other lines, to its attendant for the night and to its reception.
All is in order: each app can be reached, and what an app refers to exists. Ids are derived from names.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.directory import SimulatedTenant
from simulator.records import User
from simulator.voice_parts import closing_schedule, flow, holiday_schedule, menu, option
from simulator.voice_shapes import (
    Agent,
    AutoAttendant,
    CallFlow,
    CallHandlingAssociation,
    CallingId,
    CallQueue,
    CallTarget,
    QueueTarget,
)

# Windows' name of the time zone, and the language that callers hear.
_PLACES = {
    "Seattle": ("Pacific Standard Time", "en-US"),
    "Chicago": ("Central Standard Time", "en-US"),
    "Atlanta": ("Eastern Standard Time", "en-US"),
    "Toronto": ("Eastern Standard Time", "en-CA"),
    "London": ("GMT Standard Time", "en-GB"),
    "Manchester": ("GMT Standard Time", "en-GB"),
    "Dublin": ("GMT Standard Time", "en-GB"),
    "Paris": ("Romance Standard Time", "fr-FR"),
    "Berlin": ("W. Europe Standard Time", "de-DE"),
    "Munich": ("W. Europe Standard Time", "de-DE"),
    "Zurich": ("W. Europe Standard Time", "de-DE"),
    "Madrid": ("Romance Standard Time", "es-ES"),
    "Milan": ("W. Europe Standard Time", "it-IT"),
    "Sydney": ("AUS Eastern Standard Time", "en-AU"),
    "Lisbon": ("GMT Standard Time", "pt-PT"),
}
# Cities whose main line may call outside: their numbers are not Microsoft's.
_DUTY_ENGINEERS = {"Zurich": "+41440000190", "Sydney": "+61255500090"}
_MAIN_LINE, _NIGHT, _RECEPTION = "AA Main Line", "AA After Hours", "CQ Reception"
_AGENTS_PER_QUEUE = 4
_EVERY_NTH_BY_LIST = 3
_NEAR = 7
"""How far apart in the list of people the agents of two neighbouring queues begin."""


def add_voice(tenant: SimulatedTenant, cities: Sequence[tuple[str, str]]) -> None:
    """Configure every line of Contoso.

    Args:
        tenant: Contoso, with its users.
        cities: The cities' names and countries.
    """
    people = [user.id for user in tenant.users.values() if user.account_enabled]
    lines = [user for user in tenant.users.values() if not user.account_enabled]
    for place, (city, _) in enumerate(cities):
        _City(tenant, city, place, people, [line for line in lines if line.display_name.endswith(f" {city}")]).add()


@dataclass(frozen=True, slots=True)
class _City:
    """The lines of one city.

    Attributes:
        tenant: Contoso.
        name: The city.
        place: Its place in the list of cities, by which cities differ.
        people: The ids of Contoso's people.
        lines: The city's resource accounts.
    """

    tenant: SimulatedTenant
    name: str
    place: int
    people: Sequence[str]
    lines: Sequence[User]

    def add(self) -> None:
        for number, line in enumerate(self.lines):
            kind = line.display_name.removesuffix(f" {self.name}")
            if kind == _MAIN_LINE:
                self.tenant.voice.add_attendant(self._main_line(line), line.id)
            elif kind.startswith("AA "):
                self.tenant.voice.add_attendant(self._small_attendant(line, kind), line.id)
            else:
                self.tenant.voice.add_queue(self._queue(line, kind, number), line.id)

    def _main_line(self, line: User) -> AutoAttendant:
        name = line.display_name
        others = [each for each in self.lines if not each.display_name.startswith((_MAIN_LINE, _NIGHT, _RECEPTION))]
        options = [
            option(str(key), self._endpoint(each.display_name, key), self._subject(each))
            for key, each in enumerate(others, start=1)
        ]
        if self.name in _DUTY_ENGINEERS:
            engineer = CallTarget(id=f"tel:{_DUTY_ENGINEERS[self.name]}", type="ExternalPstn")
            options.append(option("9", engineer, "Duty engineer"))
        night = option("", self._endpoint(f"{_NIGHT} {self.name}", self.place))
        closed = flow(self._id(f"flow closed {name}"), f"{name} closed", menu(night))
        holiday = flow(
            self._id(f"flow holiday {name}"), f"{name} holiday", menu(option("", None)), "Today is a holiday."
        )
        handling = self._handling(name, closed, holiday)
        return AutoAttendant(
            **self._common(line, "attendant"),
            time_zone_id=_PLACES[self.name][0],
            default_call_flow=flow(
                self._id(f"flow open {name}"),
                f"{name} open",
                menu(*options, operator="0"),
                f"Welcome to Contoso {self.name}.",
            ),
            call_flows=(closed, holiday),
            schedules=(
                closing_schedule(handling[0].schedule_id, f"{name} hours"),
                holiday_schedule(handling[1].schedule_id, f"{name} holidays", self.tenant.clock().year),
            ),
            call_handling_associations=handling,
            operator=self._operator(),
            authorized_users=(self._somebody(0),),
        )

    def _small_attendant(self, line: User, kind: str) -> AutoAttendant:
        """The attendant for the night, and those of departments: voicemail, or a person on duty."""
        name = line.display_name
        voicemail = CallTarget(id=self._mailbox(), type="SharedVoicemail", enable_transcription=True)
        on_duty = CallTarget(id=self._somebody(1 if kind == _NIGHT else 2), type="User")
        choices = menu(option("1", voicemail, "Leave a message"), option("2", on_duty, "Somebody on duty"))
        return AutoAttendant(
            **self._common(line, "attendant"),
            time_zone_id=_PLACES[self.name][0],
            default_call_flow=flow(self._id(f"flow open {name}"), f"{name} open", choices, "Thank you for calling."),
        )

    def _queue(self, line: User, kind: str, number: int) -> CallQueue:
        start = self.place * len(self.lines) * _NEAR + number * _NEAR
        agents = [self.people[(start + step) % len(self.people)] for step in range(_AGENTS_PER_QUEUE)]
        by_list = number % _EVERY_NTH_BY_LIST == _EVERY_NTH_BY_LIST - 1 and kind != _RECEPTION
        lists = (self.tenant.add_group(f"{kind[3:]} team {self.name}").id,) if by_list else ()
        reception = kind == _RECEPTION
        voicemail = QueueTarget(id=self._mailbox(), type="SharedVoicemail")
        account = QueueTarget(id=self._account(f"{_RECEPTION} {self.name}"), type="ApplicationEndpoint")
        app = QueueTarget(id=self._id(f"queue {_RECEPTION} {self.name}"), type="ConfigurationEndpoint")
        calls_out = kind == "CQ Sales"
        return CallQueue(
            **self._common(line, "queue"),
            users=() if by_list else tuple(agents),
            distribution_lists=lists,
            agents=tuple(Agent(object_id=each) for each in agents),
            routing_method="Attendant" if reception else "LongestIdle",
            overflow_action="SharedVoicemail" if reception else "Forward",
            overflow_action_target=voicemail if reception else account,
            timeout_threshold=600,
            timeout_action="SharedVoicemail",
            timeout_action_target=voicemail,
            no_agent_action="SharedVoicemail" if reception else "Forward",
            no_agent_action_target=voicemail if reception else app,
            obo_resource_accounts=(
                (CallingId(object_id=self._account(f"{_MAIN_LINE} {self.name}")),) if calls_out else ()
            ),
            authorized_users=(self._somebody(0),) if reception else (),
        )

    def _handling(
        self, name: str, closed: CallFlow, holiday: CallFlow
    ) -> tuple[CallHandlingAssociation, CallHandlingAssociation]:
        return (
            CallHandlingAssociation(
                type="AfterHours", schedule_id=self._id(f"schedule closed {name}"), call_flow_id=closed.id
            ),
            CallHandlingAssociation(
                type="Holiday", schedule_id=self._id(f"schedule holiday {name}"), call_flow_id=holiday.id
            ),
        )

    def _common(self, line: User, kind: str) -> dict[str, Any]:
        return {
            "identity": self._id(f"{kind} {line.display_name}"),
            "tenant_id": self.tenant.tenant_id,
            "name": line.display_name,
            "language_id": _PLACES[self.name][1],
        }

    def _endpoint(self, name: str, number: int) -> CallTarget:
        """Another line of Contoso: by turns the voice app itself, or the resource account in front of it."""
        if (self.place + number) % 2:
            return CallTarget(id=self._account(name), type="ApplicationEndpoint")
        kind = "attendant" if name.startswith("AA ") else "queue"
        return CallTarget(id=self._id(f"{kind} {name}"), type="ConfigurationEndpoint")

    def _operator(self) -> CallTarget:
        """The person or the queue that key 0 leads to."""
        if self.place % 3 == 0:
            return CallTarget(id=self._somebody(0), type="User")
        return self._endpoint(f"{_RECEPTION} {self.name}", self.place % 3)

    def _subject(self, line: User) -> str:
        """What a line is for, as a caller would say it."""
        return line.display_name[3:].removesuffix(f" {self.name}")

    def _mailbox(self) -> str:
        return self.tenant.add_group(f"Voicemail {self.name}").id

    def _somebody(self, number: int) -> str:
        return self.people[(self.place + number) % len(self.people)]

    def _account(self, name: str) -> str:
        return self._id(name)

    def _id(self, name: str) -> str:
        # As Contoso's users have theirs.
        return str(uuid.uuid5(uuid.UUID(self.tenant.tenant_id), name))
