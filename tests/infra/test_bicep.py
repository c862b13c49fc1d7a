"""What stands in infra/ is Bicep, refers to what there is, passes what is asked for, and says what it is for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shared.model import change_message, job
from tests.infra.bicep import (
    CONSTANTS,
    DECORATORS,
    FUNCTIONS,
    INFRA,
    KEYWORDS,
    ROOT,
    TYPES,
    Template,
    body,
    files,
    read,
    references,
    template,
)

MAIN = template("main.bicep")
PARAMETERS = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
PAGE = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")
BICEP = pytest.mark.parametrize("name", files())


def loop_names(text: str) -> set[str]:
    """What loops call their items and positions."""
    return set(re.findall(r"\bfor (\w+) in", text)) | {
        name for pair in re.findall(r"\bfor \((\w+), (\w+)\) in", text) for name in pair
    }


def unknown(of: Template) -> set[str]:
    """The names that a file refers to and nobody declares."""
    known = (
        of.symbols
        | set(of.part("outputs"))
        | loop_names(of.text)
        | KEYWORDS
        | TYPES
        | CONSTANTS
        | DECORATORS
        | FUNCTIONS
    )
    return set(references(of.text)) - known


@BICEP
def test_every_file_is_bicep_and_refers_only_to_what_it_declares(name: str) -> None:
    assert unknown(template(name)) == set()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("location: location", "location: locaton"),
        ("'${network.id}/subnets/app'", "'${netwrok.id}/subnets/app'"),
        ("for endpoint in endpoints", "for endpoint in endpionts"),
        ("var storageDns", "var storageDnss"),
        ("parent: zones[i]", "parent: zone[i]"),
    ],
)
def test_a_misspelt_name_is_found(sound: str, broken: str, tmp_path: Path) -> None:
    text = template("modules/network.bicep").text
    assert sound in text
    wrong = tmp_path / "network.bicep"
    wrong.write_text(text.replace(sound, broken), encoding="utf-8")
    assert unknown(read(wrong))


@BICEP
def test_every_parameter_and_variable_is_used(name: str) -> None:
    there = template(name)
    used = references(there.text)
    declared = [*there.part("parameters"), *there.part("variables")]
    assert [each for each in declared if used.count(each) < 2] == []


@BICEP
def test_every_parameter_and_output_says_what_it_is_for(name: str) -> None:
    there = template(name)
    for symbol, each in (there.part("parameters") | there.part("outputs")).items():
        said = {decorator["type"]: decorator.get("argument") for decorator in each["decorators"]}
        assert len(said.get("description") or "") >= len("Region."), symbol


@BICEP
def test_only_plain_resources_and_local_modules_are_used(name: str) -> None:
    for symbol, each in template(name).part("modules").items():
        assert each["type"] == "local", symbol
        assert (INFRA / each["detail"]["path"]).is_file()


@BICEP
def test_every_version_of_an_api_is_a_stable_one(name: str) -> None:
    for symbol, each in template(name).part("resources").items():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", each["api_version"]), symbol


def test_a_type_has_one_version_throughout() -> None:
    versions: dict[str, set[str]] = {}
    for name in files():
        for each in template(name).part("resources").values():
            versions.setdefault(each["type"], set()).add(each["api_version"])
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("symbol", MAIN.part("modules"))
def test_a_module_is_given_what_it_asks_for_and_nothing_else(symbol: str) -> None:
    module = MAIN.part("modules")[symbol]
    asked = template(module["detail"]["path"]).part("parameters")
    given = body(module)["params"]
    assert given.keys() == asked.keys()


@pytest.mark.parametrize("symbol", MAIN.part("modules"))
def test_what_is_passed_on_to_a_module_has_the_type_that_it_asks_for(symbol: str) -> None:
    module = MAIN.part("modules")[symbol]
    asked = template(module["detail"]["path"]).part("parameters")
    known = {name: each["type"] for name, each in MAIN.part("parameters").items()} | {"tags": "object"}
    passed = {
        name: given for name, given in body(module)["params"].items() if isinstance(given, str) and given in known
    }
    assert {name: known[given] for name, given in passed.items()} == {name: asked[name]["type"] for name in passed}


def test_every_output_of_a_module_that_is_asked_for_is_there() -> None:
    modules = MAIN.part("modules")
    asked = set(re.findall(r"\b(\w+)\.outputs\.(\w+)", MAIN.text))
    there = {
        (symbol, output)
        for symbol, module in modules.items()
        for output in template(module["detail"]["path"]).part("outputs")
    }
    assert asked <= there
    assert there == asked


def test_no_output_holds_a_secret() -> None:
    secret = [
        symbol
        for symbol, each in MAIN.part("parameters").items()
        if any(decorator["type"] == "secure" for decorator in each["decorators"])
    ]
    assert secret == ["clientState", "previousClientState", "teamsWebhookUrl", "linkKey", "apiKey"]
    for name in files():
        for line in template(name).text.splitlines():
            if line.startswith("output "):
                assert not set(references(line)) & set(secret)
                assert not re.search(r"list[A-Z]|[kK]ey\b|ConnectionString|secret", line)


def test_secrets_are_declared_as_such_wherever_they_are_passed() -> None:
    vault = template("modules/vault.bicep").part("parameters")
    for symbol in ("clientState", "previousClientState", "teamsWebhookUrl", "linkKey", "apiKey"):
        assert {"type": "secure"} in vault[symbol]["decorators"], symbol


def test_azd_gives_every_parameter_and_no_other() -> None:
    assert PARAMETERS.keys() == MAIN.part("parameters").keys()


def test_what_azd_gives_where_nothing_is_set_is_the_default() -> None:
    for symbol, each in MAIN.part("parameters").items():
        (name, _, given) = PARAMETERS[symbol]["value"].removeprefix("${").removesuffix("}").partition("=")
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", name), symbol
        if each["default"] is None:
            assert symbol in {"environmentName", "location", "clientState"}
        else:
            default = each["default"]
            assert given == (json.dumps(default) if isinstance(default, bool | int) else default), symbol


def test_defaults_are_safe() -> None:
    defaults = {symbol: each["default"] for symbol, each in MAIN.part("parameters").items()}
    assert defaults["storageSku"] in {"Standard_LRS", "Standard_ZRS"}
    assert 0 < defaults["dailyLogsGB"] <= 5
    assert not defaults["eventHubs"]
    assert not defaults["recoverVault"]
    assert defaults["operatorPrincipalId"] == ""


def test_the_page_has_a_row_for_every_parameter_as_it_is_described() -> None:
    section = PAGE.split("## Parameters\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    expected = []
    for symbol, each in MAIN.part("parameters").items():
        variable = PARAMETERS[symbol]["value"][2:-1].partition("=")[0]
        said = next(decorator["argument"] for decorator in each["decorators"] if decorator["type"] == "description")
        # The variable has a column of its own.
        meaning = re.sub(r" \((LINEKEEPER|OTEL)_[A-Z_]+\)", "", said.replace("\\'", "'")).removesuffix(".")
        default = each["default"]
        if default is None:
            shown = "made by a hook" if symbol == "clientState" else "required"
        else:
            shown = f"`{json.dumps(default).strip(chr(34))}`" if default != "" else "none"
        expected.append(f"| `{symbol}` | `{variable}` | {meaning} | {shown} |")
    assert rows == expected


def test_the_instance_that_answers_graph_is_always_there() -> None:
    (site,) = template("modules/app.bicep").resources("Microsoft.Web/sites").values()
    scaling = site["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    assert scaling["alwaysReady"] == [{"name": "http", "instanceCount": 1}]
    assert scaling["triggers"]["http"]["perInstanceConcurrency"] == 16


def test_nothing_is_opened_by_a_key() -> None:
    (account,) = template("modules/storage.bicep").resources("Microsoft.Storage/storageAccounts").values()
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["allowBlobPublicAccess"] is False
    (insights,) = template("modules/monitoring.bicep").resources("Microsoft.Insights/components").values()
    assert insights["properties"]["DisableLocalAuth"] is True
    (namespace,) = template("modules/events.bicep").resources("Microsoft.EventHub/namespaces").values()
    assert namespace["properties"]["disableLocalAuth"] is True
    (vault,) = template("modules/vault.bicep").resources("Microsoft.KeyVault/vaults").values()
    assert vault["properties"]["enableRbacAuthorization"] is True
    assert vault["properties"]["enablePurgeProtection"] is True


def test_with_private_networking_storage_and_vault_are_closed_to_the_public() -> None:
    for module, kind in (
        ("modules/storage.bicep", "Microsoft.Storage/storageAccounts"),
        ("modules/vault.bicep", "Microsoft.KeyVault/vaults"),
    ):
        assert "var publicNetworkAccess = private ? 'Disabled' : 'Enabled'" in template(module).text
        (closed,) = template(module).resources(kind).values()
        assert closed["properties"]["publicNetworkAccess"] == "publicNetworkAccess"
        assert "defaultAction: private ? 'Deny' : 'Allow'" in template(module).text
    groups = re.findall(r"part: '(\w+)'", template("modules/network.bicep").text)
    assert groups == ["blob", "queue", "table", "vault"]


def test_every_queue_of_the_app_is_made_with_its_poison_queue() -> None:
    made = template("modules/storage.bicep").resources("Microsoft.Storage/storageAccounts/queueServices/queues")
    queues = {change_message.QUEUE, job.QUEUE}
    assert {each["name"] for each in made.values()} == queues | {f"{queue}-poison" for queue in queues}
