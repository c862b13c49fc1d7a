from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from shared.cli.rules import run_rules, show, to_json
from shared.cli.rules_page import page
from shared.model.finding import SEVERITIES
from shared.rules.catalogue import RULES
from shared.rules.rule import Rule

EXPECTED = {
    "accounts": {
        "person-holds-resource-account-licence",
        "resource-account-assignment-error",
        "resource-account-deleted-with-number",
        "resource-account-double-licensed",
        "resource-account-licence-unused",
        "resource-account-phone-licence",
        "resource-account-plan-unusable",
        "resource-account-sign-in-enabled",
        "resource-account-two-step-swap",
        "resource-account-unlicensed",
        "resource-account-usage-location",
        "resource-account-vanished",
    },
    "allocation": {
        "allocation-exceeded",
        "allocation-margin-low",
        "allocation-short",
        "allocation-unclaimed",
        "licence-subscription-ending",
        "licence-subscription-suspended",
        "phone-plan-unknown",
        "spare-licences-low",
    },
    "lines": {
        "call-queue-agent-unable",
        "call-queue-nobody-opted-in",
        "call-queue-without-agents",
        "number-assignment-failed",
        "resource-account-type-mismatch",
        "resource-account-unassociated",
        "toll-free-without-credits",
        "voice-app-external-transfer-blocked",
        "voice-app-loop",
        "voice-app-provisioning-failed",
        "voice-app-target-missing",
        "voice-app-unreachable",
    },
    "monitor": {
        "delivery-failing",
        "messages-poisoned",
        "permission-missing",
        "source-stale",
        "subscription-missing",
    },
}
"""The ids that people have in their silences and routes, by family."""

DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"


def a_rule(**changed: object) -> Rule:
    values = {
        "id": "made-up",
        "family": "accounts",
        "severity": "warning",
        "title": "Made up",
        "holds_when": "a test says so",
        "reads": frozenset({"accounts"}),
        "why": "It matters.",
        "remedy": "Mend it.",
        "link": "https://learn.microsoft.com/",
        "check": lambda _: [],
    }
    return Rule(**{**values, **changed})  # type: ignore[arg-type]  # plain values


@pytest.mark.parametrize("family", EXPECTED)
def test_the_catalogue_has_exactly_the_documented_rules(family: str) -> None:
    assert {rule.id for rule in RULES if rule.family == family} == EXPECTED[family]


def test_every_rule_is_of_a_documented_family() -> None:
    assert {rule.family for rule in RULES} <= EXPECTED.keys()


def test_no_rule_is_there_twice() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_the_page_in_the_documentation_is_what_the_metadata_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(RULES), "make it anew: linekeeper rules --markdown"


def test_every_link_of_an_overview_leads_to_a_section() -> None:
    text = page(RULES)
    links, sections = re.findall(r"\]\(#([^)]+)\)", text), re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert links == sections
    assert set(links) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_metadata_of_a_rule_makes_good_sentences(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
    assert rule.severity in SEVERITIES
    assert not rule.title.endswith(".")
    assert rule.holds_when
    assert not rule.holds_when.endswith(".")
    assert not rule.severity_varies.endswith(".")
    assert rule.why.endswith(".")
    assert rule.remedy.endswith((".", ":"))
    assert rule.link.startswith("https://learn.microsoft.com/")
    assert not rule.reads & rule.sharpened_by


def test_a_section_says_when_how_badly_on_what_why_and_what_to_do() -> None:
    text = page(
        [
            a_rule(
                severity_varies="critical on a line", sharpened_by=frozenset({"numbers", "voice"}), remedy="Assign it:"
            )
        ]
    )
    assert text.endswith(
        "### made-up\n\n"
        "**Made up.**\n\n"
        "* **Holds when** a test says so.\n"
        "* **Severity:** warning (critical on a line).\n"
        "* **Reads:** accounts; sharpened by numbers, voice.\n"
        "* **Why it matters:** It matters.\n"
        "* **What to do:** Assign it. The finding has the command for its account.\n"
        "* **More:** <https://learn.microsoft.com/>\n"
    )
    assert "| [`made-up`](#made-up) | warning; varies | a test says so |" in text
    assert "## Lines" not in text


def test_a_rule_that_reads_no_source_says_what_it_looks_at() -> None:
    assert "* **Reads:** how the reads themselves went.\n" in page([a_rule(family="monitor", reads=frozenset())])


def test_metadata_breaks_neither_the_table_nor_the_page() -> None:
    text = page([a_rule(holds_when="a | b <c> *d*")])
    assert "| a \\| b &lt;c> \\*d\\* |" in text
    assert "* **Holds when** a | b &lt;c> \\*d\\*." in text


def test_json_has_every_field_of_every_rule(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run_rules(form="json") == 0
    document = json.loads(capsysbinary.readouterr().out)
    assert document["schema"] == 1
    assert [row["id"] for row in document["rules"]] == [rule.id for rule in RULES]
    rule = a_rule(sharpened_by=frozenset({"numbers", "licences"}), severity_varies="info without a number")
    assert json.loads(to_json([rule]))["rules"] == [
        {
            "id": "made-up",
            "family": "accounts",
            "severity": "warning",
            "severity_varies": "info without a number",
            "title": "Made up",
            "holds_when": "a test says so",
            "reads": ["accounts"],
            "sharpened_by": ["licences", "numbers"],
            "why": "It matters.",
            "remedy": "Mend it.",
            "link": "https://learn.microsoft.com/",
        }
    ]


def test_people_get_one_line_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_rules(form="table") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Rule", "Severity", "Holds", "when", "Reads"]
    assert [line.split()[0] for line in lines[1 : 1 + len(RULES)]] == [rule.id for rule in RULES]
    unlicensed = next(line for line in lines if line.startswith("resource-account-unlicensed"))
    assert unlicensed.split()[1:3] == ["critical", "*"]
    assert "licences, accounts, [numbers" in unlicensed


def test_a_narrow_terminal_gets_whole_ids_and_whole_sentences() -> None:
    out = Console(width=60, file=StringIO())
    show([a_rule(holds_when=f"a test {'really ' * 20}says so", sharpened_by=frozenset({"voice"}))], out)
    assert isinstance(out.file, StringIO)
    lines = out.file.getvalue().splitlines()
    assert lines[0].rstrip() == "made-up  warning"
    assert all(line.startswith("    ") for line in lines[1:-4])
    assert "says so (accounts, [voice])" in " ".join(" ".join(lines).split())


def test_the_page_is_printed_as_it_is(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run_rules(form="markdown") == 0
    assert capsysbinary.readouterr().out.decode() == page(RULES)
