"""Standard output: as wide as the terminal, unwrapped off one, and no error where its reader has gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from shared.model.errors import LinekeeperError

UNWRAPPED = 10_000
"""Columns off a terminal: what is piped is not broken into lines."""


class _Console(Console):
    """A console that leaves it to the command what a reader that has gone means."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise BrokenPipeError


def console() -> Console:
    """The console for people."""
    made = _Console()
    return made if made.is_terminal else _Console(width=UNWRAPPED)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Write as long as somebody reads (`| head`): what a command found out still decides its exit code.

    Raises:
        LinekeeperError: it cannot be written, because a disk is full for instance.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise LinekeeperError(f"standard output cannot be written: {problem.strerror}.") from None
