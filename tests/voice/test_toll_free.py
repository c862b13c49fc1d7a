"""Which numbers cost their callers nothing: examples from the published plans, and their paid neighbours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.voice.toll_free import TOLL_FREE, TollFreeRange, is_toll_free


@pytest.mark.parametrize(
    "number",
    [
        *(f"+1{code}5550100" for code in ("800", "833", "844", "855", "866", "877", "888")),
        "+448000480408",
        "+44800111111",
        "+448081570192",
        "+498001234567",
        "+33800123456",
        "+39800123456",
        "+34900123456",
        "+351800123456",
        "+318001234567",
        "+3280012345",
        "+41800123456",
        "+43800123456",
        "+3531800123456",
        "+4580123456",
        "+46201234567",
        "+4780012345",
        "+61180012345" + "6",
        "+64800123456",
        "+81120123456",
        "+6580012345" + "67",
        "+80012345678",
    ],
)
def test_a_number_of_a_toll_free_range_is_toll_free(number: str) -> None:
    assert is_toll_free(number)


@pytest.mark.parametrize(
    "number",
    [
        "+14255550100",
        "+18085550100",
        "+19005550100",
        "+442079460000",
        "+448451234567",
        "+493023125000",
        "+4980012",
        "+33199000000",
        "+33810123456",
        "+34910000100",
        "+3280212345",
        "+6580123456",
        "+35280012",
        "+61255500000",
        "+611300123456",
        "+46812345678",
        "+8001234567",
        "+80012",
    ],
)
def test_a_local_a_mobile_or_a_shared_cost_number_is_not_toll_free(number: str) -> None:
    assert not is_toll_free(number)


@pytest.mark.parametrize("number", ["tel:+18005550100", "+1 (800) 555-0100", "+1-800-555-0100;ext=12"])
def test_separators_and_extensions_do_not_matter(number: str) -> None:
    assert is_toll_free(number)


@pytest.mark.parametrize(
    "number", ["", "+", "800", "0800 111", "sip:+18005550100@contoso.example", "8005550", "\N{DIGIT ONE}"]
)
def test_what_is_no_international_number_is_not_toll_free(number: str) -> None:
    assert not is_toll_free(number)


@given(st.sampled_from(TOLL_FREE), st.data())
def test_every_number_of_a_listed_range_is_toll_free_and_a_shorter_one_is_not(
    of: TollFreeRange, data: st.DataObject
) -> None:
    digits = data.draw(st.integers(of.shortest, of.longest))
    missing = digits - (len(of.prefix) - 1)
    rest = data.draw(st.text("0123456789", min_size=missing, max_size=missing))
    assert is_toll_free(of.prefix + rest)
    longest_of_all = max(each.longest for each in TOLL_FREE)
    assert not is_toll_free((of.prefix + rest).ljust(longest_of_all + 2, "0"))


@given(st.text(max_size=40))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_toll_free(text) in {True, False}


def test_a_dozen_countries_and_more_are_listed_by_their_codes() -> None:
    places = {each.place for each in TOLL_FREE}
    assert len(places) > 40
    assert all(re.fullmatch("[A-Z]{2}|NANP|UIFN", place) for place in places)


def test_every_range_begins_with_its_country_code_and_has_numbers_in_it() -> None:
    for each in TOLL_FREE:
        assert re.fullmatch(r"\+[1-9][0-9]+", each.prefix)
        assert len(each.prefix) - 1 < each.shortest <= each.longest <= 17


def test_no_range_is_listed_twice() -> None:
    assert len(TOLL_FREE) == len({(each.prefix, each.shortest, each.longest) for each in TOLL_FREE})
