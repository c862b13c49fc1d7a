"""A stand-in for `az`: put on the PATH under that name, it answers from a tenant that a JSON file describes.

It knows the calls that infra/grant-graph-permissions.sh makes, and no others. The file has `signed_in`, `may_grant`,
`principals` (object id to name), `roles` (permission to id), `granted` (role ids); what is granted is written there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

GRAPH_ID = "9d2ac6a5-1f8c-4b0c-8f0e-2f2b6f0a7c31"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
ROOT = "https://graph.microsoft.com/v1.0"


def main(arguments: list[str]) -> int:
    path = Path(os.environ["STAND_IN_TENANT"])
    tenant: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    with Path(os.environ["STAND_IN_CALLS"]).open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(arguments) + "\n")
    if not tenant["signed_in"]:
        return refuse("Please run 'az login' to setup account.")
    words = arguments[: next((i for i, each in enumerate(arguments) if each.startswith("--")), len(arguments))]
    options = dict(zip(arguments[len(words) :: 2], arguments[len(words) + 1 :: 2], strict=True))
    match words:
        case ["account", "show"]:
            answer(tenant["signed_in"])
        case ["cloud", "show"]:
            answer("https://graph.microsoft.com/")
        case ["ad", "sp", "show"]:
            return principal(tenant, options)
        case ["rest"]:
            return rest(tenant, options, path)
        case _:
            raise AssertionError(arguments)
    return 0


def principal(tenant: dict[str, Any], options: dict[str, str]) -> int:
    wanted, query = options["--id"], options["--query"]
    if wanted == GRAPH_APP_ID and query == "id":
        answer(GRAPH_ID)
    elif wanted == GRAPH_APP_ID:
        assert query == "appRoles[?contains(allowedMemberTypes, 'Application')].[value, id]"
        answer("\n".join(f"{value}\t{role}" for value, role in tenant["roles"].items()))
    elif wanted not in tenant["principals"]:
        return refuse(
            f"Resource '{wanted}' does not exist or one of its queried reference-property objects are not present."
        )
    else:
        answer(tenant["principals"][wanted])
    return 0


def rest(tenant: dict[str, Any], options: dict[str, str], path: Path) -> int:
    (principal,) = tenant["principals"]
    assignments = f"{ROOT}/servicePrincipals/{principal}/appRoleAssignments"
    if options["--method"] == "GET":
        assert options["--url"] == f"{assignments}?$top=999"
        assert options["--query"] == f"value[?resourceId=='{GRAPH_ID}'].appRoleId"
        answer("\n".join(tenant["granted"]))
        return 0
    assert (options["--method"], options["--url"]) == ("POST", assignments)
    if not tenant["may_grant"]:
        return refuse('Forbidden({"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}})')
    asked = json.loads(options["--body"])
    assert (asked["principalId"], asked["resourceId"]) == (principal, GRAPH_ID)
    assert asked["appRoleId"] not in tenant["granted"]
    tenant["granted"].append(asked["appRoleId"])
    path.write_text(json.dumps(tenant), encoding="utf-8")
    return 0


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def refuse(why: str) -> int:
    sys.stderr.write(f"WARNING: something else\nERROR: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
