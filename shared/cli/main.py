"""The command line: what can be asked, and one line where something is wrong.

A command is one entry of `COMMANDS`: its name, what it says of itself, its options, and what it runs.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from shared import __version__
from shared.cli import document_options, poison_options, silence_options
from shared.cli.terminal import harmless
from shared.model.errors import LinekeeperError
from shared.model.finding import SEVERITIES

DEFAULT_PORT = 7071
USAGE_ERROR = 2
INTERRUPTED = 130
PORTS = range(65536)
JSON_HELP = "one JSON document on standard output and nothing else"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code."""
    _print_whatever_the_encoding()
    options = parser().parse_args(arguments)
    run: Callable[[Namespace], int] = options.run
    try:
        return run(options)
    except LinekeeperError as problem:
        sys.stderr.write(harmless(f"linekeeper: {problem}\n"))
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def _print_whatever_the_encoding() -> None:
    """What standard output cannot spell is shown by its code, and a closed one takes nothing: neither is a finding."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for the process's life
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command.

    `run` imports what the command needs, and nothing else does: help must come at once.
    """

    name: str
    help: str
    epilog: str | None = None
    options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def parser() -> ArgumentParser:
    """What can be typed."""
    top = ArgumentParser(
        prog="linekeeper",
        description="Watches the licences and lines behind Microsoft Teams auto attendants and call queues.",
        epilog="Settings are environment variables: see docs/settings.md.",
    )
    top.add_argument("--version", action="version", version=f"linekeeper {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        description = f"{command.help[0].upper()}{command.help[1:]}."
        entry = commands.add_parser(command.name, help=command.help, description=description, epilog=command.epilog)
        command.options(entry)
        entry.set_defaults(run=command.run)
    return top


def _demo_options(parser: ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="play once and exit: 0 only if every expected card arrived")


def _demo(options: Namespace) -> int:
    from shared.cli.demo import run_demo  # noqa: PLC0415

    return run_demo(once=options.once)


def _serve_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 takes a free one (default %(default)s)"
    )


def _serve(options: Namespace) -> int:
    from shared.cli.serve import run_serve  # noqa: PLC0415

    return run_serve(os.environ, port=options.port)


def _audit_options(parser: ArgumentParser) -> None:
    _tenant_and_json_options(parser)
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="warning",
        help="the mildest severity that makes the exit code 1 (default %(default)s)",
    )


def _audit(options: Namespace) -> int:
    from shared.cli.audit import run_audit  # noqa: PLC0415

    return run_audit(os.environ, as_json=options.json, fail_on=options.fail_on, tenant=options.tenant)


def _what_if_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--seats",
        action="append",
        default=[],
        metavar="[SKU=]N",
        help="seats more (400) or fewer (-400), of all qualifying licences together or of one SKU by its part number "
        "(MCOEV=-400); may be repeated",
    )
    parser.add_argument(
        "--add-accounts", type=_count, default=0, metavar="N", help="resource accounts more that need a licence"
    )
    parser.add_argument("--on", metavar="DATE", help="on a day (2027-01-31), if nothing that ends by then is renewed")
    _tenant_and_json_options(parser)


def _what_if(options: Namespace) -> int:
    from shared.cli.what_if import run_what_if  # noqa: PLC0415

    return run_what_if(
        os.environ,
        seats=options.seats,
        add_accounts=options.add_accounts,
        on=options.on,
        as_json=options.json,
        tenant=options.tenant,
    )


def _account_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "account",
        metavar="ACCOUNT",
        help="its user principal name, id, telephone number in any spelling, or display name; quote what holds spaces",
    )
    _tenant_and_json_options(parser)


def _explain(options: Namespace) -> int:
    from shared.cli.explain import run_explain  # noqa: PLC0415

    return run_explain(os.environ, account=options.account, as_json=options.json, tenant=options.tenant)


def _flow_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "line",
        nargs="?",
        metavar="NAME|NUMBER",
        help="only this part: an attendant or queue by its name or id, or its account by name, user principal name, id "
        "or telephone number; quote what holds spaces",
    )
    _tenant_option(parser)
    form = parser.add_mutually_exclusive_group()
    form.set_defaults(form="tree")
    form.add_argument(
        "--mermaid", dest="form", action="store_const", const="mermaid", help="a Mermaid flowchart, for documents"
    )
    form.add_argument("--json", dest="form", action="store_const", const="json", help=JSON_HELP)


def _flow(options: Namespace) -> int:
    from shared.cli.flow import run_flow  # noqa: PLC0415

    return run_flow(os.environ, line=options.line, form=options.form, tenant=options.tenant)


def _check(options: Namespace) -> int:
    from shared.cli.check import run_check  # noqa: PLC0415

    return run_check(os.environ, as_json=options.json, tenant=options.tenant)


def _confirm(options: Namespace) -> int:
    from shared.cli.confirm import run_confirm  # noqa: PLC0415

    return run_confirm(os.environ, account=options.account, as_json=options.json, tenant=options.tenant)


def _test_card(options: Namespace) -> int:
    from shared.cli.test_card import run_test_card  # noqa: PLC0415

    return run_test_card(os.environ, as_json=options.json, tenant=options.tenant)


def _silence_options(parser: ArgumentParser) -> None:
    silence_options.silence_options(parser, _tenant_and_json_options)


def _poison_options(parser: ArgumentParser) -> None:
    poison_options.poison_options(parser, JSON_HELP)


def _document_options(parser: ArgumentParser) -> None:
    document_options.document_options(parser, _tenant_option, _tenant_and_json_options)


def _rules_options(parser: ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.set_defaults(form="table")
    form.add_argument("--json", dest="form", action="store_const", const="json", help=JSON_HELP)
    form.add_argument(
        "--markdown", dest="form", action="store_const", const="markdown", help="the page docs/rules.md, as it is made"
    )


def _rules(options: Namespace) -> int:
    from shared.cli.rules import run_rules  # noqa: PLC0415

    return run_rules(form=options.form)


def _check_options(parser: ArgumentParser) -> None:
    _tenant_option(parser, "only this tenant; without it, all that the settings list are looked at")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)


def _tenant_and_json_options(parser: ArgumentParser) -> None:
    _tenant_option(parser)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)


def _tenant_option(
    parser: ArgumentParser, meaning: str = "which tenant, where the settings list several and name no usual one"
) -> None:
    parser.add_argument("--tenant", default="", metavar="ID|NAME", help=meaning)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {PORTS.stop - 1}, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"a number of accounts is 0 or more, not {text!r}")
    return int(text)


COMMANDS: tuple[Command, ...] = (
    Command(
        name="demo",
        help="play the main job in a simulated tenant and channel; needs no settings",
        options=_demo_options,
        run=_demo,
    ),
    Command(
        name="serve", help="run the whole service on this machine until Ctrl-C", options=_serve_options, run=_serve
    ),
    Command(
        name="audit",
        help="read the tenant once and print its allocation and findings; nothing is kept, sent or changed",
        epilog="Exit code: 0 clean, 1 findings at or above --fail-on, 2 licences or accounts could not be read.",
        options=_audit_options,
        run=_audit,
    ),
    Command(
        name="what-if",
        help="show what fewer or more seats, more accounts or a later day do to the allocation; nothing is changed",
        epilog="Exit code: 0 worked out, 2 something was given wrongly, or licences or accounts could not be read.",
        options=_what_if_options,
        run=_what_if,
    ),
    Command(
        name="explain",
        help="show what each rule makes of one account, and which step its line still lacks; nothing is changed",
        epilog="Exit code: 0 explained, 2 nobody or several are meant, or licences or accounts could not be read.",
        options=_account_options,
        run=_explain,
    ),
    Command(
        name="flow",
        help="draw what callers come to, from every number or through one line; nothing is changed",
        epilog="Exit code: 0 drawn, 2 nothing or several are meant, or the voice export, licences or accounts could "
        "not be read completely.",
        options=_flow_options,
        run=_flow,
    ),
    Command(
        name="check",
        help="see whether settings, permissions, notification URL and channel are in place; nothing is changed",
        epilog="Exit code: 0 all in place, switched off or only warned of, 1 something optional failed, 2 the service "
        "would be of no use.",
        options=_check_options,
        run=_check,
    ),
    Command(
        name="confirm",
        help="remember that a test call to a line got through, after a licence was swapped in two steps",
        epilog="Exit code: 0 remembered, 2 nobody or several are meant, or no test call is awaited of the account.",
        options=_account_options,
        run=_confirm,
    ),
    Command(
        name="test-card",
        help="send a test message to every receiver, and say what it proves",
        epilog="Exit code: 0 every receiver took it, 1 one did not.",
        options=_tenant_and_json_options,
        run=_test_card,
    ),
    Command(
        name="silence",
        help="keep findings from being told for a while, list what is kept so, or end it",
        epilog="Exit code: 0 done, 2 something was given wrongly, or nothing is stored of the tenant yet.",
        options=_silence_options,
        run=silence_options.run,
    ),
    Command(
        name="poison",
        help="show the messages that could not be worked off, put them back, or drop them",
        epilog="Exit code: 0 done, or nothing lies there; 1 the list is not empty; 2 the queue cannot be reached.",
        options=_poison_options,
        run=poison_options.run,
    ),
    Command(
        name="document",
        help="list what is stored of a tenant and the last few documents that were replaced, or put one of those back",
        epilog="Exit code: 0 done, 1 the stored document cannot be read, or nothing was to be changed, 2 it cannot be "
        "done.",
        options=_document_options,
        run=document_options.run,
    ),
    Command(
        name="rules",
        help="list what is judged, and how badly it is taken; needs no settings",
        options=_rules_options,
        run=_rules,
    ),
)
"""All commands, in the order in which help lists them."""
