from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.addresses import (
    BOT_DOMAINS,
    BOT_HOSTS,
    CONNECTOR_IS_RETIRED,
    GRAPH_ONLY_MIGRATES,
    WORKFLOWS_DOMAINS,
    Kind,
    is_loopback,
    is_suffix,
    why_not,
)

KINDS: tuple[Kind, ...] = ("workflows", "bot", "webhook", "alertmanager")
OPEN: tuple[Kind, ...] = ("webhook", "alertmanager")
LISTED: tuple[Kind, ...] = ("workflows", "bot")


@pytest.mark.parametrize(
    "url",
    [
        "https://prod-1.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?sig=hush",
        "https://default84bd81586d4d49588b9f9d6445542f.95.environment.api.powerplatform.com:443/powerautomate/x?sig=hush",
        "https://PROD-1.westeurope.LOGIC.azure.com/workflows/abc?sig=hush",
        "https://prod-1.westeurope.logic.azure.com./workflows/abc?sig=hush",
    ],
)
def test_what_power_automate_gives_out_is_an_address(url: str) -> None:
    assert why_not(url, "workflows") == ""
    assert why_not(url, "bot") != ""


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/teams/",
        "https://smba.trafficmanager.net/amer/84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "https://smba.infra.gcc.teams.microsoft.com/teams",
        "https://smba.infra.gov.teams.microsoft.us/teams",
        "https://smba.infra.dod.teams.microsoft.us/teams",
        "https://webchat.botframework.com/",
    ],
)
def test_the_bot_connector_of_each_cloud_is_an_address(url: str) -> None:
    assert why_not(url, "bot") == ""
    assert why_not(url, "workflows") != ""


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/x", "https://lines:hush@am.internal:9093", "https://10.0.0.1/"]
)
def test_other_receivers_may_be_anywhere_by_https(kind: Kind, url: str) -> None:
    assert why_not(url, kind) == ""


@pytest.mark.parametrize("kind", LISTED)
@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "logic.azure.com.example.com",
        "evillogic.azure.com",
        "evil-smba.trafficmanager.net",
        "evil.smba.trafficmanager.net",
        "evil.trafficmanager.net",
        "smba.trafficmanager.net.example.com",
        "10.0.0.1",
        "[::1]",
        "azure.com",
    ],
)
def test_a_host_that_only_looks_like_theirs_is_refused(kind: Kind, host: str) -> None:
    assert "its host is none of" in why_not(f"https://{host}/x?sig=hush", kind)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com\\.logic.azure.com/x",
        "https://example.com%2f.logic.azure.com/x",
        "https://example.com\n.logic.azure.com/x",
        "https://example.com\t.logic.azure.com/x",
        "https://logic.azure.com /x",
        "https://l\u043egic.azure.com/x",
        "https://..logic.azure.com/x",
        "https:///x",
        "https://[::1/x",
        "https://logic.azure.com:port/x",
        "https://logic.azure.com:99999/x",
        "ftp://logic.azure.com/x",
        "logic.azure.com/x",
        "",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_parsers_may_read_differently_is_no_url(kind: Kind, url: str) -> None:
    assert why_not(url, kind, local=True) == "this is no URL of the form https://HOST/…"


@pytest.mark.parametrize(
    "url",
    ["https://x@logic.azure.com/", "https://logic.azure.com:hush@example.com/", "https://:hush@logic.azure.com/"],
)
def test_a_user_name_in_a_webhook_of_teams_is_refused(url: str) -> None:
    assert why_not(url, "workflows") == "a user name has no place in this URL"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "url",
    [
        "https://contoso.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
        "https://contoso.WEBHOOK.office.com./webhookb2/1",
        "https://outlook.office.com/webhook/1@2/IncomingWebhook/3/4",
        "https://outlook.office365.com/webhook/1",
        "http://outlook.office.com/webhook/1",
    ],
)
def test_a_retired_connector_is_refused_with_the_way_out(kind: Kind, url: str) -> None:
    assert why_not(url, kind, hosts=("office.com",), local=True) == CONNECTOR_IS_RETIRED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/v1.0/teams/1/channels/19:x@thread.tacv2/messages",
        "https://graph.microsoft.us/v1.0/teams/1/channels/2/messages/",
        "https://graph.microsoft.com/beta/chats/1/messages?x=1",
    ],
)
def test_messages_through_graph_are_refused_with_the_way_out(kind: Kind, url: str) -> None:
    assert why_not(url, kind, hosts=("microsoft.com",)) == GRAPH_ONLY_MIGRATES


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x?sig=1", "http://localhost/x", "http://[::1]:1/", "https://127.0.0.1/"]
)
def test_this_machine_is_an_address_only_beside_a_local_graph(kind: Kind, url: str) -> None:
    assert why_not(url, kind, local=True) == ""
    if url.startswith("http:"):
        assert "only https" in why_not(url, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "10.0.0.1", "x.logic.azure.com"])
def test_plain_http_elsewhere_is_refused_even_then(kind: Kind, host: str) -> None:
    assert "only https" in why_not(f"http://{host}/x", kind, local=True)


@pytest.mark.parametrize("kind", LISTED)
def test_a_site_may_allow_domains_of_its_own(kind: Kind) -> None:
    assert why_not("https://hooks.contoso.com/x", kind, hosts=("contoso.com",)) == ""
    assert why_not("https://contoso.com/x", kind, hosts=("contoso.com",)) == ""
    assert why_not("https://evilcontoso.com/x", kind, hosts=("contoso.com",)) != ""
    assert why_not("https://x.logic.azure.com/x", "workflows", hosts=("contoso.com",)) == ""


@pytest.mark.parametrize("text", ["contoso.com", "a.b.c", "x-1.example"])
def test_a_domain_may_be_allowed(text: str) -> None:
    assert is_suffix(text)


@pytest.mark.parametrize(
    "text",
    ["", "com", "*.contoso.com", ".contoso.com", "https://contoso.com", "contoso.com:443", "a/b.c", "Contoso.com"],
)
def test_what_is_no_domain_may_not(text: str) -> None:
    assert not is_suffix(text)


def test_what_is_allowed_by_default_are_domains() -> None:
    assert all(map(is_suffix, (*WORKFLOWS_DOMAINS, *BOT_HOSTS, *BOT_DOMAINS)))


@given(st.sampled_from(KINDS), st.text(), st.booleans())
def test_any_text_is_judged_without_an_error_and_never_repeated(kind: Kind, text: str, local: bool) -> None:  # noqa: FBT001
    marked = f"{text}hush-hush"
    assert "hush-hush" not in why_not(f"https://{marked}", kind, local=local)
    assert "hush-hush" not in why_not(marked, kind, local=local)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]", True),
        ("http://localhost", True),
        ("http://localhost.example.com/", False),
        ("http://0.0.0.0/", False),
        ("http://example.com", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_the_host(url: str, local: bool) -> None:  # noqa: FBT001
    assert is_loopback(url) == local
