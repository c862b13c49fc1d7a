"""Every role assignment stands in docs/azure.md with its reason, and is named as it must be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.infra.bicep import ROOT, files, template

PAGE = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")

# Ids of built-in roles (Microsoft Learn, "Azure built-in roles"): the same in every subscription.
ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Azure Event Hubs Data Receiver": "a638d3c7-ab3a-418d-83e6-5f17a39d4fde",
    "Azure Event Hubs Data Sender": "2b629674-e913-4c01-ae53-ef4638d8f975",
}
WHO = {
    "principalId": "the app",
    "receiverPrincipalId": "the app",
    "senderPrincipalId": "Graph",
    "operatorPrincipalId": "operators",
    "exporterPrincipalId": "the exporter",
}
WHERE = {
    "storage": "the storage account",
    "documents": "container `linekeeper`",
    "voice": "container `voice`",
    "changes": "queue `changes`",
    "poisoned": "queue `changes-poison`",
    "vault": "the vault",
    "insights": "Application Insights",
    "hub": "the event hub",
}


def role_name(symbol: str) -> str:
    """A role's name, from what its variable is called: `keyVaultSecretsUser` is Key Vault Secrets User."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", symbol[0].upper() + symbol[1:])


ASSIGNED: list[dict[str, Any]] = [
    each for name in files() for each in template(name).resources("Microsoft.Authorization/roleAssignments").values()
]


def role_of(assignment: dict[str, Any]) -> str:
    parameters = assignment["properties"]["roleDefinitionId"]["function"]["parameters"]
    assert parameters["resource_type"] == "Microsoft.Authorization/roleDefinitions"
    return role_name(parameters["resource_name_1"])


def test_the_page_has_a_row_with_a_reason_for_every_assignment_and_no_other() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    documented = sorted((who, role, where) for who, role, where, _ in rows if role in ROLES)
    assert documented == sorted(
        (WHO[each["properties"]["principalId"]], role_of(each), WHERE[each["scope"]]) for each in ASSIGNED
    )
    assert all(len(reason) > len("reads it") for _, role, _, reason in rows if role in ROLES)


def test_every_role_has_the_id_that_azure_gave_it() -> None:
    declared = {
        role_name(symbol): each["value"]
        for name in files()
        for symbol, each in template(name).part("variables").items()
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(each["value"]))
    }
    assert declared == ROLES


@pytest.mark.parametrize(
    "assignment", ASSIGNED, ids=lambda each: f"{each['properties']['principalId']} {role_of(each)}"
)
def test_an_assignment_is_named_by_its_scope_its_principal_and_its_role(assignment: dict[str, Any]) -> None:
    # So the same one has the same name in every deployment, and no two share one.
    parameters = assignment["name"]["function"]["parameters"]
    assert assignment["name"]["function"]["type"] == "guid"
    scope = parameters["base_string"]["operator"]["operands"]
    assert (scope["operand_1"], scope["operand_2"]) == (assignment["scope"], "id")
    assert parameters["extra_string_1"] == assignment["properties"]["principalId"]
    assert role_name(parameters["extra_string_2"]) == role_of(assignment)


def test_nobody_may_do_anything_to_the_whole_resource_group_or_give_rights() -> None:
    assert all("scope" in each for each in ASSIGNED)
    assert not [role for role in ROLES if role in {"Owner", "Contributor"} or "Administrator" in role]
