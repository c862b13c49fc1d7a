"""Microsoft's allocation rule as dated data: when the rule changes again, a row is added here and nothing else."""

from __future__ import annotations

import msgspec

from shared.licensing.phone_skus import Kind


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How many licences a tenant may hold at price zero, for what, and which accounts must hold one.

    `base` licences for the first qualifying unit, and one more for every `step` units of the pooled sum.
    """

    id: str
    since: str
    base: int
    step: int
    counted: frozenset[Kind]
    needs_number: bool
    accepts_phone_licence: bool
    source: str

    def entitled(self, qualifying: int) -> int:
        """Licences that may be held at price zero: floor on the pooled sum, and nothing where nothing qualifies."""
        return self.base + qualifying // self.step if qualifying > 0 else 0

    def must_be_licensed(self, *, has_number: bool | None) -> bool:
        """Whether a resource account needs a licence; an unknown number counts as one, so that no line is missed."""
        return not self.needs_number or has_number is not False


_PHONE_SYSTEM: frozenset[Kind] = frozenset({"phone_standard", "phone_with_calling_plan", "bundle"})

CURRENT = Policy(
    id="2023-shared-devices",
    since="2023",
    base=25,
    step=10,
    counted=_PHONE_SYSTEM | {"shared_device"},
    needs_number=False,
    accepts_phone_licence=False,
    source='Microsoft Learn, "Microsoft Teams Phone Resource Account licenses"',
)

POLICIES: dict[str, Policy] = {
    policy.id: policy
    for policy in (
        CURRENT,
        Policy(
            id="2019-07-virtual-user",
            since="2019-07-02",
            base=25,
            step=10,
            counted=_PHONE_SYSTEM,
            needs_number=True,
            accepts_phone_licence=True,
            source='Microsoft Docs, "Phone System - Virtual User licenses", 27 April 2020',
        ),
    )
}
