"""Every command with its options, and nothing else: what is asked goes to the module that does it, imported only then.

This is all that `udproof --help` needs, and so it imports click and what is as light.
"""

from __future__ import annotations

from typing import Any

import click

from udproof.cli.exits import Code
from udproof.cli.parameters import Duration, Memory, Report
from udproof.cli.program import Program, everywhere

_EXITS = (
    "Exit codes: 0 all hold, or as the fleet's `expect` says; 10 violated; 5 not decided within the limits; 7 nothing checked, or "
    "only vacuously; 8 holds although the fleet expects a violation; 2 bad usage or file; 6 internal error; 130 interrupted. "
    "Of several files the worst counts, in the order 130, 6, 2, 10, 8, 5, 7, 0."
)

_mutant = click.option("--mutant", metavar="NAME", help="Plant this named mistake in the protocol (udproof list mutants).")


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="udproof", prog_name="udproof")
@everywhere
def program() -> None:
    """Prove that a controller keeps its promises while it updates the hosts under running VMs, or show how it breaks them."""


@program.command(epilog=_EXITS)
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--property", metavar="NAME", multiple=True, help="Check this property only; repeatable.")
@click.option("--engine", type=click.Choice(["auto", "explore"]), default="auto", show_default=True, help="How to search.")
@_mutant
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What goes to standard output.")
@click.option(
    "--report", type=Report(), metavar="FORMAT=PATH", multiple=True, help="Also write json, markdown, svg or itf to a file; repeatable."
)
@click.option("--memory", type=Memory(), metavar="SIZE", help="End undecided when the process holds so much, such as 4GB.")
@click.option("--timeout", type=Duration(), metavar="TIME", help="End each search undecided after this long, such as 10min.")
@click.option("--stop-at-first", is_flag=True, help="End at the first violation; other properties stay undecided.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@everywhere
def verify(**options: Any) -> Code:
    """Check the properties of fleets or of systems of your own.

    A FILE is a fleet (TOML, which is data), a system (a .py file in the modelling language, which is executed and must define
    `system`), or the name of a shipped fleet (udproof list fleets). Without one, the documented default fleet is checked. All files
    are read before the first search begins, and a mistake in one of them ends the command.
    """
    from udproof.cli.verify import Request, verify

    return verify(Request(**options))
