from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import simulator
from shared.cli.what_if import ANSWERED, BLIND, day, run_what_if, seat_change
from shared.licensing.forecast import SeatChange
from shared.model.errors import LinekeeperError, SettingsError
from simulator.contoso import RESOURCE_ACCOUNT, user_id

NOW = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
SKU_ID = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer) -> dict[str, str]:
    return {"LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id, "LINEKEEPER_GRAPH_URL": contoso.graph_url}


@pytest.fixture
def priced(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "linekeeper.toml"
    path.write_text('[price]\nlicence = 8.25\ncurrency = "EUR"\n', encoding="utf-8")
    return {**environment, "LINEKEEPER_CONFIG": str(path)}


async def asked(
    environment: dict[str, str], *seats: str, add_accounts: int = 0, on: str | None = None, as_json: bool = True
) -> int:
    """The command in a thread of its own, since it runs a loop of its own."""
    return await asyncio.to_thread(
        run_what_if, environment, seats=seats, add_accounts=add_accounts, on=on, as_json=as_json
    )


@pytest.fixture
def document(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[[], Any]:
    """The one JSON document on standard output."""
    return lambda: json.loads(capsysbinary.readouterr().out)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """The lines on standard output."""
    return lambda: [line.rstrip() for line in capsys.readouterr().out.splitlines()]


async def test_json_has_both_allocations_what_changes_and_whom_it_concerns(
    environment: dict[str, str], document: Callable[[], Any]
) -> None:
    assert await asked(environment, "spe_e5=-400", "+10", add_accounts=10) == ANSWERED
    answer = document()
    assert set(answer) == {"schema", "today", "then", "changes", "affected"}
    assert answer["schema"] == 1
    by_sku = {row["part_number"]: row["counted"] for row in answer["then"].pop("by_sku")}
    assert answer["then"] == {
        "policy": "2023-shared-devices",
        "qualifying": 210,
        "entitled": 46,
        "owned": 85,
        "assigned": 85,
        "needed": 100,
        "free_to_claim": 0,
        "to_buy": 15,
        "paid": 39,
        "spare": 0,
        "seats_to_next": 10,
        "seats_to_lose": 0,
    }
    assert by_sku == {"SPE_E5": 100, "MCOCAP": 100, "PHONESYSTEM_VIRTUALUSER": 0}
    assert (answer["today"]["entitled"], answer["today"]["to_buy"]) == (85, 5)
    assert [(change["kind"], change["sku_id"], change["by"]) for change in answer["changes"]] == [
        ("seats", None, 10),
        ("seats", SKU_ID, -400),
        ("accounts", None, 10),
    ]
    assert [each["effect"] for each in answer["affected"]] == ["has-no-licence"] * 5 + [
        "could-give-its-licence-back"
    ] * 70
    assert answer["affected"][0].keys() == {"effect", "id", "name", "upn", "numbers", "why"}


async def test_where_nothing_is_assumed_then_is_today(environment: dict[str, str], document: Callable[[], Any]) -> None:
    assert await asked(environment) == ANSWERED
    answer = document()
    assert answer["then"] == answer["today"]
    assert answer["changes"] == []


async def test_a_day_after_all_terms_leaves_nothing_and_names_every_holder(
    contoso: simulator.SimulatorServer, environment: dict[str, str], document: Callable[[], Any]
) -> None:
    ends = next(iter(contoso.tenant.purchases.values())).next_lifecycle_date_time
    assert ends is not None
    assert await asked(environment, on=f"{ends.date() - timedelta(days=1)}") == ANSWERED
    assert document()["changes"] == []
    assert await asked(environment, on=f"{ends.date()}") == ANSWERED
    answer = document()
    assert {change["part_number"]: change["by"] for change in answer["changes"]} == {
        "SPE_E5": -500,
        "MCOCAP": -100,
        "PHONESYSTEM_VIRTUALUSER": -85,
    }
    assert all(change["ends"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}" for change in answer["changes"])
    assert (answer["then"]["entitled"], answer["then"]["owned"], answer["then"]["to_buy"]) == (0, 0, 90)
    losing = [each for each in answer["affected"] if each["effect"] == "may-lose-its-licence"]
    assert len(losing) == 85
    with_number = [bool(each["numbers"]) for each in losing]
    assert with_number == sorted(with_number)
    assert sum(with_number) == 15


async def test_people_get_the_verdict_first_then_the_figures_and_what_to_do(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    assert await asked(environment, "-400", as_json=False) == ANSWERED
    lines = printed()
    assert lines[0] == "The allocation would fall from 85 to 45: 45 licences would have to be paid for instead of 5."
    rows = {tuple(line.split()[:-3]): line.split()[-3:] for line in lines if line.startswith("  ")}
    assert rows["Entitled",] == ["85", "45", "-40"]
    assert rows["Qualifying", "seats"] == ["600", "200", "-400"]
    assert "  Needed                                                  90      90" in lines
    to_do = lines.index("What to do")
    assert lines[to_do + 1] == ("  Buy 5 Teams Phone Resource Account licences, or delete accounts that nothing uses.")
    assert lines[to_do + 2].startswith("  Budget for 40 owned licences beyond the allocation: all would be needed.")
    assert "  -400: assumed qualifying seats, whatever their SKU" in lines


async def test_people_see_20_accounts_under_a_heading_and_how_many_more_there_are(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    await asked(environment, "-400", as_json=False)
    lines = printed()
    start = lines.index("Could give their licence back before one is paid for (70)")
    assert sum(line.startswith("    ") for line in lines[start:]) == 20
    assert lines[-1] == "  and 50 more; --json names all"


async def test_free_licences_are_to_be_ordered_at_price_zero(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    await asked(environment, "MCOCAP=+50", as_json=False)
    lines = printed()
    assert lines[0] == ("The allocation would rise from 85 to 90: no licence would have to be paid for, instead of 5.")
    assert lines[lines.index("What to do") + 1] == (
        "  Order 5 Teams Phone Resource Account licences at price zero, where the phone licences were bought."
    )
    assert "  +50 MCOCAP: assumed seats, which count towards the allocation" in lines
    assert "  holds no licence: one more can be claimed at price zero:" in lines


async def test_where_all_is_well_there_is_nothing_to_do(
    contoso: simulator.SimulatorServer, environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    contoso.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
    await asked(environment, "+50", as_json=False)
    lines = printed()
    assert lines[lines.index("What to do") + 1] == "  Nothing."


async def test_licences_in_use_that_go_are_in_the_verdict(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    await asked(environment, "PHONESYSTEM_VIRTUALUSER=-1", as_json=False)
    assert printed()[0] == (
        "The allocation would stay at 85: 5 licences would have to be paid for, as today. "
        "1 licence in use would have no unit left."
    )


async def test_what_ends_by_a_day_is_said_with_the_condition_that_it_is_not_renewed(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    await asked(environment, on="2999-12-31", as_json=False)
    lines = printed()
    assert sum("ends on" in line and line.endswith("if it is not renewed") for line in lines) == 3
    assert any("nothing that ends was renewed" in line for line in lines)


async def test_a_day_by_which_nothing_ends_says_so(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    today = datetime.now(UTC).date()
    await asked(environment, on=f"{today}", as_json=False)
    assert f"  By the end of {today} (UTC) no subscription of a phone licence ends." in printed()


async def test_money_is_named_where_a_price_is_set(priced: dict[str, str], printed: Callable[[], list[str]]) -> None:
    await asked(priced, "-400", as_json=False)
    text = "\n".join(printed())
    assert "Buy 5 Teams Phone Resource Account licences (41.25 EUR a month), or" in text
    assert "Budget for 40 owned licences beyond the allocation (330.00 EUR a month): " in text


async def test_what_to_buy_is_named_as_the_policy_has_it(
    environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    await asked({**environment, "LINEKEEPER_POLICY": "2019-07-virtual-user"}, "-500", add_accounts=120, as_json=False)
    bought = [line for line in printed() if line.startswith("  Buy ")]
    assert len(bought) == 1
    assert "Phone System user licences, or delete" in bought[0]


async def test_json_has_the_cost_where_a_price_is_set(priced: dict[str, str], document: Callable[[], Any]) -> None:
    await asked(priced, "-400")
    assert document()["cost"] == {
        "currency": "EUR",
        "per": "month",
        "today": {"to_buy": "41.25", "paid": "0.00"},
        "then": {"to_buy": "41.25", "paid": "330.00"},
    }


async def test_a_name_is_never_read_as_markup(
    contoso: simulator.SimulatorServer, environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    hostile = "[bold red]Free[/] calls [link=https://x]here[/link]"
    contoso.tenant.set_property(user_id("AA After Hours Lisbon"), "displayName", hostile)
    await asked(environment, as_json=False)
    assert any(hostile in line for line in printed())


async def test_where_numbers_may_not_be_read_that_is_said_and_nobody_is_taken_for_one_without(
    contoso: simulator.SimulatorServer, environment: dict[str, str], printed: Callable[[], list[str]]
) -> None:
    contoso.graph.faults.add(simulator.DeniedFault(permission="TeamsTelephoneNumber.Read.All"))
    assert await asked(environment, "-400", as_json=False) == ANSWERED
    lines = printed()
    assert any(line.startswith("  Which accounts have a number is not known: ") for line in lines)
    assert not any(line.startswith("Could give their licence back") for line in lines)


async def test_graph_that_is_down_exits_with_2_and_says_which_source_and_why(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    contoso.graph.outage = 500
    assert await asked(environment, "+10", as_json=False) == BLIND
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "Nothing can be said: the tenant could not be read completely."
    assert [line.split(":")[0] for line in lines[1:]] == ["  licences failed", "  accounts failed"]
    assert all("Microsoft Graph answered 500" in line for line in lines[1:])
    assert captured.err == ""


async def test_graph_that_is_down_keeps_the_shape_of_the_json(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.graph.outage = 500
    assert await asked(environment, "+10") == BLIND
    captured = capsysbinary.readouterr()
    answer = json.loads(captured.out)
    assert (answer["today"], answer["then"], answer["changes"], answer["affected"]) == (None, None, [], [])
    assert answer["sources"]["accounts"]["state"] == "failed"
    assert "Microsoft Graph answered 500" in answer["sources"]["accounts"]["problem"]
    assert captured.err == b""


async def test_a_sku_that_nobody_knows_is_refused_with_the_nearest_name(environment: dict[str, str]) -> None:
    with pytest.raises(LinekeeperError, match=r"^no SKU is called 'MCOCAPP'; did you mean MCOCAP\?$"):
        await asked(environment, "MCOCAPP=+1")


async def test_more_seats_than_there_are_cannot_go(environment: dict[str, str]) -> None:
    with pytest.raises(LinekeeperError, match=r"^501 seats of SPE_E5 cannot go: there are 500\.$"):
        await asked(environment, "SPE_E5=-501")


async def test_settings_are_checked_before_what_is_assumed_and_both_before_graph_is_asked(
    contoso: simulator.SimulatorServer, environment: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="LINEKEEPER_POLICY"):
        await asked({**environment, "LINEKEEPER_POLICY": "none"}, "nonsense")
    with pytest.raises(LinekeeperError, match="--seats takes"):
        await asked(environment, "nonsense")
    with pytest.raises(LinekeeperError, match="--on takes"):
        await asked(environment, on="tomorrow")
    with pytest.raises(LinekeeperError, match="--add-accounts takes a number from 0 to 9,999,999, not -1"):
        await asked(environment, add_accounts=-1)
    assert not contoso.graph.requests


@pytest.mark.parametrize(
    ("typed", "change"),
    [
        ("+50", SeatChange(by=50)),
        ("50", SeatChange(by=50)),
        (" -400 ", SeatChange(by=-400)),
        ("\N{MINUS SIGN}400", SeatChange(by=-400)),
        ("MCOEV=-400", SeatChange(by=-400, sku="MCOEV")),
        ("MCOEV = +0", SeatChange(by=0, sku="MCOEV")),
        (f"{SKU_ID}=+10", SeatChange(by=10, sku=SKU_ID)),
        (
            "O365_w/o_Teams_Bundle_M5_(500_seats_min)_HUB=+1",
            SeatChange(by=1, sku="O365_w/o_Teams_Bundle_M5_(500_seats_min)_HUB"),
        ),
    ],
)
def test_seats_are_taken_with_or_without_a_sku(typed: str, change: SeatChange) -> None:
    assert seat_change(typed) == change


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "MCOEV",
        "MCOEV=50",
        "=+5",
        "MCOEV=",
        "+5.5",
        "+-5",
        "+1e3",
        "+\N{ARABIC-INDIC DIGIT FIVE}",
        "+10000000",
    ],
)
def test_seats_in_another_form_are_refused_with_what_was_typed(typed: str) -> None:
    with pytest.raises(LinekeeperError) as raised:
        seat_change(typed)
    assert repr(typed) in str(raised.value)
    assert "MCOEV=-400" in str(raised.value)


def test_a_day_is_today_by_utc_or_one_to_come() -> None:
    assert day("2026-11-20", NOW) == date(2026, 11, 20)
    assert day(" 9999-12-31 ", NOW) == date(9999, 12, 31)


def test_a_day_that_is_over_is_refused_with_todays() -> None:
    with pytest.raises(LinekeeperError, match=r"2026-11-19 is over: it is 2026-11-20 \(UTC\)"):
        day("2026-11-19", NOW)


@pytest.mark.parametrize("typed", ["", "tomorrow", "20270331", "2027-3-31", "31.03.2027", "2027-02-30", "2027-W13-3"])
def test_what_is_no_day_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(LinekeeperError) as raised:
        day(typed, NOW)
    assert "such as 2027-03-31" in str(raised.value)
