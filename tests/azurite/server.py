"""Azurite, a stand-in for Azure Storage: started on free ports of this machine, empty, and gone when it is closed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
ACCOUNT = "devstoreaccount1"
# Azurite's account key is published by its makers and is the same everywhere.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://127\.0\.0\.1:\d+)")
_SERVICES = 3


class Azurite:
    """A running Azurite; use it as a context manager. `urls` are its services' roots: blob, queue and table."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None

    @property
    def connection_string(self) -> str:
        """What AzureWebJobsStorage is set to, to reach it."""
        endpoints = "".join(f"{name.title()}Endpoint={url}/{ACCOUNT};" for name, url in self.urls.items())
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"

    def __enter__(self) -> Self:
        """Start it, and wait until all three services listen.

        Raises:
            RuntimeError: it is not installed, or did not start; the text says what it wrote.
        """
        if not SCRIPT.exists():
            raise RuntimeError("Azurite is not installed: run `make tests/azurite/node_modules/installed`.")
        ports = [part for service in ("blob", "queue", "table") for part in _on_a_free_port(service)]
        # The SDK speaks a newer version of the protocol than Azurite knows by name.
        command = ["node", str(SCRIPT), "--silent", "--disableTelemetry", "--inMemoryPersistence"]
        self._process = subprocess.Popen(  # noqa: S603 - our own copy
            [*command, "--skipApiVersionCheck", *ports],
            cwd=FOLDER,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._wait(self._process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _wait(self, process: subprocess.Popen[str]) -> None:
        written = []
        for line in process.stdout or ():
            written.append(line)
            if found := _LISTENING.search(line):
                self.urls[found[1].lower()] = found[2]
            if len(self.urls) == _SERVICES:
                return
        process.communicate()
        raise RuntimeError(f"Azurite did not start: {''.join(written)}")


def _on_a_free_port(service: str) -> tuple[str, ...]:
    return (f"--{service}Host", "127.0.0.1", f"--{service}Port", "0")
