"""What azd is told: files that are there, hooks that do what they say, and a package of the service and no more."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.settings import SECRET_LENGTH
from tests.infra.bicep import INFRA, ROOT, template

AZURE = (ROOT / "azure.yaml").read_text(encoding="utf-8")
NEEDS_SH = pytest.mark.skipif(shutil.which("sh") is None, reason="sh is not on this machine")
PRINCIPAL = "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11"


def run_hook(name: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a hook in a folder as azd does; what it tells azd is in the file `told` there."""
    commands = folder / "bin"
    commands.mkdir()
    azd = commands / "azd"
    azd.write_text('#!/bin/sh\nprintf "%s\\n" "$*" >>"$TOLD"\n')
    azd.chmod(0o755)
    return subprocess.run(  # noqa: S603 - our own script
        [str(shutil.which("sh")), str(INFRA / "hooks" / name)],
        cwd=folder,
        env={"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "TOLD": str(folder / "told")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def told(folder: Path) -> list[str]:
    path = folder / "told"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_every_file_that_azd_is_told_of_is_there() -> None:
    hooks = re.findall(r"run: (\S+)", AZURE)
    assert len(hooks) == 4
    assert all((ROOT / each).is_file() for each in hooks)
    assert {Path(each).suffix for each in hooks} == {".sh", ".ps1"}
    assert (INFRA / "main.bicep").is_file()
    assert re.search(r"^  path: infra\n  module: main$", AZURE, re.MULTILINE)


def test_hooks_for_bash_may_be_run() -> None:
    for script in [*INFRA.glob("*.sh"), *(INFRA / "hooks").glob("*.sh")]:
        assert os.access(script, os.X_OK), script


def test_azd_finds_the_app_that_it_deploys_by_its_tag() -> None:
    (service,) = re.findall(r"^services:\n  (\w+):", AZURE, re.MULTILINE)
    assert f"'azd-service-name': '{service}'" in template("modules/app.bicep").text
    outputs = template("main.bicep").part("outputs")
    assert f"SERVICE_{service.upper()}_NAME" in outputs


def test_what_the_hooks_and_the_page_ask_azd_for_is_an_output_or_a_parameter() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (INFRA / "hooks").iterdir()]
    texts.append((ROOT / "docs" / "azure.md").read_text(encoding="utf-8"))
    asked = {
        name
        for text in texts
        for name in re.findall(r"get-value (\w+)|\b(AZURE_IDENTITY_\w+)", text)
        for name in name
        if name
    }
    assert asked <= template("main.bicep").part("outputs").keys()
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"].values()
    settable = {each["value"][2:-1].partition("=")[0] for each in parameters} | {"LINEKEEPER_GRANT"}
    assert {name for text in texts for name in re.findall(r"azd env set (\w+)", text)} - {"VARIABLE"} <= settable


def test_the_page_links_to_what_is_there() -> None:
    page = ROOT / "docs" / "azure.md"
    for file, heading in re.findall(r"\]\(([^)#:]*)#?([a-z0-9-]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / file if file else page
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
        assert not heading or heading in anchors, (file, heading)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
def test_what_the_page_gives_to_paste_is_bash() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "azure.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        filled = re.sub(r"<[^>]+>", "SOMETHING", block)
        read = subprocess.run(["bash", "-n"], input=filled, capture_output=True, text=True, check=False)  # noqa: S607
        assert (read.returncode, read.stderr) == (0, ""), block
        for script in re.findall(r"(infra/\S+\.\w+)", block):
            assert (ROOT / script).is_file()


@NEEDS_SH
def test_a_client_state_is_made_where_there_is_none(tmp_path: Path) -> None:
    done = run_hook("preprovision.sh", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    ((command, verb, name, value),) = [each.split(" ") for each in told(tmp_path)]
    assert (command, verb, name) == ("env", "set", "LINEKEEPER_CLIENT_STATE")
    assert re.fullmatch("[0-9a-f]{64}", value)
    assert len(value) in SECRET_LENGTH
    assert value not in done.stdout


@NEEDS_SH
def test_no_two_client_states_are_alike(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run_hook("preprovision.sh", tmp_path / name)
    assert told(tmp_path / "one") != told(tmp_path / "two")


@NEEDS_SH
def test_a_client_state_that_is_there_stays(tmp_path: Path) -> None:
    done = run_hook("preprovision.sh", tmp_path, LINEKEEPER_CLIENT_STATE="0" * 64)
    assert done.returncode == 0
    assert told(tmp_path) == []


@NEEDS_SH
def test_a_toml_file_beside_the_app_is_taken(tmp_path: Path) -> None:
    (tmp_path / "linekeeper.toml").write_text("", encoding="utf-8")
    run_hook("preprovision.sh", tmp_path, LINEKEEPER_CLIENT_STATE="0" * 64)
    assert told(tmp_path) == ["env set LINEKEEPER_CONFIG linekeeper.toml"]


@NEEDS_SH
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"LINEKEEPER_CONFIG": "other.toml"}, "other.toml"),
        ({"LINEKEEPER_SEVERAL_TENANTS": "true"}, "LINEKEEPER_CONFIG"),
        ({"LINEKEEPER_EVENT_HUBS": "true"}, "LINEKEEPER_TENANT_DOMAIN"),
        ({"LINEKEEPER_EVENT_HUBS": "true", "LINEKEEPER_TENANT_DOMAIN": "contoso.example"}, "GRAPH_CHANGE_TRACKING"),
    ],
)
def test_what_could_not_work_stops_before_anything_is_made(
    variables: dict[str, str], named: str, tmp_path: Path
) -> None:
    done = run_hook("preprovision.sh", tmp_path, LINEKEEPER_CLIENT_STATE="0" * 64, **variables)
    assert done.returncode == 1
    assert named in done.stderr
    assert told(tmp_path) == []


@NEEDS_SH
def test_without_leave_nothing_is_granted_and_the_command_is_shown(tmp_path: Path) -> None:
    done = run_hook("postprovision.sh", tmp_path, AZURE_IDENTITY_PRINCIPAL_ID=PRINCIPAL)
    assert done.returncode == 0
    assert f"infra/grant-graph-permissions.sh {PRINCIPAL}\n" in done.stdout


@NEEDS_SH
def test_with_leave_the_permissions_are_granted_at_once(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "grant-graph-permissions.sh").write_text('echo "granting to $*"; exit 3\n', encoding="utf-8")
    done = run_hook("postprovision.sh", tmp_path, AZURE_IDENTITY_PRINCIPAL_ID=PRINCIPAL, LINEKEEPER_GRANT="yes")
    # Where it fails, azd stops before it deploys: a token that is made without permissions stays for a day.
    assert (done.returncode, done.stdout) == (3, f"granting to {PRINCIPAL}\n")


def test_both_languages_of_a_hook_know_the_same_variables_and_say_the_same() -> None:
    for stage in ("preprovision", "postprovision"):
        bash, powershell = (
            (INFRA / "hooks" / f"{stage}{suffix}").read_text(encoding="utf-8") for suffix in (".sh", ".ps1")
        )
        variables = [set(re.findall(r"\b(?:LINEKEEPER|AZURE)_[A-Z_]+[A-Z]", text)) for text in (bash, powershell)]
        assert variables[0] == variables[1]
        said = [set(re.findall(r"(?:Linekeeper: |stop \")([^\"'$]{20,})", text)) for text in (bash, powershell)]
        assert said[0] == said[1]


def test_the_package_holds_the_service_and_nothing_else() -> None:
    def listed(*options: str) -> set[str]:
        command = ["git", "ls-files", "--cached", "--others", *options]
        return set(subprocess.check_output(command, cwd=ROOT, text=True).splitlines())  # noqa: S603 - git itself

    tree = {each for each in listed("--exclude-standard") if (ROOT / each).is_file()}
    # The file has the syntax of .gitignore, so git itself tells what it leaves out.
    packed = tree - listed("--ignored", "--exclude-from=.funcignore")
    assert {each.split("/")[0] for each in packed} == {
        "docs",
        "function_app.py",
        "functions",
        "host.json",
        "requirements.txt",
        "shared",
    }
    # The pages that the service hands out.
    pages = {each.relative_to(ROOT).as_posix() for each in (ROOT / "docs/runbooks").glob("*.md")}
    assert {each for each in packed if each.startswith("docs/")} == pages
    assert not {each for each in packed if each.startswith(("shared/cli/", "shared/host/"))}
    code = {each for each in tree if each.startswith(("functions/", "shared/"))}
    assert {each for each in code - packed if not each.startswith(("shared/cli/", "shared/host/"))} == set()
