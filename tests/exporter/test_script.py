"""The export script, by its syntax tree: what it calls, what it writes, what it says of itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "exporter" / "Export-LinekeeperVoice.ps1").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "exporter.md").read_text(encoding="utf-8")
GRAMMAR = Language(tree_sitter_powershell.language())

DOCUMENT_KEYS = [
    "schemaVersion",
    "tenantId",
    "exportedAt",
    "moduleVersion",
    "complete",
    "errors",
    "autoAttendants",
    "callQueues",
    "applicationInstances",
    "associations",
    "associationStatus",
]
READS_OF_THE_TENANT = {
    "Get-CsTenant",
    "Get-CsAutoAttendant",
    "Get-CsCallQueue",
    "Get-CsOnlineApplicationInstance",
    "Get-CsOnlineApplicationInstanceAssociation",
    "Get-CsOnlineApplicationInstanceAssociationStatus",
}
OTHER_COMMANDS = {
    "Connect-MicrosoftTeams",
    "ConvertTo-Json",
    "Disconnect-MicrosoftTeams",
    "ForEach-Object",
    "Get-Module",
    "Invoke-RestMethod",
    "Select-Object",
    "Set-StrictMode",
    "Split-Path",
    "Start-Sleep",
    "Test-Path",
    "Where-Object",
    "Write-Output",
    "Write-Warning",
}


def parse(text: str) -> Node:
    return Parser(GRAMMAR).parse(text.encode()).root_node


def under(node: Node, kind: str) -> Iterator[Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from under(child, kind)


def source(node: Node | None) -> str:
    assert node is not None
    assert node.text is not None
    return node.text.decode()


def commands(node: Node) -> list[tuple[str, str]]:
    """Each command's name and its whole text; a name is empty where a variable or an expression is called."""
    named = ((each.child_by_field_name("command_name"), each) for each in under(node, "command"))
    return [
        (source(name) if name is not None and name.type == "command_name" else "", source(each)) for name, each in named
    ]


def parameters(script: str) -> list[str]:
    (block,) = under(parse(script), "param_block")
    return [source(each.children[-1]).lstrip("$") for each in under(block, "script_parameter")]


def pasteable(page: str) -> list[str]:
    return re.findall(r"```powershell\n(.*?)```", page, re.DOTALL)


TREE = parse(SCRIPT)
OWN_FUNCTIONS = {source(each) for each in under(TREE, "function_name")}


def test_the_script_is_powershell() -> None:
    assert not TREE.has_error


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("Read-List 'callQueues' '' {", "Read-List 'callQueues' '' {{"),
        ("$exitCode = 2\n", "$exitCode = (2\n"),
        ("foreach ($wait in 4", "foreach ($wait 4"),
        ("-join ', ')", "-join ', '"),
    ],
)
def test_a_broken_script_is_caught(sound: str, broken: str) -> None:
    assert sound in SCRIPT
    assert parse(SCRIPT.replace(sound, broken, 1)).has_error


def test_it_asks_for_the_versions_that_it_needs_and_stops_at_errors() -> None:
    assert SCRIPT.startswith("#Requires -Version 7.2\n#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ")
    assert "Set-StrictMode -Version Latest" in SCRIPT
    assert "$ErrorActionPreference = 'Stop'" in SCRIPT


def test_nothing_but_reads_touches_the_tenant() -> None:
    called = {name for name, _ in commands(TREE)} - OWN_FUNCTIONS - {""}
    assert called == READS_OF_THE_TENANT | OTHER_COMMANDS


def test_what_is_called_by_a_variable_is_a_block_of_the_script() -> None:
    assert {text.split()[1] for name, text in commands(TREE) if not name} == {"$Action", "$Read"}


def test_the_only_classes_that_touch_files_write_the_document_and_read_the_certificate() -> None:
    calls = {source(each).split("(")[0] for each in under(TREE, "invokation_expression")}
    static = {each for each in calls if each.startswith("[")}
    assert {each for each in static if ".IO." in each} == {
        "[System.IO.File]::WriteAllBytes",
        "[System.IO.File]::Move",
        "[System.IO.File]::Delete",
    }
    assert not [each for each in static if re.search(r"Process|Reflection|Net\.|Registry", each)]


def test_every_read_stops_at_its_own_errors_and_leaves_nothing_out() -> None:
    reads = [text for name, text in commands(TREE) if name in READS_OF_THE_TENANT]
    assert len(reads) == len(READS_OF_THE_TENANT)
    for text in reads:
        assert "-ErrorAction Stop" in text
        assert "-ExcludeContent" not in text
        assert "-ResultSize" not in text


def test_attendants_and_queues_are_read_by_pages_of_a_hundred() -> None:
    assert "$PageSize = 100 " in SCRIPT
    paged = {name: text for name, text in commands(TREE) if "-Skip $skip" in text and name in READS_OF_THE_TENANT}
    assert paged.keys() == {"Get-CsAutoAttendant", "Get-CsCallQueue"}
    assert all("-First $PageSize" in text for text in paged.values())
    assert "-IncludeStatus" in paged["Get-CsAutoAttendant"]


def test_every_conversion_is_deep_and_keeps_enums_by_name() -> None:
    conversions = [text for name, text in commands(TREE) if name == "ConvertTo-Json"]
    assert conversions
    for text in conversions:
        depth = re.search(r"-Depth (\d+)", text)
        assert depth is not None
        assert int(depth[1]) >= 10
        assert "-EnumsAsStrings" in text


def test_every_key_of_the_document_is_written() -> None:
    (document,) = (each for each in under(TREE, "assignment_expression") if source(each).startswith("$document = "))
    header = [source(each) for each in under(document, "key_expression")]
    stages = [text.split("'")[1] for name, text in commands(TREE) if name == "Read-List"]
    assert header + stages == DOCUMENT_KEYS


def test_an_error_names_its_stage_its_identity_and_its_message() -> None:
    (reading,) = (each for each in under(TREE, "function_statement") if "function Read-List" in source(each))
    text = source(reading)
    assert all(f in text for f in ("@{ stage = $Stage }", "$failure.identity = ", "$failure.message = "))


def test_a_list_is_kept_only_after_it_was_read_wholly() -> None:
    (reading,) = (each for each in under(TREE, "function_statement") if "function Read-List" in source(each))
    text = source(reading)
    assert text.index("@(& $Read)") < text.index("$document[$Stage] = $list") < text.index("catch {")
    kept = [source(each) for each in under(TREE, "assignment_expression") if source(each).startswith("$document[")]
    assert kept == ["$document[$Stage] = $list"]


def test_it_is_complete_only_without_any_error() -> None:
    said = [source(each) for each in under(TREE, "assignment_expression") if source(each).startswith("$document.comp")]
    assert said == ["$document.complete = $failures.Count -eq 0"]


def test_a_written_document_ends_with_0_or_1_and_anything_else_with_2() -> None:
    set_to = [source(each) for each in under(TREE, "assignment_expression") if source(each).startswith("$exitCode")]
    assert set_to == ["$exitCode = 2", "$exitCode = if ($document.complete) { 0 } else { 1 }"]
    assert SCRIPT.index("Write-Blob $bytes") < SCRIPT.index(set_to[1])
    assert SCRIPT.endswith("exit $exitCode\n")


def test_only_counts_and_safe_messages_are_printed() -> None:
    printed = [text for name, text in commands(TREE) if name.startswith("Write-") and name not in OWN_FUNCTIONS]
    shown = {variable for text in printed for variable in re.findall(r"\$\(?([A-Za-z][\w-]*)", text)}
    assert shown == {"state", "counts", "failures", "seconds", "step", "Get-SafeMessage"}
    counted = SCRIPT.split("$counts = ")[1].split("$state = ")[0]
    assert set(re.findall(r'"([^"]*)"', counted)) == {"$list $($document[$list].Count)", "$list not read"}


def test_streams_that_would_tell_a_url_with_its_signature_are_closed() -> None:
    assert "$VerbosePreference = 'SilentlyContinue'" in SCRIPT
    assert "$DebugPreference = 'SilentlyContinue'" in SCRIPT


def test_what_an_error_says_passes_the_removal_of_secrets() -> None:
    raw = [line for line in SCRIPT.splitlines() if "Exception.Message" in line]
    assert all("-match" in line or "$text = " in line for line in raw)
    assert "'eyJ[\\w.-]+', '[token]'" in SCRIPT
    assert "'\\?\\S+', '?[query]'" in SCRIPT


@pytest.mark.parametrize(
    ("sentence", "is_an_answer"),
    [
        ("The association was not found.", True),
        ("Response status code does not indicate success: 404 (Not Found).", True),
        ("NotFound", True),
        ("Association could not be found for 5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11", True),
        ("The property 'Identity' cannot be found on this object.", False),
        ("Response status code does not indicate success: 500 (Internal Server Error).", False),
        ("Id 5b6a1a40-4040-4f5e-9c61-0e6f7b2f1404 failed.", False),
        ("Access Denied.", False),
    ],
)
def test_an_unassociated_account_is_told_from_a_failure(sentence: str, *, is_an_answer: bool) -> None:
    (pattern,) = re.findall(r"\$Failure\.Exception\.Message -match '(\\bNotFound[^']*)'", SCRIPT)
    assert bool(re.search(pattern, sentence, re.IGNORECASE)) is is_an_answer


def test_the_help_describes_every_parameter_and_no_other() -> None:
    described = re.findall(r"^\.PARAMETER (\w+)\n    \S", SCRIPT, re.MULTILINE)
    assert described == parameters(SCRIPT)
    assert all(f"\n{section}\n" in SCRIPT for section in (".SYNOPSIS", ".DESCRIPTION", ".EXAMPLE"))


def test_the_page_names_every_parameter_every_list_and_every_exit_code() -> None:
    assert [each for each in parameters(SCRIPT) if f"`-{each}" not in PAGE] == []
    assert [each for each in DOCUMENT_KEYS if f"`{each}`" not in PAGE] == []
    assert re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == ["0", "1", "2"]


def test_what_the_page_gives_to_paste_is_powershell_with_parameters_that_exist() -> None:
    blocks = pasteable(PAGE)
    assert len(blocks) >= 3
    for block in blocks:
        assert not parse(block).has_error
        for line in block.splitlines():
            _, found, arguments = line.partition("Export-LinekeeperVoice.ps1")
            if found:
                assert set(re.findall(r" -([A-Z]\w+)", arguments)) <= set(parameters(SCRIPT))
