"""Whose silences a request is about, where several tenants are watched: its link's, or those of the one it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared.model.directory import Account
from shared.model.finding import key_of
from shared.model.secret import Secret
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.monitor.silence_link import LIFETIME, access_of, sign
from shared.monitor.silence_tenants import answer_for
from shared.monitor.silence_web import Answer, Request
from shared.monitor.silences import Desk
from shared.settings import Settings
from shared.settings_tenants import Tenant
from shared.state.memory import MemoryStore

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

CONTOSO = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
STRANGER = "11111111-6d4d-4958-8b9f-9d6445542f95"
API_KEY = Secret("an api key for tests of forty characters")
USER = "ab9a1c00-8d2e-4f5e-9c61-0e6f7b2f1a11"
RULE = "resource-account-unlicensed"
SETTINGS = Settings(
    tenant="",
    tenants=(Tenant(id=CONTOSO, name="Contoso"), Tenant(id=FABRIKAM, name="Fabrikam")),
    client_state=Secret("hush-" * 8),
    api_key=API_KEY,
)


class Silences:
    """The silences of both tenants, behind the address that anybody may ask."""

    def __init__(self, clock: Clock) -> None:
        self.store = MemoryStore()
        self._clock = clock

    async def ask(self, request: Request, named: str = "") -> Answer:
        def desk(tenant: str) -> Desk:
            return Desk(tenant=tenant, store=self.store, clock=self._clock)

        return await answer_for(request, named, SETTINGS, desk, self._clock.now)

    async def of(self, tenant: str) -> dict[str, Silence]:
        return (await self.store.load(tenant)).state.silences

    def link(self, tenant: str, **later: float) -> str:
        key = access_of(SETTINGS.of(tenant)).link_key
        assert key is not None
        return sign(key, tenant, [key_of(RULE, USER)], self._clock.now + LIFETIME + timedelta(**later))


@pytest.fixture
async def silences(
    clock: Clock, make_state: Callable[..., TenantState], make_account: Callable[..., Account]
) -> Silences:
    made = Silences(clock)
    for tenant in SETTINGS.tenant_ids:
        await made.store.save(msgspec.structs.replace(make_state(make_account(1)), tenant=tenant), "")
    return made


def post(**fields: Any) -> Request:  # noqa: ANN401 - of JSON
    body = {"action": "add", "for": "1h", "author": "Ada", "reason": "Migration", **fields}
    return Request(
        method="POST", body=json.dumps(body).encode(), content_type="application/json", accept="application/json"
    )


def get(token: str = "", key: str = "") -> Request:
    return Request(method="GET", accept="application/json", token=token, key=key)


async def test_a_link_opens_the_silences_of_the_tenant_that_it_was_signed_for(silences: Silences) -> None:
    answered = await silences.ask(post(token=silences.link(FABRIKAM)))
    assert answered.status == 201
    assert (len(await silences.of(FABRIKAM)), await silences.of(CONTOSO)) == (1, {})
    shown = await silences.ask(get(token=silences.link(FABRIKAM)))
    assert len(msgspec.json.decode(shown.body)["silences"]) == 1
    assert msgspec.json.decode((await silences.ask(get(token=silences.link(CONTOSO)))).body)["silences"] == []


async def test_a_link_opens_no_other_tenant_whoever_is_named_beside_it(silences: Silences) -> None:
    for token, named in ((silences.link(FABRIKAM), CONTOSO), ("nonsense", CONTOSO), ("", FABRIKAM), ("", STRANGER)):
        assert (await silences.ask(post(token=token), named)).status == 401
    assert await silences.of(CONTOSO) == await silences.of(FABRIKAM) == {}


async def test_strangers_are_not_told_who_is_watched(silences: Silences) -> None:
    answers = [
        await silences.ask(get(key=key), named)
        for key in ("", "wrong")
        for named in ("", CONTOSO, FABRIKAM, STRANGER, "x")
    ]
    assert {each.status for each in answers} == {401}
    assert len({each.body for each in answers}) == 1


async def test_an_expired_link_is_known_for_what_it_is(silences: Silences) -> None:
    assert (await silences.ask(get(token=silences.link(FABRIKAM, days=-2)))).status == 410


async def test_the_services_key_says_which_tenant_it_is_about(silences: Silences) -> None:
    key = API_KEY.reveal()
    for named in ("", STRANGER, "contoso"):
        asked = await silences.ask(get(key=key), named)
        assert asked.status == 400
        assert f"?tenant=ID; watched are {CONTOSO}, {FABRIKAM}" in msgspec.json.decode(asked.body)["error"]
    adding = msgspec.structs.replace(post(rules=[RULE]), key=key)
    assert (await silences.ask(adding, FABRIKAM.upper())).status == 201
    assert (await silences.of(CONTOSO), len(await silences.of(FABRIKAM))) == ({}, 1)
