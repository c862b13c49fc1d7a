"""Which resource-account licence an account is told to get, and when one must be ordered first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing import plans
from shared.model.directory import Account
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.rules import resource_account_phone_licence, resource_account_unlicensed
from shared.rules.assignment import COMMERCIAL_SKU, licences_to_add
from shared.rules.snapshot import Snapshot

UNLICENSED = resource_account_unlicensed.RULE
PHONE_LICENCE = resource_account_phone_licence.RULE
OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"

Make = Callable[..., Account]
MakeSku = Callable[..., Sku]
Tenant = Callable[..., Snapshot]


@pytest.fixture(scope="session")
def tenant(make_state: Callable[..., TenantState], make_snapshot: Callable[..., Snapshot]) -> Tenant:
    def read(
        *accounts: Account, skus: tuple[Sku, ...], site: dict[str, object] | None = None, **known: object
    ) -> Snapshot:
        return make_snapshot(make_state(*accounts, skus=skus, **known), **(site or {}))

    return read


def added(finding: Finding) -> str:
    """The SKU that a finding's command adds."""
    assert finding.commands is not None
    return finding.commands.powershell.partition("SkuId='")[2].partition("'")[0]


def test_units_really_left_choose_the_licence_and_not_the_tenants_counter(
    tenant: Tenant, make_account: Make, make_sku: MakeSku
) -> None:
    # The counter of the first still tells of holders whose licence was taken back.
    skus = (
        make_sku(OWN, plans.MCOEV_VIRTUALUSER, enabled=5, consumed=5),
        make_sku(FACULTY, plans.MCOEV_VIRTUALUSER, enabled=3, consumed=0),
    )
    holders = [make_account(number, FACULTY) for number in (7, 8, 9)]
    (found,) = UNLICENSED.check(tenant(make_account(1), *holders, skus=skus))
    assert added(found) == OWN
    assert "order one first" not in found.remedy


@pytest.mark.parametrize("status", ["Suspended", "LockedOut", "Deleted"])
def test_a_licence_out_of_force_is_not_chosen(
    tenant: Tenant, make_account: Make, make_sku: MakeSku, status: str
) -> None:
    skus = (
        make_sku(OWN, plans.MCOEV_VIRTUALUSER, enabled=9, status=status),
        make_sku(FACULTY, plans.MCOEV_VIRTUALUSER, warning=1, status="Warning"),
    )
    (found,) = UNLICENSED.check(tenant(make_account(1), skus=skus))
    assert added(found) == FACULTY
    (found,) = UNLICENSED.check(tenant(make_account(1), skus=skus[:1]))
    assert found.remedy.startswith("No licence is to spare: order one first. ")


def test_of_three_accounts_and_one_unit_the_first_by_id_gets_it(
    tenant: Tenant, make_account: Make, make_resource_account_sku: MakeSku
) -> None:
    accounts = [make_account(number) for number in (3, 1, 2)]
    found = list(UNLICENSED.check(tenant(*accounts, skus=(make_resource_account_sku(1),))))
    first = [each.remedy.startswith("No licence is to spare beyond those for other accounts") for each in found]
    assert [each.subject.id for each in found] == sorted(each.id for each in accounts)
    assert first == [False, True, True]


def test_the_last_unit_goes_to_the_line_and_then_to_accounts_without_any_phone_licence(
    tenant: Tenant, make_account: Make, make_number: Callable[..., PhoneNumber], make_sku: MakeSku
) -> None:
    skus = (make_sku(OWN, plans.MCOEV_VIRTUALUSER, enabled=2), make_sku(PHONE, plans.MCOEV))
    accounts = [make_account(1, PHONE), make_account(2), make_account(3)]
    snapshot = tenant(*accounts, skus=skus, numbers=(make_number("+14255550100", 3),))
    assert ["order one" in each.remedy for each in UNLICENSED.check(snapshot)] == [False, False]
    (swap,) = PHONE_LICENCE.check(snapshot)
    assert swap.remedy.startswith("No licence is to spare beyond those for other accounts: order one first. ")
    fewer = (make_sku(OWN, plans.MCOEV_VIRTUALUSER, enabled=1), skus[1])
    snapshot = tenant(*accounts, skus=fewer, numbers=(make_number("+14255550100", 3),))
    assert ["order one" in each.remedy for each in UNLICENSED.check(snapshot)] == [True, False]


def test_in_a_national_cloud_without_the_licence_no_command_names_the_commercial_one(
    tenant: Tenant, make_account: Make, make_sku: MakeSku
) -> None:
    accounts = (make_account(1), make_account(2, PHONE))
    site: dict[str, object] = {"graph_url": "https://graph.microsoft.us/v1.0"}
    for skus in ((), (make_sku(PHONE, plans.MCOEV),)):
        snapshot = tenant(*accounts, skus=skus, site=site)
        for rule in (UNLICENSED, PHONE_LICENCE):
            (found,) = rule.check(snapshot)
            assert found.commands is None
            assert COMMERCIAL_SKU not in found.remedy
            assert found.remedy.startswith("No licence is to spare: order one first. ")
    (found,) = UNLICENSED.check(tenant(*accounts, skus=(make_sku(FACULTY, plans.MCOEV_VIRTUALUSER),), site=site))
    assert added(found) == FACULTY


@given(
    owned=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    held=st.lists(st.integers(0, 2), max_size=4),
    lacking=st.integers(0, 8),
)
def test_no_more_accounts_are_promised_a_unit_than_units_are_left(
    *, tenant: Tenant, make_account: Make, make_sku: MakeSku, owned: list[int], held: list[int], lacking: int
) -> None:
    skus = tuple(make_sku(900 + number, plans.MCOEV_VIRTUALUSER, enabled=each) for number, each in enumerate(owned))
    holders = [make_account(100 + number, skus[each % len(skus)].id) for number, each in enumerate(held)]
    snapshot = tenant(*holders, *(make_account(number) for number in range(lacking)), skus=skus)
    given = [each for each in licences_to_add(snapshot).values() if not each.first]
    assert len(given) == min(lacking, snapshot.unassigned)
    for sku in skus:
        mine = [each for each in given if each.licence is not None and each.licence.sku_id == sku.id]
        assert len(mine) <= max(0, snapshot.left_of(sku))
