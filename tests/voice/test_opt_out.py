"""Since when nobody takes a queue's calls, from one export to the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.voice import Agent, CallQueue, VoiceExport
from shared.voice.opt_out import nobody_opted_in, opted_out_since

OUT = (Agent("ann", opted_in=False), Agent("bob", opted_in=False))
BACK = (Agent("ann", opted_in=True), Agent("bob", opted_in=False))
UNKNOWN = (Agent("ann"), Agent("bob", opted_in=False))

Exports = Callable[..., VoiceExport]
Queues = Callable[..., CallQueue]


@pytest.fixture(scope="session")
def export_at(make_export: Exports) -> Callable[..., VoiceExport]:
    """An export of so many minutes after the first one."""

    def export(minutes: int, *queues: CallQueue, **changed: object) -> VoiceExport:
        made = make_export(*queues, **changed)
        return msgspec.structs.replace(made, exported_at=made.exported_at + timedelta(minutes=minutes))

    return export


def test_the_first_export_that_tells_it_is_remembered(export_at: Exports, make_queue: Queues) -> None:
    first = export_at(0, make_queue("sales", agents=OUT))
    assert opted_out_since({}, first) == {"sales": first.exported_at}


def test_a_later_export_that_tells_the_same_keeps_since_when(export_at: Exports, make_queue: Queues) -> None:
    first, later = (export_at(minutes, make_queue("sales", agents=OUT)) for minutes in (0, 30))
    assert opted_out_since(opted_out_since({}, first), later) == {"sales": first.exported_at}


@pytest.mark.parametrize("agents", [BACK, UNKNOWN, ()])
def test_a_queue_of_which_it_no_longer_holds_is_forgotten(
    export_at: Exports, make_queue: Queues, agents: tuple[Agent, ...]
) -> None:
    later = export_at(30, make_queue("sales", agents=agents))
    assert opted_out_since({"sales": export_at(0).exported_at}, later) == {}


def test_a_queue_that_is_gone_is_forgotten(export_at: Exports) -> None:
    assert opted_out_since({"sales": export_at(0).exported_at}, export_at(30)) == {}


def test_who_comes_back_and_goes_again_starts_anew(export_at: Exports, make_queue: Queues) -> None:
    since: dict[str, datetime] = {}
    for minutes, agents in ((0, OUT), (30, BACK), (60, OUT)):
        since = opted_out_since(since, export_at(minutes, make_queue("sales", agents=agents)))
    assert since == {"sales": export_at(60).exported_at}


def test_who_is_back_only_in_an_export_that_is_not_complete_was_back_all_the_same(
    export_at: Exports, make_queue: Queues
) -> None:
    since = {"sales": export_at(0).exported_at, "billing": export_at(0).exported_at}
    since = opted_out_since(since, export_at(30, make_queue("sales", agents=BACK), complete=False))
    assert since == {"billing": export_at(0).exported_at}
    later = export_at(60, *(make_queue(each, agents=OUT) for each in ("sales", "billing")))
    assert opted_out_since(since, later) == since | {"sales": later.exported_at}


@pytest.mark.parametrize("agents", [UNKNOWN, ()])
def test_an_export_that_is_not_complete_and_does_not_tell_who_is_back_forgets_no_queue(
    export_at: Exports, make_queue: Queues, agents: tuple[Agent, ...]
) -> None:
    before = {"sales": export_at(0).exported_at}
    assert opted_out_since(before, export_at(30, make_queue("sales", agents=agents), complete=False)) == before


@pytest.mark.parametrize("lacking", [{"complete": False}, {"queues": None}])
def test_an_export_that_is_not_complete_adds_nothing(
    export_at: Exports, make_queue: Queues, lacking: dict[str, object]
) -> None:
    before = {"billing": export_at(0).exported_at}
    later = export_at(30, make_queue("sales", agents=OUT), **lacking)
    assert opted_out_since(before, later) == before


def test_what_was_remembered_is_not_changed_in_place(export_at: Exports, make_queue: Queues) -> None:
    before = {"billing": export_at(0).exported_at}
    opted_out_since(before, export_at(30, make_queue("sales", agents=OUT)))
    assert before == {"billing": export_at(0).exported_at}


def test_a_person_whose_choice_is_not_told_counts_as_there(make_queue: Queues) -> None:
    assert nobody_opted_in(make_queue("sales", users=("ann",), agents=OUT))
    assert not nobody_opted_in(make_queue("sales", users=("ann", "cleo"), agents=OUT))


def test_an_empty_queue_is_not_one_whose_agents_opted_out(make_queue: Queues) -> None:
    assert not nobody_opted_in(make_queue("sales"))
    assert not nobody_opted_in(make_queue("sales", groups=("team",)))


@given(choices=st.lists(st.lists(st.sampled_from([True, False, None]), max_size=3), max_size=8))
def test_since_when_is_the_first_of_the_last_unbroken_run(
    export_at: Exports, make_queue: Queues, choices: list[list[bool | None]]
) -> None:
    since: dict[str, datetime] = {}
    start: datetime | None = None
    for turn, opted in enumerate(choices):
        agents = tuple(Agent(f"agent-{place}", opted_in=each) for place, each in enumerate(opted))
        export = export_at(30 * turn, make_queue("sales", agents=agents))
        since = opted_out_since(since, export)
        out = bool(opted) and all(each is False for each in opted)
        start = (start or export.exported_at) if out else None
    assert since == ({"sales": start} if start else {})
