"""docs/security.md is true: its routes, headers, permissions, roles and secrets are the code's; its proofs exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from shared.host import read_functions
from shared.host.bindings import HttpRoute
from shared.model.sources import PERMISSIONS
from shared.monitor import runbooks, silence_page, status_frame

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
AZURE = (ROOT / "docs/azure.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
GRANTED = (ROOT / "infra/graph-permissions.tsv").read_text(encoding="utf-8")

ASKED = {"anonymous": "nothing", "function": "a function key"}
"""What an authorisation level of Azure Functions asks of a request, in the page's words."""

THREATS = {
    "Forged notifications",
    "Replay",
    "Stolen webhook URL",
    "Hostile directory names",
    "Over-privileged identity",
    "Poisoned export",
}
"""Those that the page has at least."""


def section(heading: str, level: str = "##") -> str:
    """What stands under a heading, up to the next of its level or above."""
    found = re.search(
        rf"^{level} {re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables of a text, without their heads."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines if not set("".join(line)) <= {"-", "|", " "}]


def table(text: str, head: str) -> list[list[str]]:
    """The rows of the table that begins with a head."""
    _, _, after = text.partition(f"| {head} |")
    assert after, head
    return rows(after.partition("\n\n")[0].partition("\n")[2])


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def proofs(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^\* `(tests/[\w/]+\.py)::(test_\w+)`$", text, re.MULTILINE)


def threats() -> list[str]:
    return re.findall(r"^### (.+)$", section("Threats"), re.MULTILINE)


def routes() -> dict[str, HttpRoute]:
    """The routes of the module that Azure loads, by the path that callers know."""
    import function_app  # noqa: PLC0415 - it reads the environment

    found = [function.trigger for function in read_functions(function_app.app, {})]
    return {f"/api/{each.template}": each for each in found if isinstance(each, HttpRoute)}


def test_the_page_has_a_row_for_every_route_as_it_is_registered() -> None:
    documented = {
        path.strip("`"): (frozenset(methods.split(", ")), asked)
        for path, methods, asked, _, _ in table(PAGE, "route | methods | the platform asks for")
    }
    assert documented == {path: (each.methods, ASKED[each.auth_level]) for path, each in routes().items()}


def test_every_route_that_the_platform_leaves_open_says_what_the_service_asks_for() -> None:
    open_to_all = {"/api/health", "/api/runbooks/{page}"}
    for path, _, asked, ours, _ in table(PAGE, "route | methods | the platform asks for"):
        assert (asked == ours == "nothing") == (path.strip("`") in open_to_all), path


def test_the_headers_of_each_route_are_those_of_the_page() -> None:
    documented = {
        path.strip("`"): set(re.findall(r"`([\w-]+)`", named)) for path, named in table(PAGE, "route | headers")
    }
    status = set(status_frame.HEADERS)
    assert documented == {
        "/api/silences": set(silence_page.HEADERS),
        "/api/status": status,
        "/api/status.json": status,
        "/api/status/view": status,
        "/api/runbooks/{page}": set(runbooks.HEADERS),
        "/api/health": {"X-Content-Type-Options", "Cache-Control"},
    }


def test_the_page_has_the_threats_that_were_asked_about() -> None:
    assert set(threats()) >= THREATS


@pytest.mark.parametrize("threat", threats())
def test_a_threat_has_a_defence_and_a_test_that_proves_it(threat: str) -> None:
    text = section(threat, "###")
    said, _, _ = text.partition("\n* ")
    assert len(said.split()) > 20
    assert proofs(text)


def test_every_test_that_the_page_names_exists_and_is_named_where_it_is() -> None:
    named = proofs(PAGE)
    assert len(named) == PAGE.count("::test_")
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


def test_the_permissions_are_those_that_are_granted_and_that_the_sources_need() -> None:
    documented = table(PAGE, "permission | needed | source")
    granted = [line.split("\t")[:2] for line in GRANTED.splitlines()[1:]]
    assert [[name.strip("`"), needed] for name, needed, _, _ in documented] == granted
    of_sources = {source: name.strip("`") for name, _, source, _ in documented if source != "none"}
    assert of_sources == PERMISSIONS
    on_settings = {name for name, _, _ in table(SETTINGS, "permission | for | without it")}
    assert {name for name, *_ in documented} == on_settings


def test_the_roles_are_those_of_the_page_on_azure() -> None:
    on_azure = [row[:3] for row in table(AZURE, "who | role | on | why")]
    assert on_azure
    assert [row[:3] for row in table(PAGE, "who | role | on | what a thief could do with it")] == on_azure


def test_every_secret_of_the_vault_says_what_it_opens_and_how_to_change_it() -> None:
    in_the_vault = {name.strip("`") for name, _ in table(AZURE, "setting | secret in the vault")}
    documented = table(PAGE, "secret | who has it | who else gets it can")
    text = "\n".join(" ".join(row) for row in documented)
    assert in_the_vault <= set(re.findall(r"`(LINEKEEPER_[A-Z_]+)`", text))
    assert all(len(row) == 5 and all(row) for row in documented)


def test_every_setting_that_the_page_names_exists() -> None:
    for name in re.findall(r"`((?:LINEKEEPER|OTEL)_[A-Z_]+)`", PAGE):
        assert f"`{name}`" in SETTINGS, name


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_that_is_linked_exists_with_the_heading_that_is_named() -> None:
    for page, heading in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", PAGE):
        file = ROOT / "docs" / page if page else ROOT / "docs/security.md"
        assert file.is_file(), page
        headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert not heading or heading in {anchor(each) for each in headings}, (page, heading)
