"""All rules, in the order in which they are documented."""

from __future__ import annotations

from shared.rules import (
    allocation_exceeded,
    allocation_short,
    allocation_unclaimed,
    person_holds_resource_account_licence,
    resource_account_double_licensed,
    resource_account_phone_licence,
    resource_account_unlicensed,
    source_stale,
)
from shared.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    resource_account_unlicensed.RULE,
    resource_account_phone_licence.RULE,
    resource_account_double_licensed.RULE,
    person_holds_resource_account_licence.RULE,
    allocation_unclaimed.RULE,
    allocation_short.RULE,
    allocation_exceeded.RULE,
    source_stale.RULE,
)
