"""The scripts that grant Graph's permissions: bash against a stand-in for `az`, PowerShell by its syntax tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from shared.model.sources import PERMISSIONS, REQUIRED
from tests.infra.bicep import INFRA, ROOT

SCRIPT = INFRA / "grant-graph-permissions.sh"
POWERSHELL = (INFRA / "Grant-GraphPermissions.ps1").read_text(encoding="utf-8")
TABLE = [line.split("\t") for line in (INFRA / "graph-permissions.tsv").read_text(encoding="utf-8").splitlines()]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
GRAMMAR = Language(tree_sitter_powershell.language())
PRINCIPAL = "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11"
ROLES = {row[0]: f"{number:08d}-bdef-4463-88db-98f22de89214" for number, row in enumerate(TABLE[1:], start=1)} | {
    "Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96"
}
NEEDS_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")


class Tenant:
    """A tenant behind the stand-in for `az`, and what the script was made to do there."""

    def __init__(self, folder: Path, **changed: object) -> None:
        self._path = folder / "tenant.json"
        self._calls = folder / "calls"
        described = {
            "signed_in": "admin@contoso.example",
            "may_grant": True,
            "principals": {PRINCIPAL: "id-linekeeper-x"},
            "roles": ROLES,
            "granted": [],
        }
        self._path.write_text(json.dumps(described | changed), encoding="utf-8")
        self._calls.touch()
        (folder / "bin").mkdir()
        az = folder / "bin" / "az"
        az.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{Path(__file__).with_name("stand_in_az.py")}" "$@"\n')
        az.chmod(0o755)
        self._path_variable = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own script
            [str(shutil.which("bash")), str(SCRIPT), *arguments],
            env=os.environ
            | {
                "PATH": self._path_variable,
                "STAND_IN_TENANT": str(self._path),
                "STAND_IN_CALLS": str(self._calls),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def granted(self) -> set[str]:
        """The permissions that the identity has now."""
        described: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return {name for name, role in described["roles"].items() if role in described["granted"]}

    @property
    def posts(self) -> int:
        """How often something was to be changed."""
        return sum("POST" in json.loads(line) for line in self._calls.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    return Tenant(tmp_path)


def outcomes(said: str) -> dict[str, str]:
    """What a run said of each permission."""
    return {
        row[0]: row[1].strip()
        for line in said.splitlines()[1:]
        if (row := re.split(r" {2,}", line.strip(), maxsplit=2))
    }


def test_the_table_lists_the_permissions_of_the_settings_page_and_no_others() -> None:
    section = SETTINGS.split("## Permissions\n")[1].split("\n## ")[0]
    assert TABLE[0] == ["permission", "needed", "for"]
    assert {row[0] for row in TABLE[1:]} == set(re.findall(r"^\| `([A-Za-z.]+)` \|", section, re.MULTILINE))


def test_what_a_source_needs_is_in_the_table_and_what_it_requires_is_not_optional() -> None:
    needed = {row[0]: row[1] for row in TABLE[1:]}
    assert set(PERMISSIONS.values()) <= needed.keys()
    assert {name for name, how in needed.items() if how == "yes"} == {PERMISSIONS[source] for source in REQUIRED}
    assert set(needed.values()) == {"yes", "optional"}


def test_every_permission_is_one_to_read_and_says_what_it_is_for() -> None:
    for permission, _, purpose in TABLE[1:]:
        assert permission.endswith(".Read.All")
        assert len(purpose) > len("reading")


@NEEDS_BASH
def test_it_grants_what_the_table_lists_and_says_what_each_is_for(tenant: Tenant) -> None:
    done = tenant.run(PRINCIPAL)
    assert (done.returncode, done.stderr) == (0, "")
    assert tenant.granted == {row[0] for row in TABLE[1:]}
    assert done.stdout.startswith(f"To id-linekeeper-x ({PRINCIPAL}), as admin@contoso.example:\n")
    assert outcomes(done.stdout) == {row[0]: "granted" for row in TABLE[1:]}
    assert all(purpose in done.stdout for _, _, purpose in TABLE[1:])


@NEEDS_BASH
def test_a_second_run_grants_nothing(tenant: Tenant) -> None:
    tenant.run(PRINCIPAL)
    before = tenant.posts
    done = tenant.run(PRINCIPAL)
    assert done.returncode == 0
    assert outcomes(done.stdout) == {row[0]: "granted already" for row in TABLE[1:]}
    assert tenant.posts == before == len(TABLE) - 1


@NEEDS_BASH
def test_a_dry_run_says_what_it_would_grant_and_changes_nothing(tmp_path: Path) -> None:
    tenant = Tenant(tmp_path, granted=[ROLES["User.Read.All"]])
    done = tenant.run("--dry-run", PRINCIPAL)
    assert done.returncode == 0
    said = outcomes(done.stdout)
    assert said.pop("User.Read.All") == "granted already"
    assert said == {row[0]: "would be granted" for row in TABLE[2:]}
    assert (tenant.posts, tenant.granted) == (0, {"User.Read.All"})


@NEEDS_BASH
def test_it_may_leave_out_what_is_optional(tenant: Tenant) -> None:
    tenant.run("--required-only", PRINCIPAL)
    assert tenant.granted == {row[0] for row in TABLE[1:] if row[1] == "yes"}


@NEEDS_BASH
def test_a_cloud_that_lacks_an_optional_permission_is_no_error(tmp_path: Path) -> None:
    tenant = Tenant(tmp_path, roles={name: role for name, role in ROLES.items() if not name.startswith("Teams")})
    done = tenant.run(PRINCIPAL)
    assert done.returncode == 0
    assert outcomes(done.stdout)["TeamsTelephoneNumber.Read.All"] == "not in this cloud"
    assert tenant.granted == {"User.Read.All", "Organization.Read.All", "Directory.Read.All"}


@NEEDS_BASH
@pytest.mark.parametrize(
    ("changed", "principal", "sentence"),
    [
        ({"may_grant": False}, PRINCIPAL, "admin@contoso.example may not do this. It takes a Privileged Role Admin"),
        ({"signed_in": ""}, PRINCIPAL, "az is not signed in, or no longer. Run: az login"),
        ({}, PRINCIPAL.replace("5", "6"), "there is no 6b6a1a40-8d2e-4f6e-9c61-0e6f7b2f1a11 in this tenant."),
        ({}, "id-linekeeper-x", "id-linekeeper-x is no object id, which is a GUID."),
        ({"roles": {}}, PRINCIPAL, "Microsoft Graph in this cloud has no permission User.Read.All."),
    ],
    ids=["not allowed", "not signed in", "unknown identity", "no GUID", "another cloud"],
)
def test_what_goes_wrong_is_said_in_one_line(
    changed: dict[str, object], principal: str, sentence: str, tmp_path: Path
) -> None:
    tenant = Tenant(tmp_path, **changed)
    done = tenant.run(principal)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"grant-graph-permissions: {sentence}")
    assert tenant.granted == set()


@NEEDS_BASH
@pytest.mark.parametrize("arguments", [[], ["--dryrun", PRINCIPAL], [PRINCIPAL, PRINCIPAL]])
def test_a_wrong_command_shows_how_it_is_used_and_asks_az_nothing(arguments: list[str], tenant: Tenant) -> None:
    done = tenant.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")
    assert tenant.posts == 0


@NEEDS_BASH
def test_its_help_lists_the_permissions(tenant: Tenant) -> None:
    done = tenant.run("--help")
    assert done.returncode == 0
    assert all(row[0] in done.stdout and row[2] in done.stdout for row in TABLE[1:])


def under(node: Node, kind: str) -> list[Node]:
    return ([node] if node.type == kind else []) + [found for child in node.children for found in under(child, kind)]


def source(node: Node | None) -> str:
    assert node is not None
    assert node.text is not None
    return node.text.decode()


TREE = Parser(GRAMMAR).parse(POWERSHELL.encode()).root_node


@pytest.mark.parametrize("name", sorted(str(path.relative_to(INFRA)) for path in INFRA.rglob("*.ps1")))
def test_every_powershell_file_is_powershell(name: str) -> None:
    assert not Parser(GRAMMAR).parse((INFRA / name).read_bytes()).root_node.has_error


def test_the_powershell_script_reads_the_same_table_and_names_no_permission_itself() -> None:
    assert "-ChildPath 'graph-permissions.tsv'" in POWERSHELL
    assert 'Import-Csv -Path $Table -Delimiter "`t"' in POWERSHELL
    assert [row[0] for row in TABLE[1:] if row[0] in POWERSHELL] == []
    assert {f"$row.{column}" for column in TABLE[0]} == set(re.findall(r"\$row\.\w+", POWERSHELL))


def test_the_powershell_script_changes_only_what_it_was_told_it_may() -> None:
    requests = [source(each) for each in under(TREE, "command") if "Invoke-MgGraphRequest" in source(each).split()[0]]
    changing = [each for each in requests if "-Method GET" not in each]
    assert changing == ["Invoke-MgGraphRequest -Method POST -Uri $assignments -Body $body"]
    guarded = [
        source(each)
        for each in under(TREE, "elseif_clause")
        if "$PSCmdlet.ShouldProcess(" in source(each).splitlines()[0]
    ]
    assert [each for each in guarded if changing[0] in each] == guarded
    assert len(guarded) == 1
    assert POWERSHELL.count("SupportsShouldProcess") == 1


def test_the_powershell_script_says_the_same_words() -> None:
    bash = SCRIPT.read_text(encoding="utf-8")
    for words in (
        "granted already",
        "would be granted",
        "not in this cloud",
        "may not do this. It takes a Privileged Role Administrator or a Global Administrator",
        "One that was just made takes a minute to be known; the client id is not the object id.",
        "Microsoft Graph in this cloud has no permission ",
        "00000003-0000-0000-c000-000000000000",
    ):
        assert words in bash
        assert words in POWERSHELL


def test_the_powershell_help_describes_every_parameter_and_no_other() -> None:
    block = under(TREE, "param_block")[0]  # the script's own, before those of its functions
    parameters = [re.findall(r"\$(\w+)", source(each))[0] for each in under(block, "script_parameter")]
    assert re.findall(r"^\.PARAMETER (\w+)\n    \S", POWERSHELL, re.MULTILINE) == parameters


def test_what_the_page_gives_to_paste_is_powershell_with_parameters_that_exist() -> None:
    page = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```powershell\n(.*?)```", page, re.DOTALL)
    assert not Parser(GRAMMAR).parse(block.encode()).root_node.has_error
    described = set(re.findall(r"^\.PARAMETER (\w+)", POWERSHELL, re.MULTILINE)) | {"WhatIf"}
    assert set(re.findall(r" -(\w+)", block.split(".ps1")[1])) - {"value"} <= described
