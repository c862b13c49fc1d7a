"""Which ends a receiver has missed, by the messages that were given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.alerting.catching_up import given_up, missed_ends, untold
from shared.alerting.compose import MAX_ITEMS
from shared.model.alert import GroupLog, Item, Message, OutboxEntry, Section

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def message(new: str = "", resolved: str = "", still: str = "", worse: str = "", group: str = "ops/lines") -> Message:
    """One letter is one finding."""
    kinds = (("new", new), ("new", worse), ("resolved", resolved), ("open", still))
    sections = tuple(
        Section(kind=kind, items=tuple(item(key, worse=key in worse) for key in keys), total=len(keys))  # type: ignore[arg-type]
        for kind, keys in kinds
    )
    return Message(kind="alert", group=group, severity="warning", headline="", sections=sections)


def item(key: str, *, worse: bool = False) -> Item:
    return Item(
        key=key,
        rule="r",
        severity="warning",
        title="T",
        name=key.upper(),
        summary="",
        remedy="",
        since=NOW,
        worse=worse,
    )


def missed(*messages: Message, firing: str = "") -> str:
    groups = {"ops/lines": GroupLog(firing=tuple(firing))}
    return "".join(item.key for each in missed_ends(messages, groups) for item in each.sections[0].items)


@pytest.mark.parametrize(
    ("lost", "firing", "ends"),
    [
        ([message(resolved="ab")], "", "ab"),
        ([message(new="a"), message(resolved="a")], "", ""),
        ([message(resolved="a"), message(new="a"), message(resolved="a")], "", "a"),
        ([message(new="a"), message(resolved="a"), message(new="a"), message(resolved="a")], "", ""),
        ([message(worse="a"), message(resolved="a")], "", "a"),
        ([message(resolved="a"), message(new="b", still="c")], "bc", "a"),
        ([message(resolved="a")], "a", ""),
        ([message(still="a")], "a", ""),
    ],
    ids=[
        "ends",
        "beginning lost too",
        "back and gone",
        "twice, both lost",
        "became critical",
        "others begin",
        "fires again",
        "a reminder",
    ],
)
def test_an_end_is_missed_where_its_beginning_was_told_and_it_has_not_begun_again(
    lost: list[Message], firing: str, ends: str
) -> None:
    assert missed(*lost, firing=firing) == ends


def test_what_is_missed_is_told_group_by_group_and_counted_beyond_what_a_message_names() -> None:
    many = message(resolved="".join(chr(0x100 + number) for number in range(30)))
    lines, accounts = missed_ends([many, message(resolved="a", group="ops/accounts")], {})
    assert (lines.group, len(lines.sections[0].items), lines.sections[0].total) == ("ops/lines", MAX_ITEMS, 30)
    assert lines.headline == "Mended while this channel could not be reached: 30 findings"
    assert (accounts.group, accounts.severity) == ("ops/accounts", "resolved")
    assert accounts.headline == "Mended while this channel could not be reached: A"


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [(None, NOW, 1), (None, None, 0), (None, NOW - HOUR, 0), (NOW, NOW + HOUR, 0), (NOW - HOUR, NOW, 1)],
    ids=["reached", "never reached", "not since", "caught up", "again"],
)
def test_nothing_is_told_before_the_receiver_is_reached_again_and_nothing_twice(
    since: datetime | None, until: datetime | None, count: int
) -> None:
    refused = OutboxEntry(id="1", receiver="ops", message=message("a"), created=NOW, due=NOW, refused="no")
    outbox = [
        OutboxEntry(id="2", receiver="ops", message=message("b"), created=NOW, due=NOW),
        OutboxEntry(id="3", receiver="desk", message=message("c"), created=NOW, due=NOW, refused_at=NOW),
        OutboxEntry(id=refused.id, receiver="ops", message=refused.message, created=NOW, due=NOW, refused_at=NOW),
    ]
    assert len(given_up(outbox, "ops", since=since, until=until)) == count


def test_only_the_groups_of_what_was_given_up_are_told_anew() -> None:
    log = GroupLog(firing=("a",), sent_at=NOW)
    after = untold({"ops/lines": log, "ops/accounts": log}, [message("a")])
    assert after == {"ops/lines": GroupLog(firing=("a",)), "ops/accounts": log}
