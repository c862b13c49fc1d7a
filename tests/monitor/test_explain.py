from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.directory import Account, Departed
from shared.model.errors import LinekeeperError, StoreError
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.monitor.assembly import remembered
from shared.monitor.baseline import read_everything
from shared.monitor.explain import Explained, explain_account
from shared.monitor.lookup import Digits, ids_of, nearest, telephone_number
from shared.monitor.monitor import Monitor
from shared.settings import Settings
from shared.state.sqlite import SqliteStore
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

SEATTLE = user_id("AA Main Line Seattle")
LONDON = user_id("AA Main Line London")
SPELLINGS = [
    "+14255550100",
    "+1 (425) 555-0100",
    "tel:+1-425-555-0100",
    "TEL:+14255550100",
    "001 425 555 0100",
    "1.425.555.0100",
    "(425) 555-0100",
    " +1\u00a0425\u2011555\u20110100 ",
]


@pytest.fixture
def reader(sim: SimulatorServer, make_monitor: Callable[..., Monitor]) -> Monitor:
    """A monitor without settings for telling anybody, that has read nothing yet."""
    return make_monitor(graph_url=sim.graph_url)


def somebody(sim: SimulatorServer) -> str:
    """The id of a person whom nothing makes the monitor follow."""
    return next(user.id for user in sim.tenant.users.values() if user.department == "Finance")


def state_of(explained: Explained, rule: str) -> str:
    return next(each.state for each in explained.explanation.rules if each.rule == rule)


@pytest.mark.parametrize(
    "text", [SEATTLE, SEATTLE.upper(), "AA-Main-Line-Seattle@Contoso.example", "aa main line SEATTLE ", *SPELLINGS]
)
async def test_an_account_is_found_by_id_upn_name_and_number_in_any_spelling(reader: Monitor, text: str) -> None:
    explained = await explain_account(reader, text)
    assert explained.explanation.account.id == SEATTLE
    assert not explained.is_blind


async def test_the_zero_that_is_dialled_at_home_only_does_no_harm(reader: Monitor) -> None:
    for text in ("+44 (0)20 7946 0000", "020 7946 0000", "0044 20 7946 0000"):
        assert (await explain_account(reader, text)).explanation.account.id == LONDON


async def test_a_person_who_is_not_followed_is_read_from_graph_by_id_and_by_upn(
    sim: SimulatorServer, reader: Monitor
) -> None:
    person = sim.tenant.users[somebody(sim)]
    for text in (person.id, person.user_principal_name):
        explanation = (await explain_account(reader, text)).explanation
        assert (explanation.account.id, explanation.account.kind) == (person.id, "person")
        assert explanation.account.licences == ("SPE_E5",)
        assert {each.state for each in explanation.rules} == {"does_not_hold", "skipped"}
    assert person.id not in (await reader.load()).accounts


async def test_a_deleted_account_is_found_by_its_number_and_by_its_id(sim: SimulatorServer, reader: Monitor) -> None:
    sim.tenant.soft_delete(LONDON)
    for text in ("+442079460000", LONDON, "AA Main Line London"):
        explained = await explain_account(reader, text)
        assert explained.explanation.account.kind == "deleted"
        assert state_of(explained, "resource-account-deleted-with-number") == "holds"


async def test_an_account_that_was_deleted_since_is_found_by_the_upn_it_had(
    sim: SimulatorServer, reader: Monitor, clock: Clock
) -> None:
    await read_everything(reader)
    clock.advance(minutes=1)
    sim.tenant.purge(SEATTLE)
    account = (await explain_account(reader, "aa-main-line-seattle@contoso.example")).explanation.account
    assert (account.id, account.kind, account.evidence) == (SEATTLE, "deleted", ("cannot be restored",))


async def test_somebody_deleted_whom_nobody_followed_is_found_by_id(sim: SimulatorServer, reader: Monitor) -> None:
    person = somebody(sim)
    sim.tenant.soft_delete(person)
    explanation = (await explain_account(reader, person)).explanation
    assert explanation.account.kind == "deleted"
    assert explanation.steps == ()


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("AA Main Line Seatle", "The nearest known is 'AA Main Line Seattle'."),
        ("aa-main-line-seatle@contoso.example", "The nearest known is 'aa-main-line-seattle@contoso.example'."),
        ("+14255550101", "The nearest known is '+14255550100'."),
        ("00000000-0000-0000-0000-000000000001", "no account is known by '00000000-"),
        ("", "no account is known by ''."),
        ("zzz\x1b[31m", r"no account is known by 'zzz\x1b[31m'. Give a user principal name"),
    ],
)
async def test_who_is_not_known_is_one_error_that_names_the_nearest(reader: Monitor, text: str, near: str) -> None:
    with pytest.raises(LinekeeperError) as raised:
        await explain_account(reader, text)
    assert near in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_a_name_that_several_have_lists_their_ids(sim: SimulatorServer, reader: Monitor) -> None:
    ids = sorted(user_id(name) for name in line_names()[:12])
    for each in ids:
        sim.tenant.set_property(each, "displayName", "Reception")
    with pytest.raises(LinekeeperError) as raised:
        await explain_account(reader, "reception")
    assert str(raised.value) == (
        f"'reception' may be any of 12 accounts: give one id of {', '.join(ids[:10])} and 2 more."
    )


async def test_a_name_that_a_deleted_account_had_too_lists_both(
    sim: SimulatorServer, reader: Monitor, clock: Clock
) -> None:
    await read_everything(reader)
    clock.advance(minutes=1)
    sim.tenant.soft_delete(LONDON)
    sim.tenant.set_property(SEATTLE, "displayName", "AA Main Line London")
    with pytest.raises(LinekeeperError, match=rf"{LONDON} \(deleted\), {SEATTLE}"):
        await explain_account(reader, "AA Main Line London")


async def test_while_graph_is_down_what_is_remembered_is_explained_and_said_to_be_old(
    sim: SimulatorServer, reader: Monitor
) -> None:
    await read_everything(reader)
    sim.graph.outage = 500
    explained = await explain_account(reader, SEATTLE)
    assert explained.is_blind
    assert explained.explanation.account.licences == ("PHONESYSTEM_VIRTUALUSER",)


async def test_while_graph_is_down_a_stranger_cannot_be_looked_up_and_the_error_says_why(
    sim: SimulatorServer, reader: Monitor
) -> None:
    sim.graph.outage = 500
    for text in (SEATTLE, "aa-main-line-seattle@contoso.example"):
        with pytest.raises(LinekeeperError, match=r"cannot be looked up: Microsoft Graph answered 500"):
            await explain_account(reader, text)


@pytest.mark.parametrize(
    ("text", "route", "said"),
    [
        ("AA Main Line Seattle", "GET users", "The accounts could not be read: Microsoft Graph refused the read (403"),
        ("+14255550100", "TeamsTelephoneNumber.Read.All", "The numbers could not be read: Microsoft Graph refused"),
    ],
)
async def test_who_is_not_found_because_nothing_could_be_read_is_not_said_to_be_nobody(
    sim: SimulatorServer, reader: Monitor, text: str, route: str, said: str
) -> None:
    sim.graph.deny(route)
    with pytest.raises(LinekeeperError) as raised:
        await explain_account(reader, text)
    assert said in str(raised.value)


async def test_a_number_is_not_looked_for_where_numbers_are_switched_off_and_the_error_says_so(
    sim: SimulatorServer, make_monitor: Callable[..., Monitor]
) -> None:
    with pytest.raises(LinekeeperError, match=r"The numbers are not read\."):
        await explain_account(make_monitor(graph_url=sim.graph_url, numbers=False), "+14255550100")


async def test_one_user_whom_graph_fails_to_give_is_not_said_to_be_unknown(
    sim: SimulatorServer, reader: Monitor
) -> None:
    sim.graph.refusals["GET users/{id}"] = 503
    with pytest.raises(LinekeeperError, match="cannot be looked up"):
        await explain_account(reader, somebody(sim))


async def test_the_history_of_licences_comes_from_the_stored_document_and_none_is_written(
    sim: SimulatorServer, reader: Monitor, clock: Clock, tmp_path: Path
) -> None:
    await read_everything(reader)
    clock.advance(minutes=1)
    path = tmp_path / "linekeeper.db"
    state = await reader.load()
    assert await SqliteStore(path).save(state, "")
    written = path.read_bytes()
    store = await remembered(Settings(tenant=TENANT_ID, store=f"sqlite:{path}"))
    assert (await store.load(TENANT_ID)).state == state
    sim.tenant.remove_license(SEATTLE, RESOURCE_ACCOUNT)
    explained = await explain_account(msgspec.structs.replace(reader, store=store), SEATTLE)
    assert state_of(explained, "resource-account-unlicensed") == "holds"
    assert path.read_bytes() == written


async def test_where_nothing_is_stored_no_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "linekeeper.db"
    store = await remembered(Settings(tenant=TENANT_ID, store=f"sqlite:{path}"))
    assert (await store.load(TENANT_ID)).version == ""
    assert not path.exists()


async def test_a_stored_document_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "linekeeper.db"
    path.write_bytes(b"no database at all, and longer than its header" * 4)
    with pytest.raises(StoreError, match="LINEKEEPER_STORE"):
        await remembered(Settings(tenant=TENANT_ID, store=f"sqlite:{path}"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+1 425 555 0100", Digits("14255550100", whole=True)),
        ("tel:+14255550100;ext=12", Digits("14255550100", "12", whole=True)),
        ("0044 (0)20 7946 0000", Digits("442079460000", whole=True)),
        ("0421 / 55 01 00", Digits("0421550100")),
        ("Reception 2", None),
        ("12", None),
        ("+", None),
        ("", None),
        ("1234567890123456", None),
    ],
)
def test_a_telephone_number_is_read_in_any_common_spelling(text: str, number: Digits | None) -> None:
    assert telephone_number(text) == number


@given(
    st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True),
    st.lists(st.sampled_from(["", " ", "-", ".", " - ", "(", ") "]), min_size=15, max_size=15),
)
def test_spacing_inside_a_number_changes_nothing(digits: str, spacing: list[str]) -> None:
    spelt = "+" + "".join(f"{digit}{space}" for digit, space in zip(digits, spacing, strict=False))
    if "(0)" not in spelt:
        assert telephone_number(spelt) == Digits(digits, whole=True)


def test_an_extension_that_is_said_must_be_the_numbers_own(
    make_state: Callable[..., TenantState], make_number: Callable[..., PhoneNumber], make_guid: Callable[[int], str]
) -> None:
    state = make_state(numbers=(make_number("+14255550100;ext=1", 1), make_number("+14255550100;ext=2", 2)))
    assert ids_of(state, "+1 425 555 0100;ext=2", {}) == (make_guid(2),)
    assert ids_of(state, "+1 425 555 0100", {}) == (make_guid(1), make_guid(2))
    assert ids_of(state, "+1 425 555 0100;ext=3", {}) == ()


def test_a_number_with_its_country_is_not_taken_for_the_end_of_another(
    make_state: Callable[..., TenantState], make_number: Callable[..., PhoneNumber], make_guid: Callable[[int], str]
) -> None:
    state = make_state(numbers=(make_number("+14255550100", 1),))
    assert ids_of(state, "4255550100", {}) == (make_guid(1),)
    assert ids_of(state, "+4255550100", {}) == ()
    assert ids_of(state, "550100", {}) == ()


def test_a_name_that_looks_like_a_number_is_found_where_no_number_is(
    make_state: Callable[..., TenantState], make_account: Callable[..., Account], make_guid: Callable[[int], str]
) -> None:
    assert ids_of(make_state(make_account(1, name="4711")), "4711", {}) == (make_guid(1),)


def test_the_upn_of_a_live_account_is_surer_than_the_one_that_a_deleted_one_had(
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_guid: Callable[[int], str],
) -> None:
    live, gone = make_account(1, upn="main@contoso.example"), make_account(2, upn="main@contoso.example")
    departed = {gone.id: Departed(id=gone.id, read_at=gone.read_at)}
    assert ids_of(make_state(live, departed=departed), "main@contoso.example", {gone.id: gone}) == (make_guid(1),)
    assert ids_of(make_state(departed=departed), "main@contoso.example", {gone.id: gone}) == (make_guid(2),)


def test_an_account_that_was_renamed_is_not_found_by_the_upn_that_somebody_else_may_have_now(
    make_state: Callable[..., TenantState], make_account: Callable[..., Account]
) -> None:
    before, now = make_account(1, upn="old@contoso.example"), make_account(1, upn="new@contoso.example")
    assert ids_of(make_state(now), "old@contoso.example", {before.id: before}) == ()


def test_nothing_is_near_where_nothing_is_known(make_state: Callable[..., TenantState]) -> None:
    assert nearest(make_state(), "AA Main Line") == ""
