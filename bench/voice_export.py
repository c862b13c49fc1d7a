"""What reading a voice export costs: time, and the peak memory of a process that does nothing else.

Exports as PowerShell writes them, indented, with prompts and everything else that is not read; one of about 200 MB, the
same size in UTF-16, one above the limit, and some that only want to cost memory. Each is read in a process of its own,
since the peak of a process never falls; it includes the interpreter and the document's bytes.

    python -m bench.voice_export [--apps 500 5000 20000] [--large 200]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from shared.model.errors import ExportUnreadable
from shared.voice.export import MOST_OBJECTS, MOST_VALUES, read_export

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PROMPT = "Thank you for calling Contoso. Please listen to the options, since they have changed. " * 3
HEAD = '{"schemaVersion": 1, "tenantId": "%s", "exportedAt": "2026-11-20T08:00:05Z", "complete": true, "errors": []'
MIB = 1024 * 1024

Row = dict[str, object]


def guid(kind: int, number: int) -> str:
    """An id that says what it is of."""
    return str(uuid.UUID(int=(kind << 96) + number))


def attendant(number: int) -> Row:
    """An attendant with a menu of six options, a flow after hours and one for holidays."""
    options = [
        {
            "Action": "TransferCallToTarget",
            "DtmfResponse": f"Tone{tone}",
            "VoiceResponses": ["Sales", "Orders"],
            "Prompt": {"ActiveType": "TextToSpeech", "TextToSpeechPrompt": PROMPT, "AudioFilePrompt": None},
            "CallTarget": {"Id": guid(2, number + tone), "Type": "ConfigurationEndpoint", "CallPriority": 3},
        }
        for tone in range(6)
    ]
    flow = {
        "Name": "Flow",
        "Greetings": [{"ActiveType": "TextToSpeech", "TextToSpeechPrompt": PROMPT}],
        "Menu": {"Name": "Menu", "Prompts": [{"TextToSpeechPrompt": PROMPT}], "MenuOptions": options},
    }
    return {
        "Identity": guid(1, number),
        "Name": f"AA Line {number}",
        "TimeZoneId": "UTC",
        "DefaultCallFlow": {"Id": guid(11, number), **flow},
        "CallFlows": [{"Id": guid(12, number), **flow}],
        "Schedules": [{"Id": guid(13, number), "Type": "WeeklyRecurrence", "Name": "After hours"}],
        "CallHandlingAssociations": [
            {"Type": "AfterHours", "ScheduleId": guid(13, number), "CallFlowId": guid(12, number), "Enabled": True}
        ],
        "Operator": {"Id": guid(9, number), "Type": "User"},
        "ApplicationInstances": [guid(3, number)],
        "Status": [{"Type": "SipProvisioning", "Status": "Success"}],
    }


def queue(number: int) -> Row:
    """A queue with twenty agents."""
    people = [guid(9, number + each) for each in range(20)]
    return {
        "Identity": guid(2, number),
        "Name": f"CQ Line {number}",
        "Users": people[:5],
        "DistributionLists": [guid(8, number)],
        "Agents": [{"ObjectId": each, "OptIn": True} for each in people],
        "OverflowAction": "DisconnectWithBusy",
        "TimeoutAction": "SharedVoicemail",
        "TimeoutActionTarget": {"Id": guid(8, number), "Type": "Unknown"},
        "TimeoutSharedVoicemailTextToSpeechPrompt": PROMPT,
        "NoAgentAction": "Queue",
        "ApplicationInstances": [guid(4, number)],
    }


def instance(number: int) -> Row:
    """A resource account with a number."""
    return {
        "ObjectId": guid(3 + number % 2, number // 2),
        "UserPrincipalName": f"line-{number}@contoso.example",
        "ApplicationId": "ce933385-9390-45d1-9512-c8d228074e07",
        "DisplayName": f"Line {number}",
        "PhoneNumber": f"tel:+1425{number:07}",
    }


def association(number: int) -> Row:
    """What that account stands for."""
    kind = ("AutoAttendant", "CallQueue")[number % 2]
    return {
        "Id": guid(3 + number % 2, number // 2),
        "ConfigurationType": kind,
        "ConfigurationId": guid(1 + number % 2, number // 2),
    }


def status(number: int) -> Row:
    """How that went."""
    return {"Id": guid(3 + number % 2, number // 2), "Type": "SipProvisioning", "Status": "Success"}


def export(apps: int) -> Iterator[str]:
    """The document of so many voice apps, one half attendants, piece by piece."""
    lists: tuple[tuple[str, Callable[[int], Row], int], ...] = (
        ("autoAttendants", attendant, apps // 2),
        ("callQueues", queue, apps - apps // 2),
        ("applicationInstances", instance, apps),
        ("associations", association, apps),
        ("associationStatus", status, apps),
    )
    yield HEAD % TENANT
    for key, row, count in lists:
        yield f',\n"{key}": ['
        for number in range(count):
            yield (",\n" if number else "") + json.dumps(row(number), indent=2)
        yield "]"
    yield "}"


def hostile(row: str, rows: int, values: int) -> Iterator[str]:
    """Rows that cost as much memory a byte as can be, each with so many short ids."""
    yield HEAD % TENANT + ', "callQueues": ['
    for number in range(rows):
        ids = "".join(f',"{number + each:x}"' for each in range(values))
        yield ("," if number else "") + row % (number, ids)
    yield "]}"


def read(path: Path) -> None:
    """In a process of its own: read, and print what it took."""
    content = path.read_bytes()
    begun = time.perf_counter()
    try:
        found = read_export(content, tenant=TENANT, now=NOW)
        outcome = f"{len(found.attendants or ()) + len(found.queues or ())} apps"
    except ExportUnreadable as problem:
        outcome = str(problem)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(content) / MIB:7.1f} MiB {seconds:8.2f} s {peak:7.0f} MiB peak  {outcome}", flush=True)


def measure(label: str, pieces: Iterator[str], encoding: str = "utf-8") -> None:
    """Write a document and have it read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "voice.json")
        with path.open("w", encoding=encoding) as file:
            file.writelines(pieces)
        print(f"{label:26}", end="", flush=True)
        process = multiprocessing.get_context("spawn").Process(target=read, args=(path,))
        process.start()
        process.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apps", type=int, nargs="+", default=[500, 5_000, 20_000])
    parser.add_argument("--large", type=int, default=200, help="megabytes of the large one")
    options = parser.parse_args()
    for apps in options.apps:
        measure(f"{apps} apps", export(apps))
    an_app = sum(map(len, export(1_000))) / 1_000
    large = round(options.large * 1_000_000 / an_app)
    measure(f"{large} apps", export(large))
    measure(f"{large // 2} apps in UTF-16", export(large // 2), "utf-16")
    measure("above the limit", export(large * 3 // 2))
    measure("hostile: long lists", hostile('{"Id":"q%x","Users":["0"%s]}', MOST_VALUES // 500_000, 499_990))
    measure("hostile: short rows", hostile('{"Id":"q%x"%s}', MOST_OBJECTS - 10, 0))


if __name__ == "__main__":
    main()
