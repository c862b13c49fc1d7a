"""docs/hosting.md says of every setting of host.json what it is, and host.json has them all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from functions.invocation import LONGEST
from shared.host import read_functions, read_host_settings
from shared.model.change_message import QUEUE
from shared.rules.messages_poisoned import POISON_QUEUE

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
HOST: dict[str, Any] = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    else:
        yield ".".join(path), value if isinstance(value, str) else json.dumps(value)


def test_the_table_has_a_row_for_every_setting_with_its_value_and_a_reason_and_no_other() -> None:
    section = PAGE.partition("## host.json")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)
    assert [(name, value) for name, value, _ in rows] == list(leaves(HOST))
    assert all(len(why) > 20 for _, _, why in rows)


def test_an_invocation_gives_up_before_the_host_ends_the_process() -> None:
    hours, minutes, seconds = map(int, HOST["functionTimeout"].split(":"))
    assert timedelta(hours=hours, minutes=minutes, seconds=seconds) - LONGEST >= timedelta(minutes=1)


def test_the_platform_adds_instances_before_the_host_refuses_requests() -> None:
    bicep = (ROOT / "infra" / "modules" / "app.bicep").read_text(encoding="utf-8")
    per_instance = re.search(r"perInstanceConcurrency: (\d+)", bicep)
    assert per_instance is not None
    http = HOST["extensions"]["http"]
    assert int(per_instance[1]) < http["maxConcurrentRequests"] < http["maxOutstandingRequests"]
    assert f"at {per_instance[1]} (" in PAGE


def test_what_the_page_says_of_queues_follows_from_the_settings() -> None:
    settings = read_host_settings(ROOT / "host.json")
    at_once = settings.batch_size + settings.refill_at
    assert f"at most {at_once} messages" in PAGE
    assert f"| {at_once} in an instance, of each queue |" in PAGE
    assert f"{int(86400 / settings.max_polling_interval):,} looks a day" in PAGE
    assert (settings.max_dequeue_count, settings.visibility_timeout) == (5, 30)
    assert "tried five times, half a minute apart" in PAGE
    assert QUEUE in PAGE
    assert POISON_QUEUE in PAGE


def test_the_page_lists_every_function() -> None:
    import function_app  # noqa: PLC0415

    table = PAGE.partition("## Who runs what")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", table))
    for function in read_functions(function_app.app, {}):
        assert function.name in named or (function.name.startswith("status") and "`status…`" in table), function.name
