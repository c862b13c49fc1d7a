"""What was put aside unread is told, and that nobody looked is not taken for an empty queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.silence_request import Wanted, checked
from shared.model.change_message import QUEUE
from shared.model.errors import LinekeeperError
from shared.model.tenant import TenantState
from shared.rules.catalogue import RULES
from shared.rules.engine import Evaluation, evaluate
from shared.rules.messages_poisoned import LOOK_LASTS, POISON_QUEUE, RULE
from shared.rules.snapshot import Snapshot

MakeState = Callable[..., TenantState]
MakeSnapshot = Callable[..., Snapshot]
Judge = Callable[..., Evaluation]


@pytest.fixture(scope="session")
def judge(make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime) -> Judge:
    """What the rule says of a queue that was looked at so long ago; None: never."""

    def judged(
        messages: int,
        *,
        looked: timedelta | None = timedelta(0),
        since: timedelta | None = timedelta(0),
        expected: bool = True,
    ) -> Evaluation:
        state = make_state(
            poisoned=messages,
            poisoned_seen=now - looked if looked is not None else None,
            poisoned_since=now - since if messages and since is not None else None,
        )
        return evaluate((RULE,), make_snapshot(state, expects_queue=expected))

    return judged


def test_messages_in_the_poison_queue_are_a_warning_that_says_how_many_and_since_when(judge: Judge) -> None:
    (found,) = judge(3, since=timedelta(hours=2)).findings
    assert (found.severity, found.key) == ("warning", "messages-poisoned|changes-poison|")
    assert found.subject.kind == "queue"
    assert found.summary == (
        "3 messages could not be worked off and lie in queue changes-poison, the first found at 2026-11-20 08:00 UTC. "
        "The changes that they told of were not read at once: the next delta reads find them, at the latest the daily "
        "sweep."
    )
    assert found.evidence == {"messages": 3, "since": "2026-11-20T08:00:00Z"}


def test_one_message_is_spoken_of_as_one(judge: Judge) -> None:
    (found,) = judge(1, since=timedelta(hours=2)).findings
    assert found.summary.startswith(
        "1 message could not be worked off and lies in queue changes-poison, found at 2026-11-20 08:00 UTC. The "
        "changes that it told of"
    )


def test_a_document_that_does_not_know_since_when_says_nothing_of_it(judge: Judge) -> None:
    (found,) = judge(2, since=None).findings
    assert "changes-poison. The changes" in found.summary
    assert found.evidence["since"] == "unknown"


def test_the_remedy_names_the_ways_to_see_to_put_back_and_to_drop(judge: Judge) -> None:
    (found,) = judge(1).findings
    for way in ("poison list", "poison requeue", "poison clear", "az storage message peek --queue-name changes-poison"):
        assert way in found.remedy


def test_an_empty_queue_that_was_looked_at_is_judged_and_fine(judge: Judge) -> None:
    assert judge(0) == Evaluation()
    assert judge(0, looked=LOOK_LASTS) == Evaluation()


def test_a_queue_that_was_never_looked_at_is_not_taken_for_empty(judge: Judge) -> None:
    (skipped,) = judge(0, looked=None).skipped
    assert (skipped.rule, skipped.why) == ("messages-poisoned", "queue changes-poison was not looked at")


def test_where_nobody_is_to_look_at_a_queue_it_is_not_missed(judge: Judge) -> None:
    assert judge(0, looked=None, expected=False) == Evaluation()
    assert [found.rule for found in judge(2, looked=timedelta(days=1), expected=False).findings] == [RULE.id]


def test_a_look_of_long_ago_shows_nothing_any_more(judge: Judge) -> None:
    judged = judge(0, looked=LOOK_LASTS + timedelta(seconds=1))
    assert judged.findings == ()
    assert [each.why for each in judged.skipped] == ["queue changes-poison was last looked at 2026-11-20T08:59:59Z"]


def test_messages_that_were_seen_are_not_forgotten_because_nobody_could_look_again(judge: Judge) -> None:
    judged = judge(3, looked=timedelta(days=1))
    assert [found.rule for found in judged.findings] == ["messages-poisoned"]


@given(messages=st.integers(0, 10_000), hours=st.integers(0, 200))
def test_however_many_there_are_it_is_one_finding_of_one_identity(judge: Judge, messages: int, hours: int) -> None:
    keys = {found.key for found in judge(messages, looked=timedelta(hours=hours)).findings}
    assert keys == ({f"messages-poisoned|{POISON_QUEUE}|"} if messages else set())


def test_the_poison_queue_is_the_one_that_the_host_makes_of_ours() -> None:
    assert f"{QUEUE}-poison" == POISON_QUEUE


@pytest.mark.parametrize("pattern", ["messages-poisoned", "messages-*"])
def test_nobody_can_silence_it(now: datetime, pattern: str) -> None:
    wanted = Wanted(rules=(pattern,), ends=now + timedelta(days=1), author="Ann", reason="noise")
    with pytest.raises(LinekeeperError, match="is about the monitor itself, and is never silenced"):
        checked(wanted, silence_id="1", families={rule.id: rule.family for rule in RULES}, now=now)
