"""Secrets in the code: compared in constant time, and shown by no text; nothing that is read can become code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.model.errors import LinekeeperError
from shared.settings import load

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(path for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py"))
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
EXECUTES = frozenset({"eval", "exec", "compile", "__import__"})
UNPACKS_OBJECTS = frozenset({"pickle", "marshal", "shelve", "yaml", "dill"})


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def reveals(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr == "reveal" for each in ast.walk(node))


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_secret_is_compared_by_an_operator_whose_time_tells_how_much_of_it_fits(path: Path) -> None:
    compared = [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.Compare)
        and any(isinstance(each, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for each in node.ops)
        and reveals(node)
    ]
    assert not compared


def test_what_strangers_send_is_compared_in_constant_time() -> None:
    for name in ("notifications.py", "silence_link.py"):
        text = (ROOT / "shared/monitor" / name).read_text(encoding="utf-8")
        assert "hmac.compare_digest(" in text


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_read_becomes_code(path: Path) -> None:
    called = {node.func.id for node in nodes(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    imported = {
        name.partition(".")[0]
        for node in nodes(path)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not called & EXECUTES
    assert not imported & UNPACKS_OBJECTS


@pytest.mark.parametrize(
    "name", ["../linekeeper/document.json", "a/../../linekeeper/x", "..", "a/./b", "..\\linekeeper\\x", "a\nb"]
)
def test_the_name_of_an_export_blob_leads_into_no_other_container(name: str) -> None:
    with pytest.raises(LinekeeperError, match="LINEKEEPER_VOICE_EXPORT must be"):
        load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_VOICE_EXPORT": f"blob:voice/{name}", **STORAGE})


@pytest.mark.parametrize("name", ["voice.json", "2026/voice..json", "a.b/...json"])
def test_a_plain_name_of_an_export_blob_is_taken(name: str) -> None:
    settings = load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_VOICE_EXPORT": f"blob:voice/{name}", **STORAGE})
    assert settings.voice_export is not None
