"""The dashboard held to Grafana's published types, by the TypeScript compiler.

Only as a literal in the source is an object checked for keys that the types do not know.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.grafana import text

MODULES = Path(__file__).parent / "schema/node_modules"
SOURCE = """\
import type { Dashboard } from '@grafana/schema';

// An enumeration takes no literal, and JSON has nothing else: its values stand for it.
type Plain<T> = T extends string ? `${T}`
  : T extends (infer E)[] ? Plain<E>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;

export const dashboard: Plain<Dashboard> = %s;
"""

Compile = Callable[[dict[str, Any]], str]


@pytest.fixture
def complaints(tmp_path: Path) -> Compile:
    """What the compiler has against a dashboard."""
    node = shutil.which("node")
    assert node is not None
    options = {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "types": [],
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "paths": {"@grafana/schema": [str(MODULES / "@grafana/schema")]},
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}), encoding="utf-8")

    def compiled(dashboard: dict[str, Any]) -> str:
        (tmp_path / "dashboard.ts").write_text(SOURCE % json.dumps(dashboard, indent=1), encoding="utf-8")
        command = [node, str(MODULES / "typescript/bin/tsc"), "--project", str(tmp_path), "--pretty", "false"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - ours
        return done.stdout + done.stderr

    return compiled


@pytest.fixture
def dashboard() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(text())
    for variable in made["templating"]["list"]:
        # Every kind of variable has these in the builder's model; the types give them to intervals alone.
        for of_intervals in ("auto", "auto_count", "auto_min"):
            del variable[of_intervals]
    return made


def test_the_compiler_has_nothing_against_the_dashboard(complaints: Compile, dashboard: dict[str, Any]) -> None:
    assert complaints(dashboard) == ""


def test_a_value_that_is_none_of_grafanas_is_found(complaints: Compile, dashboard: dict[str, Any]) -> None:
    dashboard["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["mode"] = "relative"
    assert "ThresholdsMode" in complaints(dashboard) or "relative" in complaints(dashboard)


def test_a_key_that_grafana_does_not_know_is_found(complaints: Compile, dashboard: dict[str, Any]) -> None:
    dashboard["panels"][1]["titel"] = "Lines"
    assert "titel" in complaints(dashboard)
