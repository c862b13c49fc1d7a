"""What the project says of itself is true: dependencies, settings, metrics, rules and commands."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools.requirements import entries, runtime_requirements

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tracked() -> list[Path]:
    """The files of the tree that are its own: what git tracks, or would."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        text=True,
    )
    return [path for name in listed.splitlines() if (path := ROOT / name).is_file()]


def test_what_azure_installs_is_what_the_lock_says() -> None:
    assert runtime_requirements(PROJECT, LOCK) == REQUIREMENTS


def test_every_pin_has_hashes_and_every_direct_dependency_a_pin() -> None:
    pinned = entries(LOCK)
    assert all("--hash=sha256:" in text for text in pinned.values())
    project = tomllib.loads(PROJECT)["project"]
    direct = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
    assert {re.split(r"[<>=~]", each)[0].strip() for each in direct} <= pinned.keys()


def test_what_only_this_machine_needs_is_not_installed_on_azure() -> None:
    assert {"pytest", "mypy", "rich", "croniter", "uv", "azure-functions-worker"}.isdisjoint(entries(REQUIREMENTS))


def test_a_requirement_that_the_lock_lacks_is_named() -> None:
    with pytest.raises(SystemExit, match="no pin for left-pad"):
        runtime_requirements('[project]\ndependencies = ["left-pad~=1.0"]', LOCK)


def test_the_opentelemetry_family_is_on_one_version() -> None:
    versions = {
        text.split("==")[1].split()[0]
        for name, text in entries(LOCK).items()
        if name in {"opentelemetry-api", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"}
    }
    assert len(versions) == 1


def test_every_setting_that_is_read_is_documented_and_every_documented_one_is_read() -> None:
    code = [ROOT / "function_app.py", *(ROOT / "functions").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    read = {
        name
        for path in code
        if path.parent != ROOT / "shared/cli" or path.name == "serve.py"
        for name in re.findall(r'"(LINEKEEPER_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    documented = set(
        re.findall(r"^\| `(LINEKEEPER_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE)
    )
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    assert read == documented
    assert {name for name in sample if name.startswith("LINEKEEPER_")} <= documented


def test_the_readme_names_only_make_targets_and_files_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)|`make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target[0] or target[1]}:", makefile, re.MULTILINE)
    for file in re.findall(r"\]\(([^)#:]+)\)|(?:src|srcset)=\"([^\"]+)\"", README):
        assert (ROOT / (file[0] or file[1])).is_file()


def test_no_file_names_the_host_of_a_package_registry() -> None:
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "debian" + ".org")
    for path in tracked():
        content = path.read_bytes()
        assert not any(host.encode() in content for host in hosts), path


def test_what_is_deployed_imports_nothing_that_stays_behind() -> None:
    ignored = {line.rstrip("/") for line in (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()}
    assert {"tests", "simulator", "shared/cli", "shared/host", "local.settings.json"} <= ignored
    deployed = [
        path
        for path in [ROOT / "function_app.py", *(ROOT / "functions").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
        if not {"cli", "host"} & set(path.relative_to(ROOT).parts)
    ]
    imported = {
        name
        for path in deployed
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert not any(name.startswith(("shared.cli", "shared.host", "simulator", "tests")) for name in imported)
    assert {"rich", "croniter", "aiohttp"}.isdisjoint(name.partition(".")[0] for name in imported)
