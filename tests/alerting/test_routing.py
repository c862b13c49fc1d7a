"""Who is told of what: every matcher of a route, and what happens where none applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.routing import ALLOCATION_CHANGED, ANNOUNCED, DEFAULT_RECEIVER, Route, Routes, group_of
from shared.model.alert import Alert
from shared.model.finding import SEVERITIES, Finding, Subject
from shared.rules.catalogue import RULES
from shared.settings_routes import blind_spots, routes_of

MINE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LOOP: dict[str, Any] = {"rule": "voice-app-loop", "family": "lines", "severity": "critical", "tenant": MINE}

MakeFinding = Callable[..., Finding]
MakeAlert = Callable[..., Alert]


def told(*routes: Route, **changed: Any) -> tuple[str, ...]:  # noqa: ANN401 - what is said
    return Routes(receivers=("desk", "ops", "pager"), routes=routes).named(**(LOOP | changed))


def to(*receivers: str, **matchers: Any) -> Route:  # noqa: ANN401 - matchers
    return Route(receivers=receivers, **matchers)


def test_without_settings_everything_goes_to_the_default_receiver() -> None:
    assert Routes().named(**LOOP) == (DEFAULT_RECEIVER,)


def test_without_routes_everything_goes_to_every_receiver() -> None:
    assert told() == ("desk", "ops", "pager")


@pytest.mark.parametrize(
    ("matchers", "taken", "left"),
    [
        ({"severities": ("critical", "warning")}, {"severity": "warning"}, {"severity": "info"}),
        ({"families": ("lines",)}, {"rule": "call-queue-without-agents"}, {"family": "accounts"}),
        ({"rules": ("voice-app-loop",)}, {"severity": "info"}, {"rule": "voice-app-loops"}),
        ({"rules": ("voice-app-*",)}, {"rule": "voice-app-unreachable"}, {"rule": "call-queue-without-agents"}),
        ({"rules": ("*",)}, {"rule": "allocation-short"}, None),
        ({"tenants": (MINE,)}, {"family": "accounts"}, {"tenant": OTHER}),
    ],
    ids=["severities", "families", "rules", "patterns", "all", "tenants"],
)
def test_each_matcher_takes_what_it_names_and_nothing_else(
    matchers: dict[str, Any], taken: dict[str, str], left: dict[str, str] | None
) -> None:
    assert told(to("ops", **matchers)) == told(to("ops", **matchers), **taken) == ("ops",)
    assert left is None or told(to("ops", **matchers), **left) == ()


def test_every_matcher_of_a_route_must_match() -> None:
    route = to("ops", severities=("critical",), families=("lines",), rules=("voice-*",), tenants=(MINE,))
    assert told(route) == ("ops",)
    for changed in ({"severity": "info"}, {"family": "accounts"}, {"rule": "call-queue-x"}, {"tenant": OTHER}):
        assert told(route, **changed) == ()


def test_every_route_that_matches_applies_and_each_receiver_is_told_once() -> None:
    routes = (to("pager", severities=("critical",)), to("ops", "desk"), to("ops", families=("lines",)))
    assert told(*routes) == ("desk", "ops", "pager")
    assert told(*routes, severity="info") == ("desk", "ops")


def test_what_no_route_takes_goes_nowhere_and_is_not_told_to_a_default() -> None:
    assert told(to("ops", families=("accounts",))) == ()


matchers = st.fixed_dictionaries(
    {
        "severities": st.sets(st.sampled_from(SEVERITIES)).map(tuple),
        "families": st.sets(st.sampled_from(["lines", "accounts"])).map(tuple),
        "rules": st.sets(st.sampled_from(["voice-*", "voice-app-loop", "*-short"])).map(tuple),
        "tenants": st.sets(st.sampled_from([MINE, OTHER])).map(tuple),
    }
)
routes = st.lists(
    st.builds(lambda to, how: Route(receivers=tuple(to), **how), st.sets(st.sampled_from("abc"), min_size=1), matchers),
    min_size=1,
    max_size=4,
)


@given(routes, st.permutations(range(4)))
def test_the_order_of_routes_does_not_matter_and_a_further_one_takes_nothing_away(
    listed: list[Route], order: list[int]
) -> None:
    shuffled = [listed[place] for place in order if place < len(listed)]
    assert told(*listed) == told(*shuffled)
    assert set(told(*listed[:1])) <= set(told(*listed))


def test_a_receiver_that_fails_is_told_of_to_the_others(make_alert: MakeAlert, make_finding: MakeFinding) -> None:
    finding = msgspec.structs.replace(make_finding("delivery-failing"), subject=Subject("receiver", "ops", "ops"))
    failing = make_alert(finding, family="monitor")
    assert Routes(receivers=("desk", "ops")).of(failing, MINE) == ("desk",)
    only_itself = Routes(receivers=("desk", "ops"), routes=(to("ops"),))
    assert only_itself.of(failing, MINE) == ("desk",)
    assert Routes(receivers=("ops",)).of(failing, MINE) == ("ops",)


def test_a_group_is_told_to_one_receiver_of_one_family() -> None:
    assert group_of("ops", "lines") == "ops/lines"


def test_what_is_announced_is_no_rule_and_has_a_family_of_rules() -> None:
    assert not ANNOUNCED.keys() & {rule.id for rule in RULES}
    assert set(ANNOUNCED.values()) <= {rule.family for rule in RULES}
    assert ALLOCATION_CHANGED in ANNOUNCED


@pytest.mark.parametrize(
    "table",
    [
        {"receivers": ["ops"], "rules": ["voice-ap-*"]},
        {"receivers": ["ops"], "rules": []},
        {"receivers": ["ops"], "families": ["lines"], "rules": ["allocation-*"]},
        {"receivers": ["ops"], "severities": ["urgent"]},
        {"receivers": []},
        {"receivers": ["nobody"]},
    ],
)
def test_a_route_that_can_match_nothing_is_refused_with_its_place(table: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^routes\[0\]"):
        routes_of({"routes": [table]}, ["ops"])


def test_outages_that_no_route_takes_are_named_at_the_start() -> None:
    assert list(blind_spots([to("ops")])) == []
    assert list(blind_spots([to("ops", families=("accounts", "allocation", "monitor"))])) == [
        "routes: critical findings of the family lines go nowhere"
    ]
