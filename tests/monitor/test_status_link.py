"""A card's link to the status page: for one tenant, for a day, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from shared.model.secret import Secret
from shared.monitor.silence_link import LIFETIME, Access, Grant, Refused, granted, link_key, sign
from shared.monitor.status_link import may_view, status_token, status_url

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT, OTHER = "84bd8158-6d4d-4958-8b9f-9d6445542f95", "94bd8158-6d4d-4958-8b9f-9d6445542f95"
KEY = link_key(b"a client state of forty characters, fully")
ACCESS = Access(tenant=TENANT, link_key=KEY, api_key=Secret("key"))
TOKEN = status_token(KEY, TENANT, NOW)


def opens(token: str, access: Access = ACCESS, now: datetime = NOW) -> bool:
    return isinstance(may_view(access, token=token, now=now), Grant)


def test_the_link_names_its_tenant_and_works_for_a_day() -> None:
    url = urlsplit(status_url("https://lines.contoso.example/", KEY, TENANT, NOW))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://lines.contoso.example/api/status/view"
    query = parse_qs(url.query)
    assert query["tenant"] == [TENANT]
    (token,) = query["token"]
    assert opens(token)
    assert opens(token, now=NOW + LIFETIME - timedelta(seconds=1))
    assert may_view(ACCESS, token=token, now=NOW + LIFETIME) == Refused(expired=True)


def test_a_cards_button_takes_the_whole_link() -> None:
    assert len(status_url("https://" + "a" * 200 + ".example", KEY, TENANT, NOW)) < 800


def test_it_opens_the_page_of_no_other_tenant_and_under_no_other_key() -> None:
    assert not opens(TOKEN, Access(tenant=OTHER, link_key=KEY))
    assert not opens(TOKEN, Access(tenant=TENANT, link_key=link_key(b"another")))
    assert not opens(TOKEN, Access(tenant=TENANT))


def test_a_link_signed_with_the_key_before_this_one_is_good_for_its_day() -> None:
    assert opens(TOKEN, Access(tenant=TENANT, link_key=link_key(b"another"), former_link_keys=(KEY,)))


def test_a_link_that_silences_shows_no_status_and_a_link_to_the_status_silences_nothing() -> None:
    for named in ((), ("status",), ("resource-account-unlicensed|1|",)):
        assert not opens(sign(KEY, TENANT, named, NOW + LIFETIME))
    assert granted(ACCESS, token=TOKEN, api_key="", now=NOW) == Refused()


def test_the_key_of_the_silences_opens_no_status_without_a_token() -> None:
    assert not opens("")
    assert not opens("key")


@given(st.text(max_size=200) | st.text("ABCDabcd0123-_=", max_size=5000))
def test_no_text_breaks_the_check(token: str) -> None:
    assert not opens(token)


@given(st.integers(0, len(TOKEN) - 3), st.sampled_from("ABCabc019-_"))
def test_a_token_changed_anywhere_opens_nothing(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert opens(changed) == (changed == TOKEN)
