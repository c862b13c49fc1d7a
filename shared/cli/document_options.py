"""What can be typed behind `linekeeper document`; it imports nothing that help would have to wait for."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

CommonOptions = Callable[[ArgumentParser], None]
"""Adds `--tenant`, or that and `--json`, as every command words them."""

NAME_HELP = "a kept document's name, as the list shows it, or the beginning of it"


def document_options(parser: ArgumentParser, tenant_option: CommonOptions, common_options: CommonOptions) -> None:
    """Adds the actions; without one, documents are listed."""
    parser.set_defaults(action="list", json=False, tenant="")
    actions = parser.add_subparsers(metavar="list|show|restore")
    list_parser = actions.add_parser(
        "list",
        help="show what is stored and what is kept (the default)",
        description="Show the stored document, and the last few that it replaced.",
        epilog="Exit code: 0 listed, 1 the stored document cannot be read, 2 nothing is stored, or the store cannot be "
        "asked.",
    )
    list_parser.set_defaults(action="list")
    common_options(list_parser)
    show_parser = actions.add_parser(
        "show",
        help="print a document as JSON",
        description="Print the stored document as JSON, or a kept one, as it was saved. It holds names and telephone "
        "numbers.",
    )
    show_parser.set_defaults(action="show")
    show_parser.add_argument("name", nargs="?", default="", metavar="NAME", help=f"{NAME_HELP} (default: the stored)")
    show_parser.add_argument(
        "--raw", action="store_true", help="byte for byte as it was saved, unpacked, whatever it is"
    )
    tenant_option(show_parser)
    restore_parser = actions.add_parser(
        "restore",
        help="put a kept document in place of the stored one",
        description="Put a kept document in place of the stored one, which is kept in its turn. The service may run "
        "meanwhile: it reads the tenant anew and repeats nothing that it has told.",
        epilog="Exit code: 0 done, 1 not wanted after all, 2 it cannot be done.",
    )
    restore_parser.set_defaults(action="restore")
    restore_parser.add_argument("name", metavar="NAME", help=NAME_HELP)
    restore_parser.add_argument("--yes", action="store_true", help="do not ask")
    common_options(restore_parser)


def run(options: Namespace) -> int:
    """Run the action."""
    from shared.cli.document import run_list, run_restore, run_show  # noqa: PLC0415

    if options.action == "show":
        return run_show(os.environ, name=options.name, raw=options.raw, tenant=options.tenant)
    if options.action == "restore":
        return run_restore(os.environ, name=options.name, yes=options.yes, as_json=options.json, tenant=options.tenant)
    return run_list(os.environ, as_json=options.json, tenant=options.tenant)
