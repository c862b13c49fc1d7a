"""The `linekeeper` command."""

from shared.cli.main import main

__all__ = ["main"]
