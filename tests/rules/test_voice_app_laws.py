"""What no order and no name in the export changes, and what no export, however strange, makes too long."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.model.finding import Finding
from shared.model.referenced import Referenced
from shared.model.voice import (
    AssociationStatus,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    MenuOption,
    ProvisioningStatus,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.rules import (
    voice_app_external_transfer_blocked,
    voice_app_loop,
    voice_app_provisioning_failed,
    voice_app_target_missing,
    voice_app_unreachable,
)
from shared.rules.snapshot import Snapshot

RULES = (
    voice_app_unreachable.RULE,
    voice_app_target_missing.RULE,
    voice_app_loop.RULE,
    voice_app_external_transfer_blocked.RULE,
    voice_app_provisioning_failed.RULE,
)
APPS = ("a", "b", "c", "d")
ACCOUNTS = (1, 2, 3)
LONGEST = 1000

Lines = Callable[..., Snapshot]
Guids = Callable[[int], str]

names = st.text(max_size=120)
targets = st.one_of(
    st.builds(Target, st.just("app"), st.sampled_from((*APPS, "gone"))),
    st.builds(
        Target, st.just("account"), st.sampled_from([f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 7)])
    ),
    st.builds(Target, st.sampled_from(["user", "voicemail"]), st.sampled_from(["ann", "bob"])),
    st.builds(Target, st.just("number"), st.sampled_from(["+4930901820", "+14255550101"])),
)
options = st.builds(
    MenuOption,
    key=st.sampled_from(["1", "2", "automatic", ""]),
    action=st.sampled_from(["target", "operator", "disconnect", "unknown"]),
    target=st.none() | targets,
)
menus = st.lists(options, max_size=4).map(tuple)
statuses = st.builds(
    ProvisioningStatus,
    kind=st.sampled_from(["SipProvisioning", "AudioFile", ""]),
    status=st.sampled_from(["success", "error", "unknown"]),
    message=names,
)
handlings = st.builds(
    CallHandling,
    kind=st.sampled_from(["after_hours", "holiday"]),
    schedule=st.sampled_from(["", "hours", "gone"]),
    flow=st.sampled_from(["night", "gone"]),
    enabled=st.booleans(),
)
exits = st.builds(
    QueueExit,
    st.sampled_from(["", "queue", "disconnect", "forward", "shared_voicemail", "unknown"]),
    st.none() | targets,
)
subsets = st.lists(st.sampled_from(["ann", "bob", "team"]), max_size=3, unique=True).map(tuple)


def attendants(app_id: str) -> st.SearchStrategy[AutoAttendant]:
    return st.builds(
        AutoAttendant,
        id=st.just(app_id),
        name=names,
        default_flow=st.builds(CallFlow, id=st.just("day"), options=menus),
        flows=st.lists(st.builds(CallFlow, id=st.sampled_from(["night", "feast"]), options=menus), max_size=2).map(
            tuple
        ),
        schedules=st.sampled_from([(), ("hours",)]),
        handlings=st.lists(handlings, max_size=3).map(tuple),
        operator=st.none() | targets,
        authorised_users=subsets,
        statuses=st.lists(statuses, max_size=3).map(tuple),
    )


def queues(app_id: str) -> st.SearchStrategy[CallQueue]:
    return st.builds(
        CallQueue,
        id=st.just(app_id),
        name=names,
        users=subsets,
        groups=subsets,
        overflow=exits,
        timeout=exits,
        no_agent=exits,
        authorised_users=subsets,
    )


tenants = st.fixed_dictionaries(
    {
        "apps": st.tuples(*(attendants(each) | queues(each) for each in APPS)),
        "on": st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(("", *APPS, "gone"))),
        "numbers": st.sampled_from([{}, {1: "+14255550100"}, {1: "+14255550100", 2: "+14255550101"}]),
        "failed": st.lists(st.tuples(st.sampled_from(ACCOUNTS), statuses), max_size=4),
    }
)


def snapshot(make_lines: Lines, make_guid: Guids, tenant: dict[str, Any]) -> Snapshot:
    failed = tuple(AssociationStatus(account=make_guid(each), status=status) for each, status in tenant["failed"])
    gone = Referenced(kind="nobody", read_at=make_lines().now)
    known = {"ann": gone, "team": gone}
    lines = {"on": tenant["on"], "numbers": tenant["numbers"], "said": {"statuses": failed}, "referenced": known}
    return make_lines(*tenant["apps"], **lines)


def findings(seen: Snapshot) -> list[Finding]:
    return sorted((each for rule in RULES for each in rule.check(seen)), key=lambda each: each.order)


def with_voice(make_lines: Lines, seen: Snapshot, voice: VoiceExport) -> Snapshot:
    said = {field: getattr(voice, field) for field in ("attendants", "queues", "instances", "associations", "statuses")}
    state = seen.state
    return make_lines(
        said=said, known=tuple(state.accounts.values()), numbers=state.numbers, referenced=state.referenced
    )


def shuffled(value: Any, order: random.Random) -> Any:  # noqa: ANN401 - any value of an export
    """The same value with all its lists in another order."""
    if isinstance(value, tuple):
        return tuple(order.sample(mixed := [shuffled(each, order) for each in value], len(mixed)))
    if hasattr(value, "__struct_fields__"):
        return replace(value, **{field: shuffled(getattr(value, field), order) for field in value.__struct_fields__})
    return value


def renamed(apps: Sequence[Any] | None, to: str) -> tuple[Any, ...]:
    return tuple(replace(app, name=f"{to}{app.name}") for app in apps or ())


@given(tenant=tenants, order=st.randoms(use_true_random=False))
def test_the_order_in_which_an_export_lists_changes_no_finding(
    make_lines: Lines, make_guid: Guids, tenant: dict[str, Any], order: random.Random
) -> None:
    seen = snapshot(make_lines, make_guid, tenant)
    assert seen.voice is not None
    again = with_voice(make_lines, seen, shuffled(seen.voice, order))
    assert [each.key for each in findings(again)] == [each.key for each in findings(seen)]
    assert findings(again) == findings(seen)


@given(tenant=tenants, name=names)
def test_a_new_name_is_no_new_finding(make_lines: Lines, make_guid: Guids, tenant: dict[str, Any], name: str) -> None:
    seen = snapshot(make_lines, make_guid, tenant)
    voice = seen.voice
    assert voice is not None
    new = replace(
        voice,
        attendants=renamed(voice.attendants, name),
        queues=renamed(voice.queues, name),
        instances=renamed(voice.instances, name),
    )
    again = with_voice(make_lines, seen, new)
    assert [each.key for each in findings(again)] == [each.key for each in findings(seen)]


@given(tenant=tenants)
def test_no_two_findings_are_the_same_and_none_is_long_or_of_several_lines(
    make_lines: Lines, make_guid: Guids, tenant: dict[str, Any]
) -> None:
    found = findings(snapshot(make_lines, make_guid, tenant))
    assert len({each.key for each in found}) == len(found)
    for each in found:
        assert len(each.summary) <= LONGEST
        assert len(each.remedy) <= LONGEST
        assert len((each.summary + each.remedy).splitlines()) == 1
        lists = [value for value in each.evidence.values() if isinstance(value, list)]
        assert all(len(value) <= 20 for value in lists)
