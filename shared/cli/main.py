"""The command line: what can be asked, and one line where something is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from shared import __version__
from shared.model.errors import LinekeeperError
from shared.model.finding import SEVERITIES

DEFAULT_PORT = 7071
USAGE_ERROR = 2
INTERRUPTED = 130
PORTS = range(65536)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except LinekeeperError as problem:
        sys.stderr.write(f"linekeeper: {problem}\n")
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    """Import what a command needs, and only that: help must come at once."""
    if options.command == "audit":
        from shared.cli.audit import run_audit  # noqa: PLC0415

        return run_audit(os.environ, as_json=options.json, fail_on=options.fail_on)
    if options.command == "check":
        from shared.cli.check import run_check  # noqa: PLC0415

        return run_check(os.environ, as_json=options.json)
    if options.command == "serve":
        from shared.cli.serve import run_serve  # noqa: PLC0415

        return run_serve(os.environ, port=options.port)
    from shared.cli.demo import run_demo  # noqa: PLC0415

    return run_demo(once=options.once)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linekeeper",
        description="Watches the licences and lines behind Microsoft Teams auto attendants and call queues.",
        epilog="Settings are environment variables: see docs/settings.md.",
    )
    parser.add_argument("--version", action="version", version=f"linekeeper {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="play the main job in a simulated tenant and channel; needs no settings")
    demo.add_argument("--once", action="store_true", help="play once and exit: 0 only if every expected card arrived")

    serve = commands.add_parser("serve", help="run the whole service on this machine until Ctrl-C")
    serve.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 takes a free one (default %(default)s)"
    )

    audit = commands.add_parser(
        "audit",
        help="read the tenant once and print its allocation and findings; nothing is kept, sent or changed",
        epilog="Exit code: 0 clean, 1 findings at or above --fail-on, 2 licences or accounts could not be read.",
    )
    audit.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    audit.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="warning",
        help="the mildest severity that makes the exit code 1 (default %(default)s)",
    )
    check = commands.add_parser(
        "check",
        help="see whether settings, permissions, notification URL and channel are in place; nothing is changed",
        epilog="Exit code: 0 all in place, 1 something optional failed, 2 the service would be of no use.",
    )
    check.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {PORTS.stop - 1}, not {text!r}")
    return int(text)
