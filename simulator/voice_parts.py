"""The parts of an auto attendant: menus, call flows and schedules."""

from typing import Any

from simulator.voice_shapes import CallFlow, CallTarget, Menu, MenuOption, Prompt, Schedule

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_WEEKEND = ("Saturday", "Sunday")
_HOLIDAYS = ((1, 1), (12, 25), (12, 26))


def option(key: str, target: CallTarget | None, description: str | None = None) -> MenuOption:
    """What a key does; without a key it is done at once for every caller, and without a target the call ends."""
    return MenuOption(
        action="DisconnectCall" if target is None else "TransferCallToTarget",
        dtmf_response=f"Tone{key}" if key else "Automatic",
        description=description,
        call_target=target,
    )


def menu(*options: MenuOption, operator: str = "") -> Menu:
    """A menu; ``operator`` is the key that leads to the attendant's operator."""
    if operator:
        options = (*options, MenuOption(action="TransferCallToOperator", dtmf_response=f"Tone{operator}"))
    spoken = [f"For {each.description}, press {each.dtmf_response[-1]}." for each in options if each.description]
    prompts = (Prompt(text_to_speech_prompt=" ".join(spoken)),) if spoken else ()
    return Menu(name="Menu", prompts=prompts, menu_options=options)


def flow(flow_id: str, name: str, choices: Menu, greeting: str = "") -> CallFlow:
    """A call flow that greets and then offers a menu."""
    greetings = (Prompt(text_to_speech_prompt=greeting),) if greeting else ()
    return CallFlow(id=flow_id, name=name, greetings=greetings, menu=choices)


def closing_schedule(schedule_id: str, name: str) -> Schedule:
    """The hours outside nine to five on weekdays: the complement of the hours that are named."""
    open_hours = [{"Start": "09:00:00", "End": "17:00:00"}]
    week: dict[str, Any] = {f"{day}Hours": open_hours for day in _WEEKDAYS} | {f"{day}Hours": [] for day in _WEEKEND}
    return Schedule(
        id=schedule_id,
        name=name,
        type="WeeklyRecurrence",
        weekly_recurrent_schedule=week | {"ComplementEnabled": True},
    )


def holiday_schedule(schedule_id: str, name: str, year: int) -> Schedule:
    """The days of a year on which nobody works."""
    ranges = [
        {"Start": f"{day:02}/{month:02}/{year} 00:00", "End": f"{day:02}/{month:02}/{year} 23:45"}
        for month, day in _HOLIDAYS
    ]
    return Schedule(id=schedule_id, name=name, type="Fixed", fixed_schedule={"DateTimeRanges": ranges})
