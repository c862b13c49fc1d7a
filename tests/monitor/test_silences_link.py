"""The links by which people silence a finding: signed, for one finding and one tenant, and for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.secret import Secret
from shared.monitor.silence_link import (
    LIFETIME,
    MAX_TOKEN,
    Access,
    Grant,
    Refused,
    access_of,
    granted,
    link_key,
    sign,
    silence_url,
)
from shared.settings import Settings

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT, OTHER = "84bd8158-6d4d-4958-8b9f-9d6445542f95", "94bd8158-6d4d-4958-8b9f-9d6445542f95"
FINDING = "resource-account-unlicensed|5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11|"
KEY = link_key(b"a client state of forty characters, fully")
ACCESS = Access(tenant=TENANT, link_key=KEY)
TOKEN = sign(KEY, TENANT, [FINDING], NOW + LIFETIME)


def with_token(token: str, access: Access = ACCESS, now: datetime = NOW) -> Grant | Refused:
    return granted(access, token=token, api_key="", now=now)


def test_a_link_leads_to_the_page_and_grants_its_finding_for_a_day() -> None:
    url = urlsplit(silence_url("https://lines.contoso.example/", KEY, TENANT, [FINDING], NOW))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://lines.contoso.example/api/silences"
    (token,) = parse_qs(url.query)["token"]
    assert with_token(token) == Grant((FINDING,))
    assert with_token(token, now=NOW + LIFETIME - timedelta(seconds=1)) == Grant((FINDING,))
    assert with_token(token, now=NOW + LIFETIME) == Refused(expired=True)


def test_a_link_of_another_tenant_or_key_opens_nothing() -> None:
    assert with_token(sign(KEY, OTHER, [FINDING], NOW + LIFETIME)) == Refused()
    assert with_token(sign(link_key(b"another"), TENANT, [FINDING], NOW + LIFETIME)) == Refused()
    assert with_token(TOKEN, Access(tenant=OTHER, link_key=KEY)) == Refused()


def test_the_secret_itself_signs_no_link() -> None:
    secret = b"a client state of forty characters, fully"
    assert with_token(sign(secret, TENANT, [FINDING], NOW + LIFETIME)) == Refused()


def test_without_a_link_key_no_link_opens_anything() -> None:
    assert with_token(TOKEN, Access(tenant=TENANT)) == Refused()
    assert with_token(sign(b"", TENANT, [FINDING], NOW + LIFETIME), Access(tenant=TENANT)) == Refused()
    with pytest.raises(ValueError, match="an empty secret makes no key"):
        link_key(b"")


keys = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(st.lists(keys, min_size=1, max_size=20), st.integers(0, 2**33))
def test_any_finding_keys_come_back_as_they_were(findings: list[str], seconds: int) -> None:
    token = sign(KEY, TENANT, findings, datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=1))
    came_back = with_token(token, now=datetime.fromtimestamp(seconds, UTC))
    assert came_back == (Grant(tuple(findings)) if len(token) <= MAX_TOKEN else Refused())


@given(st.integers(0, len(TOKEN) - 3), st.sampled_from("ABCabc019-_"))
def test_a_token_changed_anywhere_opens_nothing(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert with_token(changed) == (Grant((FINDING,)) if changed == TOKEN else Refused())


@given(st.text(max_size=200) | st.text("ABCDabcd0123-_=", max_size=5000))
def test_no_text_breaks_the_check(token: str) -> None:
    assert with_token(token) == Refused()


@given(st.integers(0, len(TOKEN)))
def test_a_part_of_a_token_opens_nothing(length: int) -> None:
    assert with_token(TOKEN[:length]) == (Grant((FINDING,)) if length == len(TOKEN) else Refused())


@pytest.mark.parametrize(
    ("expected", "given_key", "answer"),
    [
        (Secret("key"), "key", Grant()),
        (Secret("key"), "Key", Refused()),
        (Secret("key"), "", Refused()),
        (Secret("key"), "\u00e9\udc80", Refused()),
        (Secret(""), "", Refused()),
        (None, "key", Refused()),
        (None, "", Refused()),
    ],
)
def test_the_services_key_grants_everything_where_there_is_one(
    expected: Secret | None, given_key: str, answer: Grant | Refused
) -> None:
    assert granted(Access(tenant=TENANT, api_key=expected), token="", api_key=given_key, now=NOW) == answer


def test_the_key_counts_for_more_than_a_bad_token() -> None:
    access = Access(tenant=TENANT, link_key=KEY, api_key=Secret("key"))
    assert granted(access, token="nonsense", api_key="key", now=NOW) == Grant()
    assert granted(access, token=TOKEN, api_key="wrong", now=NOW) == Grant((FINDING,))


STATE = Secret("a client state of forty characters, fully")
FORMER = Secret("the client state that there was before it")
OWN = Secret("a key of their own, which nobody else knows")


def test_links_are_signed_with_a_key_made_of_the_client_state_and_of_nothing_where_there_is_none() -> None:
    assert access_of(Settings(tenant=TENANT, client_state=STATE)) == ACCESS
    assert access_of(Settings(tenant=TENANT)).link_keys == ()


def test_a_link_outlives_the_change_of_the_client_state_for_its_day() -> None:
    before = access_of(Settings(tenant=TENANT, client_state=FORMER))
    after = access_of(Settings(tenant=TENANT, client_state=STATE, previous_client_state=FORMER))
    assert before.link_key is not None
    old = sign(before.link_key, TENANT, [FINDING], NOW + LIFETIME)
    assert with_token(old, after) == Grant((FINDING,))
    assert with_token(old, after, NOW + LIFETIME) == Refused(expired=True)
    assert with_token(TOKEN, after) == Grant((FINDING,))
    assert after.link_key == KEY
    assert with_token(old, access_of(Settings(tenant=TENANT, client_state=STATE))) == Refused()


def test_links_with_a_key_of_their_own_are_signed_with_nothing_that_graph_knows() -> None:
    access = access_of(
        Settings(tenant=TENANT, link_key=OWN, client_state=STATE, previous_client_state=FORMER, api_key=None)
    )
    assert access.link_keys == (link_key(OWN.reveal().encode()),)
    assert with_token(TOKEN, access) == Refused()
    assert with_token(sign(access.link_keys[0], TENANT, [FINDING], NOW + LIFETIME), access) == Grant((FINDING,))
    assert access_of(Settings(tenant=TENANT, link_key=OWN)) == access


def test_the_services_key_is_that_of_the_settings() -> None:
    access = access_of(Settings(tenant=TENANT, api_key=OWN))
    assert granted(access, token="", api_key=OWN.reveal(), now=NOW) == Grant()
    assert granted(access, token="", api_key="", now=NOW) == Refused()
