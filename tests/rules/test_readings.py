"""What each rule about accounts looks at on one account: one short sentence, true whether the rule holds or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.licensing import plans
from shared.licensing.policy import POLICIES
from shared.model.directory import (
    RESOURCE_ACCOUNT_DEPARTMENT,
    Account,
    AssignedLicence,
    AssignedPlan,
    Assignment,
)
from shared.model.licences import ServicePlan, Sku
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.sources import Source, SourceState
from shared.model.tenant import TenantState
from shared.rules.catalogue import RULES
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
OTHER = "00000000-0000-0000-0000-0000000000ee"
GROUP = "00000000-0000-0000-0000-0000000000aa"
BY_ID = {rule.id: rule for rule in RULES}
ABOUT_ACCOUNTS = [rule for rule in RULES if rule.family == "accounts" or rule.id == "number-assignment-failed"]

Make = Callable[..., Account]
Read = Callable[..., str]


@pytest.fixture
def read(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
) -> Read:
    skus = (
        make_resource_account_sku(25, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(PHONE, plans.MCOEV, enabled=10, part_number="MCOEV"),
        make_sku(OTHER, "57ff2da0-773e-42df-b2af-ffb7a2317929", part_number="OTHER"),
    )

    def sentence(rule_id: str, account: Account, policy: str = "2023-shared-devices", **known: object) -> str:
        reading = BY_ID[rule_id].reading
        assert reading is not None
        snapshot = make_snapshot(make_state(account, **{"skus": skus, **known}), policy=POLICIES[policy])
        return reading(snapshot, account)

    return sentence


@pytest.mark.parametrize("rule", ABOUT_ACCOUNTS, ids=lambda rule: rule.id)
def test_every_rule_about_accounts_has_a_reading(rule: Rule) -> None:
    assert rule.reading is not None


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ((), "Holds no licence."),
        ((OTHER,), "Holds no licence with a phone or resource-account plan."),
        ((OWN,), "Holds PHONESYSTEM_VIRTUALUSER, which brings the resource-account plan."),
        ((PHONE,), "Holds MCOEV, which brings a phone plan, and no resource-account licence."),
        ((OWN, PHONE), "Holds PHONESYSTEM_VIRTUALUSER, and the phone licence MCOEV beside it."),
    ],
)
@pytest.mark.parametrize(
    "rule", ["resource-account-unlicensed", "resource-account-phone-licence", "resource-account-double-licensed"]
)
def test_the_licences_of_an_account_are_named_by_what_they_bring(
    read: Read, make_account: Make, rule: str, held: tuple[str, ...], sentence: str
) -> None:
    assert read(rule, make_account(1, *held)) == sentence


def test_in_2020_an_account_without_a_number_is_said_to_need_no_licence(read: Read, make_account: Make) -> None:
    known = {"policy": "2019-07-virtual-user", "numbers": ()}
    account = make_account(1)
    assert read("resource-account-unlicensed", account, **known) == "Holds no licence, and needs none without a number."


@pytest.mark.parametrize(
    ("off", "states", "sentence"),
    [
        ((), ("Enabled",), "The plan of PHONESYSTEM_VIRTUALUSER is Enabled."),
        ((), ("Suspended",), "The plan of PHONESYSTEM_VIRTUALUSER is Suspended."),
        ((), (), "The plan of PHONESYSTEM_VIRTUALUSER has no state yet."),
        ((plans.MCOEV_VIRTUALUSER,), ("Deleted",), "The plan of PHONESYSTEM_VIRTUALUSER is switched off."),
    ],
)
def test_the_plan_of_a_licence_is_read_by_its_state(
    read: Read, make_account: Make, off: tuple[str, ...], states: tuple[str, ...], sentence: str
) -> None:
    known = tuple(AssignedPlan(plans.MCOEV_VIRTUALUSER, state) for state in states)
    account = make_account(1, licences=(AssignedLicence(OWN, off),), plans=known)
    assert read("resource-account-plan-unusable", account) == sentence


def test_without_the_licence_there_is_no_plan_to_read(read: Read, make_account: Make) -> None:
    assert read("resource-account-plan-unusable", make_account(1, PHONE)) == "Holds no resource-account licence."


def test_assignments_are_read_by_state_those_in_error_first(read: Read, make_account: Make) -> None:
    rule = "resource-account-assignment-error"
    assert read(rule, make_account(1)) == "No assignment of a resource-account licence is recorded."
    active = Assignment(sku_id=OWN, state="Active")
    said = read(rule, make_account(1, OWN, assignments=(active,)))
    assert said == "The assignment of PHONESYSTEM_VIRTUALUSER is Active."
    failed = Assignment(sku_id=OWN, state="Error", error="CountViolation", group=GROUP)
    assert read(rule, make_account(1, OWN, assignments=(active, failed))) == (
        "The assignment of PHONESYSTEM_VIRTUALUSER by a group is Error (CountViolation); "
        "the assignment of PHONESYSTEM_VIRTUALUSER is Active."
    )


@pytest.mark.parametrize(
    ("enabled", "sentence"),
    [
        (True, "Sign-in is allowed."),
        (False, "Sign-in is blocked."),
        (None, "Whether sign-in is allowed is not known."),
    ],
)
def test_sign_in_is_allowed_or_blocked(read: Read, make_account: Make, enabled: object, sentence: str) -> None:
    assert read("resource-account-sign-in-enabled", make_account(1, enabled=enabled)) == sentence


def test_the_usage_location_is_read_beside_the_numbers_countries(
    read: Read, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    rule = "resource-account-usage-location"
    berlin, seattle = make_number("+4930901820", country="DE"), make_number("+14255550100")
    account = make_account(1, usage_location="DE")
    assert read(rule, account, numbers=(berlin,)) == "Usage location DE; its number +4930901820 is of DE."
    both = read(rule, account, numbers=(berlin, seattle))
    assert both == "Usage location DE; its numbers +14255550100, +4930901820 are of DE, US."
    assert read(rule, account, numbers=()) == "Usage location DE; no number of a known country leads to it."
    assert read(rule, make_account(1, usage_location=None)) == "No usage location; its numbers are not known."


def test_a_live_user_is_said_to_be_live(
    read: Read, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    rule = "resource-account-deleted-with-number"
    assert read(rule, make_account(1)) == "Is a live user."
    said = read(rule, make_account(1), numbers=(make_number("+14255550100"),))
    assert said == "Is a live user; callers reach it by +14255550100."


def test_the_marker_is_there_or_was_lost_or_never_was(read: Read, make_account: Make, now: datetime) -> None:
    rule = "resource-account-vanished"
    assert read(rule, make_account(1)) == "Has Teams' department marker."
    lost = make_account(1, marked=False, marked_until=now)
    assert read(rule, lost) == "Has no department marker of Teams (lost it at 2026-11-20 10:00 UTC)."
    assert read(rule, make_account(1, marked=False)) == "Has no department marker of Teams (never seen with it)."


def test_the_states_of_numbers_are_read_failures_first(
    read: Read, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    rule = "number-assignment-failed"
    numbers = (make_number("+14255550100"), make_number("+14255550101", activation="assignmentFailed"))
    said = read(rule, make_account(1), numbers=numbers)
    assert said == "+14255550101 is assignmentFailed, +14255550100 is activated."
    assert read(rule, make_account(1), numbers=()) == "No number is assigned to it."
    assert read(rule, make_account(1)) == "Its numbers are not known."


def test_of_a_person_only_the_resource_account_licence_matters(read: Read, make_account: Make) -> None:
    rule = "person-holds-resource-account-licence"
    person = make_account(1, OWN, marked=False)
    assert read(rule, person) == "Is no resource account, and holds PHONESYSTEM_VIRTUALUSER."
    assert read(rule, make_account(1, PHONE, marked=False)) == (
        "Is no resource account, and holds no resource-account licence."
    )
    assert read(rule, make_account(1, OWN)) == "Is a resource account, which may hold the resource-account licence."
    assert read("resource-account-sign-in-enabled", person) == "Is no resource account."


NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TEXTS = st.sampled_from(("", " ", "a\nb", "Enabled", "Error", "None", "\u202e\0", "x" * 300, OWN)) | st.text(max_size=9)
SKU_IDS = st.sampled_from((OWN, PHONE, OTHER, "0e142028-345e-45da-8d92-8bfd4093bbb9")) | TEXTS
PLAN_IDS = st.sampled_from((plans.MCOEV, plans.MCOEV_VIRTUALUSER, plans.MCOEV_VIRTUALUSER_GOV)) | TEXTS


ACCOUNTS = st.builds(
    Account,
    id=st.just("account"),
    name=TEXTS,
    upn=TEXTS,
    enabled=st.none() | st.booleans(),
    department=st.none() | st.just(RESOURCE_ACCOUNT_DEPARTMENT) | TEXTS,
    usage_location=st.none() | TEXTS,
    licences=st.lists(st.builds(AssignedLicence, SKU_IDS, st.lists(PLAN_IDS, max_size=3).map(tuple)), max_size=5).map(
        tuple
    ),
    plans=st.lists(st.builds(AssignedPlan, PLAN_IDS, TEXTS), max_size=5).map(tuple),
    assignments=st.lists(
        st.builds(Assignment, sku_id=SKU_IDS, state=TEXTS, error=TEXTS, group=st.none() | TEXTS), max_size=5
    ).map(tuple),
    marked_until=st.none() | st.just(NOW),
    read_at=st.just(NOW),
)
NUMBERS = st.lists(
    st.builds(
        PhoneNumber,
        number=TEXTS,
        target=st.just("account") | st.none() | TEXTS,
        status=st.just(VOICE_APPLICATION) | TEXTS,
        activation=st.just("assignmentFailed") | TEXTS,
        country=st.none() | st.sampled_from(("DE", "us")) | TEXTS,
    ),
    max_size=5,
).map(tuple)
SKUS = st.lists(
    st.builds(
        Sku, id=SKU_IDS, part_number=TEXTS, plans=st.lists(st.builds(ServicePlan, PLAN_IDS), max_size=3).map(tuple)
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=200)
@given(
    account=ACCOUNTS,
    numbers=NUMBERS,
    skus=SKUS,
    policy=st.sampled_from(sorted(POLICIES)),
    numbers_read=st.booleans(),
)
def test_a_reading_is_one_line_that_ends_in_a_period_and_never_raises(
    account: Account, numbers: tuple[PhoneNumber, ...], skus: tuple[Sku, ...], policy: str, *, numbers_read: bool
) -> None:
    known = SourceState(state="complete", tried_at=NOW, complete_as_of=NOW)
    sources: dict[Source, SourceState] = {"accounts": known, "licences": known}
    if numbers_read:
        sources["numbers"] = known
    state = TenantState(
        tenant="tenant",
        accounts={account.id: account},
        numbers=numbers,
        skus=skus,
        sources=sources,
    )
    snapshot = Snapshot(state, now=NOW, policy=POLICIES[policy])
    for rule in RULES:
        if rule.reading is not None:
            said = rule.reading(snapshot, account)
            assert len(said.splitlines()) == 1, rule.id
            assert said.endswith("."), rule.id
            assert len(said) < 600, rule.id
