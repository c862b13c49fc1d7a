"""Microsoft's allocation rule as dated data: when the rule changes again, a row is added here and nothing else.

A site may decide otherwise where Microsoft is silent, or has agreed otherwise with it: each such override is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from shared.licensing.phone_skus import PHONE_SKUS, Kind

CountableKind = Literal[
    "phone_standard", "phone_with_calling_plan", "shared_device", "bundle", "teams_rooms", "phone_mobile"
]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How many licences a tenant may hold at price zero, for what, and which accounts must hold one.

    `base` licences for the first qualifying unit, and one more for every `step` units of the pooled sum. Units of the
    `counted` kinds qualify, but for the SKUs that `skus` decides by id. Units in their grace period and those of trials
    qualify only where `counts_grace` and `counts_trials` say so. `overrides` names what a site has decided otherwise.
    """

    id: str
    since: str
    base: int = 25
    step: int = 10
    counted: frozenset[Kind]
    skus: dict[str, bool] = {}
    counts_grace: bool = False
    counts_trials: bool = False
    needs_number: bool
    accepts_phone_licence: bool
    source: str
    overrides: tuple[str, ...] = ()

    def entitled(self, qualifying: int) -> int:
        """Licences that may be held at price zero: floor on the pooled sum, and nothing where nothing qualifies."""
        return self.base + qualifying // self.step if qualifying > 0 else 0

    def counts(self, sku_id: str, kind: Kind | None) -> bool:
        """Whether a SKU's units qualify."""
        return self.skus.get(sku_id, kind in self.counted)

    def must_be_licensed(self, *, has_number: bool | None) -> bool:
        """Whether a resource account needs a licence; an unknown number counts as one, so that no line is missed."""
        return not self.needs_number or has_number is not False


_RESOURCE_ACCOUNT_SKUS = frozenset(sku.id for sku in PHONE_SKUS if sku.kind == "resource_account")
_PHONE_SYSTEM: frozenset[Kind] = frozenset({"phone_standard", "phone_with_calling_plan", "bundle"})

CURRENT = Policy(
    id="2023-shared-devices",
    since="2023",  # the day is not established
    counted=_PHONE_SYSTEM | {"shared_device"},
    needs_number=False,
    accepts_phone_licence=False,
    source='Microsoft Learn, "Microsoft Teams Phone Resource Account licenses"',
)

_ALL = (
    CURRENT,
    Policy(
        id="2022-08-all-ras",
        since="2022-08-30",
        counted=_PHONE_SYSTEM,
        needs_number=False,
        accepts_phone_licence=False,
        source='Microsoft Docs, "Microsoft Teams Phone Resource Account licenses", as changed on 30 August 2022',
    ),
    Policy(
        id="2019-07-virtual-user",
        since="2019-07-02",
        counted=_PHONE_SYSTEM,
        needs_number=True,
        accepts_phone_licence=True,
        source='Microsoft Docs, "Phone System - Virtual User licenses", 27 April 2020',
    ),
)

POLICIES: dict[str, Policy] = {policy.id: policy for policy in _ALL}


class PolicyOverrides(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site decides otherwise than the policy that it names; what is None stays as the policy has it.

    `count` and `leave_out` are kinds of licence, `skus` are SKU ids with whether their units qualify.
    """

    base: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    step: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    count: tuple[CountableKind, ...] = ()
    leave_out: tuple[CountableKind, ...] = ()
    skus: dict[str, bool] = {}
    counts_grace: bool | None = None
    counts_trials: bool | None = None
    needs_number: bool | None = None
    accepts_phone_licence: bool | None = None

    def applied_to(self, policy: Policy) -> Policy:
        """The policy as the site has it.

        Raises:
            ValueError: the overrides contradict each other.
        """
        licences = [sku_id for sku_id in self.skus if sku_id in _RESOURCE_ACCOUNT_SKUS]
        if licences:
            raise ValueError(f"policy.skus names {licences[0]}, which is the resource-account licence itself")
        both = sorted(set(self.count) & set(self.leave_out))
        if both:
            raise ValueError(f"policy.count and policy.leave_out both name {both[0]}")
        decided = {name: value for name in _DECIDED if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(
            policy,
            **decided,
            counted=(policy.counted | set(self.count)) - set(self.leave_out),
            skus=policy.skus | self.skus,
            overrides=tuple(self._named(policy)),
        )

    def _named(self, policy: Policy) -> Iterator[str]:
        for name in _DECIDED:
            value, usual = getattr(self, name), getattr(policy, name)
            if value is not None and value != usual:
                yield f"{name} = {_toml(value)} instead of {_toml(usual)}"
        for kind in sorted(set(self.count) - policy.counted):
            yield f"{kind} counts"
        for kind in sorted(set(self.leave_out) & policy.counted):
            yield f"{kind} does not count"
        for sku_id, counts in sorted(self.skus.items()):
            yield f"SKU {sku_id} {'counts' if counts else 'does not count'}"


_DECIDED = ("base", "step", "counts_grace", "counts_trials", "needs_number", "accepts_phone_licence")


def _toml(value: int | bool) -> str:  # noqa: FBT001 - a value, not a switch
    return str(value).lower()
