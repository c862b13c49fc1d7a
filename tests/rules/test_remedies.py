"""The remedies that can be pasted: one PowerShell command, one request, one line of words, and all three the same."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pytest
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from shared.licensing import plans
from shared.licensing.policy import CURRENT
from shared.model.directory import (
    RESOURCE_ACCOUNT_DEPARTMENT,
    Account,
    AssignedLicence,
    Assignment,
    Departed,
)
from shared.model.finding import Finding
from shared.model.licences import ServicePlan, Sku
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.rules import (
    person_holds_resource_account_licence,
    resource_account_assignment_error,
    resource_account_deleted_with_number,
    resource_account_double_licensed,
    resource_account_phone_licence,
    resource_account_plan_unusable,
    resource_account_sign_in_enabled,
    resource_account_unlicensed,
    resource_account_usage_location,
    resource_account_vanished,
)
from shared.rules.powershell import quoted, set_user_licence, update_user, visible
from shared.rules.snapshot import Snapshot

UNLICENSED = resource_account_unlicensed.RULE
PHONE_LICENCE = resource_account_phone_licence.RULE
DOUBLE = resource_account_double_licensed.RULE
UNUSABLE = resource_account_plan_unusable.RULE
ASSIGNMENT = resource_account_assignment_error.RULE
SIGN_IN = resource_account_sign_in_enabled.RULE
LOCATION = resource_account_usage_location.RULE
DELETED = resource_account_deleted_with_number.RULE
VANISHED = resource_account_vanished.RULE
PERSON = person_holds_resource_account_licence.RULE
CMDLETS = (
    (UNLICENSED, "Set-MgUserLicense"),
    (PHONE_LICENCE, "Set-MgUserLicense"),
    (DOUBLE, "Set-MgUserLicense"),
    (UNUSABLE, "Set-MgUserLicense"),
    (ASSIGNMENT, "Set-MgUserLicense"),
    (PERSON, "Set-MgUserLicense"),
    (SIGN_IN, "Update-MgUser"),
    (LOCATION, "Update-MgUser"),
    (VANISHED, "Update-MgUser"),
    (DELETED, "Restore-MgDirectoryDeletedItem"),
)
NAMES = {rule.id: cmdlet for rule, cmdlet in CMDLETS}

PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"
GROUP = "00000000-0000-0000-0000-0000000000aa"
TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
EXCHANGE = "113feb6c-3fe4-4440-bddc-54d774bf0318"
GRAPH = "https://graph.microsoft.com/v1.0"
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"

HOSTILE = st.text(
    st.sampled_from(
        "'\u2018\u2019\u201a\u201b\"\u201c\u201d`$(){};|&@#<>\n\r\0\t\x1b\u2028\u202e\u200f\u0085 -a1Zé\U0001f4de"
    )
    | st.characters(codec="utf-8"),
    min_size=1,
    max_size=40,
)
INJECTIONS = (
    "'; Remove-MgUser -All; '",
    "\u2019; Remove-MgUser -All; \u2018",
    "$(Remove-MgUser)",
    "`'\"; exit",
    "a\nRemove-MgUser",
    "a\r\n\r\nb\u2028c\u202ed",
    "@{a=1}",
    "@args",
    "''",
    "'",
)

Make = Callable[..., Account]
Judge = Callable[..., list[Finding]]


NOTHING_BUT = """
    program statement_list pipeline pipeline_chain command command_name command_elements command_argument_sep
    command_parameter array_expression hash_literal_expression hash_literal_body hash_entry key_expression
    simple_name string_literal verbatim_string_characters variable logical_expression bitwise_expression
    comparison_expression additive_expression multiplicative_expression format_expression range_expression
    array_literal_expression unary_expression @( ) @{ } = , ; :
"""
ALLOWED = frozenset({" ", *NOTHING_BUT.split()})
"""What a remedy's command may consist of: no expansion, no block, no second statement, no comment, no redirection."""


PARSER = Parser(Language(tree_sitter_powershell.language()))


def tree(text: str) -> Node:
    return PARSER.parse(text.encode()).root_node


def nodes(root: Node, *kinds: str) -> Iterator[Node]:
    if not kinds or root.type in kinds:
        yield root
    for child in root.children:
        yield from nodes(child, *kinds)


def said(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()


def is_one_command(text: str, cmdlet: str) -> bool:
    root = tree(text)
    commands = list(nodes(root, "command"))
    return (
        not root.has_error
        and len(text.splitlines()) == 1
        and len(commands) == 1
        and (commands[0].start_byte, commands[0].end_byte) == (0, len(text.encode()))
        and [said(name) for name in nodes(root, "command_name")] == [cmdlet]
        and {node.type for node in nodes(root)} <= ALLOWED
        and {said(variable) for variable in nodes(root, "variable")} <= {"$false"}
    )


def arguments(text: str) -> dict[str, Node]:
    """A command's arguments by parameter."""
    (elements,) = nodes(tree(text), "command_elements")
    told = [child for child in elements.children if child.type != "command_argument_sep"]
    return {said(name).strip("-:"): value for name, value in zip(told[::2], told[1::2], strict=True)}


def unquoted(literal: str) -> str:
    """What PowerShell's tokenizer reads: a single quote of any kind ends the literal, unless another one follows."""
    inner, value, at = literal[1:-1], "", 0
    assert {literal[0], literal[-1]} <= set(SINGLE_QUOTES)
    while at < len(inner):
        value += inner[at]
        if inner[at] in SINGLE_QUOTES:
            at += 1
            assert inner[at : at + 1] in tuple(SINGLE_QUOTES), "the literal ends before its text does"
        at += 1
    return value


def literals(node: Node) -> list[str]:
    return [unquoted(said(literal)) for literal in nodes(node, "verbatim_string_characters")]


def body(finding: Finding) -> dict[str, object]:
    """The body of a finding's request."""
    assert finding.commands is not None
    head, _, text = finding.commands.request.partition("\n\n")
    assert head.splitlines()[1:] == ["Content-Type: application/json"]
    assert text.isascii()
    assert len(text.splitlines()) == 1
    decoded: dict[str, object] = json.loads(text)
    return decoded


def as_body(finding: Finding) -> dict[str, object]:
    """The body that a finding's PowerShell command stands for, read back from its tree."""
    assert finding.commands is not None
    given = arguments(finding.commands.powershell)
    licences = [literals(licence) for licence in nodes(given["AddLicenses"], "hash_literal_expression")]
    return {
        "addLicenses": [{"skuId": sku_id, "disabledPlans": off} for sku_id, *off in licences],
        "removeLicenses": literals(given["RemoveLicenses"]),
    }


def seen(value: object) -> object:
    """A request's body as a command can say it: what is not seen is replaced there."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [seen(each) for each in value]
    return {key: seen(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def hold_together(finding: Finding) -> None:
    """What must be true of every finding that carries commands, whatever the tenant's names are."""
    assert finding.commands is not None
    assert finding.remedy.endswith(finding.commands.powershell)
    assert is_one_command(finding.commands.powershell, NAMES[finding.rule])
    assert len(finding.commands.request.partition("\n")[0].split(" ")) == 2
    if NAMES[finding.rule] == "Set-MgUserLicense":
        assert set(body(finding)) == {"addLicenses", "removeLicenses"}
        assert seen(body(finding)) == as_body(finding)
    for line in (finding.remedy, finding.commands.admin_centre):
        assert len(line.splitlines()) == 1
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Zl", "Zp"}
    assert len(finding.commands.admin_centre) < 1500


def everything_wrong(read_at: datetime, *, name: str, upn: str, part: str, ids: Callable[[str], str]) -> TenantState:
    """A tenant in which every rule that gives a command finds something; `ids` makes ids."""

    def make(key: str, *licences: AssignedLicence, marked: bool = True, **changed: object) -> Account:
        department = RESOURCE_ACCOUNT_DEPARTMENT if marked else name
        given: dict[str, object] = {"name": name, "upn": upn, "department": department, "read_at": read_at, **changed}
        return Account(id=ids(key), licences=licences, **given)  # type: ignore[arg-type]

    own, phone = ids("own"), ids("phone")
    off = AssignedLicence(own, disabled_plans=(plans.MCOEV_VIRTUALUSER, ids("plan")))
    error = Assignment(sku_id=own, state="Error", error=name)
    accounts = (
        make("unlicensed", enabled=True, assignments=(error,)),
        make("phone licence", AssignedLicence(phone)),
        make("double", AssignedLicence(phone), off),
        make("off", off),
        make("person", AssignedLicence(own), marked=False),
        make("vanished", marked=False, marked_until=read_at),
    )
    number = {"status": VOICE_APPLICATION, "country": "DE"}
    skus = (
        Sku(
            id=own,
            part_number=part,
            enabled=9,
            plans=(ServicePlan(plans.MCOEV_VIRTUALUSER, part), ServicePlan(ids("plan"), part)),
        ),
        Sku(id=phone, part_number=part, enabled=9, plans=(ServicePlan(plans.MCOEV, part),)),
    )
    known = SourceState(state="complete", tried_at=read_at, complete_as_of=read_at)
    return TenantState(
        tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
        accounts={account.id: account for account in accounts},
        departed={ids("gone"): Departed(id=ids("gone"), name=name, restorable=True, read_at=read_at)},
        numbers=(
            PhoneNumber(number="+4930901820", target=ids("unlicensed"), **number),
            PhoneNumber(number="+4930901821", target=ids("gone"), **number),
        ),
        skus=skus,
        sources={"licences": known, "accounts": known, "numbers": known},
    )


def check_all(snapshot: Snapshot) -> None:
    found = [finding for rule, _ in CMDLETS for finding in rule.check(snapshot)]
    assert {finding.rule for finding in found if finding.commands is not None} == set(NAMES)
    for finding in found:
        if finding.commands is not None:
            hold_together(finding)


@settings(max_examples=60)
@given(name=HOSTILE, upn=HOSTILE, part=HOSTILE, prefix=HOSTILE)
def test_every_command_is_one_command_whatever_the_tenant_names_its_things(
    now: datetime, name: str, upn: str, part: str, prefix: str
) -> None:
    state = everything_wrong(now, name=name, upn=upn, part=part, ids=lambda key: prefix + key)
    check_all(Snapshot(state, now=now, policy=CURRENT))


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_no_name_or_id_becomes_code(now: datetime, hostile: str) -> None:
    state = everything_wrong(now, name=hostile, upn=hostile, part=hostile, ids=lambda key: f"{hostile}{key}{hostile}")
    check_all(Snapshot(state, now=now, policy=CURRENT))


@pytest.mark.parametrize(
    "text",
    [
        "Set-MgUserLicense -UserId 'a' -AddLicenses @(",
        "Set-MgUserLicense -UserId 'a'; Remove-MgUser -All",
        "Set-MgUserLicense -UserId 'a'\nRemove-MgUser -All",
        "Set-MgUserLicense -UserId $(Remove-MgUser -All)",
        'Set-MgUserLicense -UserId "$env:a"',
        "Set-MgUserLicense -UserId 'a' | Remove-MgUser",
        "Set-MgUserLicense -UserId 'a' > b",
        "Set-MgUserLicense -UserId {Remove-MgUser}",
        "Set-MgUserLicense -UserId $a",
        "Set-MgUserLicense -UserId 'a' # b",
        "Remove-MgUser -UserId 'a'",
    ],
)
def test_the_grammar_sees_what_is_no_single_plain_command(text: str) -> None:
    assert not is_one_command(text, "Set-MgUserLicense")
    assert is_one_command("Set-MgUserLicense -UserId 'a'", "Set-MgUserLicense")


@given(HOSTILE)
def test_a_quoted_text_is_read_back_as_it_is_seen(text: str) -> None:
    assert unquoted(quoted(text)) == visible(text)
    assert literals(arguments(f"Set-A -B {quoted(text)}")["B"]) == [visible(text)]


@pytest.mark.parametrize("quote", SINGLE_QUOTES)
def test_every_kind_of_single_quote_is_doubled(quote: str) -> None:
    assert quoted(f"a{quote}b") == f"'a{quote}{quote}b'"


@pytest.mark.parametrize("unseen", ["\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\u200f", "\u202e", "\ud800"])
def test_what_is_not_seen_is_replaced_by_what_no_id_holds(unseen: str) -> None:
    assert quoted(f"a{unseen}b") == "'a\ufffdb'"


def test_a_guid_is_quoted_too() -> None:
    assert quoted(OWN) == f"'{OWN}'"


def test_a_licence_command_has_both_lists_even_where_they_are_empty() -> None:
    assert set_user_licence("a", (), ()) == "Set-MgUserLicense -UserId 'a' -AddLicenses @() -RemoveLicenses @()"
    some = (AssignedLicence("b"), AssignedLicence("c", ("d", "e")))
    assert set_user_licence("a", some, ("f", "g")) == (
        "Set-MgUserLicense -UserId 'a' -AddLicenses @(@{SkuId='b'}, @{SkuId='c'; DisabledPlans=@('d', 'e')}) "
        "-RemoveLicenses @('f', 'g')"
    )


def test_a_switch_is_bound_by_a_colon_and_a_value_is_quoted() -> None:
    assert update_user("a", "AccountEnabled", value=False) == "Update-MgUser -UserId 'a' -AccountEnabled:$false"
    assert update_user("a", "UsageLocation", "DE") == "Update-MgUser -UserId 'a' -UsageLocation 'DE'"
