"""Standard output: as wide as the terminal, unwrapped off one, and no error where its reader has gone.

What is printed holds names of a tenant, which anybody in it may choose: none of them commands the terminal, whatever
the view that prints it has thought of.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

from shared.cli.terminal import harmless
from shared.model.errors import LinekeeperError

UNWRAPPED = 10_000
"""Columns off a terminal: what is piped is not broken into lines."""


class _Harmless(RenderHook):
    """Makes whatever is printed harmless, and leaves alone what the console itself tells the terminal."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """What is to be printed instead."""
        return [_Shown(each) for each in renderables]


class _Shown:
    def __init__(self, renderable: ConsoleRenderable) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)


class _Console(Console):
    """A console that leaves it to the command what a reader that has gone means."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise BrokenPipeError


def console() -> Console:
    """The console for people."""
    made = _Console()
    shown = made if made.is_terminal else _Console(width=UNWRAPPED)
    shown.push_render_hook(_Harmless())
    return shown


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
