"""Every command with its options, and nothing else: what is asked goes to the module that does it, imported only then.

This is all that `udproof --help` needs, and so it imports click and what is as light.
"""

from __future__ import annotations

from typing import Any

import click

from udproof.cli.about import NAME, version
from udproof.cli.console import say
from udproof.cli.exits import Code
from udproof.cli.parameters import Duration, Memory, Report
from udproof.cli.program import Program, everywhere

_EXITS = (
    "Exit codes: 0 all hold, or as the fleet's `expect` says; 10 violated; 5 not decided within the limits; 7 nothing checked, or "
    "only vacuously; 8 holds although the fleet expects a violation; 2 bad usage or file; 6 internal error; 130 interrupted. "
    "Of several files the worst counts, in the order 130, 6, 2, 10, 8, 5, 7, 0."
)


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        say(f"{NAME} {version()}")
        ctx.exit()


_mutant = click.option("--mutant", metavar="NAME", help="Plant this named mistake in the protocol (udproof list mutants).")


@click.group("udproof", cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version and exit."
)
@everywhere
def program() -> None:
    """Prove that a controller keeps its promises while it updates the hosts under running VMs, or show how it breaks them."""


@program.command(epilog=_EXITS)
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--property", "properties", metavar="NAME", multiple=True, help="Check this property only; repeatable.")
@click.option("--engine", type=click.Choice(["auto", "explore"]), default="auto", show_default=True, help="How to search.")
@_mutant
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For standard output.")
@click.option(
    "--report",
    type=Report(),
    metavar="FORMAT=PATH",
    multiple=True,
    help="Write json, markdown, svg or itf to a file too; repeatable.",
)
@click.option(
    "--memory", type=Memory(), metavar="SIZE", help="End undecided at so much, such as 4GB. [default: 3/4 of the machine's]"
)
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


@program.command()
@click.argument("path", default="fleet.toml")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@everywhere
def init(path: str, force: bool) -> Code:
    """Write a fleet file to begin with, commented throughout, to PATH (fleet.toml); - prints it."""
    from udproof.cli import catalog

    return catalog.init(path, force)


@program.command()
@everywhere
def schema() -> Code:
    """Print the JSON Schema of a fleet file, for editors."""
    from udproof.cli import catalog

    return catalog.schema()


@program.command("list")
@click.argument("what", type=click.Choice(["properties", "mutants", "fleets", "parts"]))
@everywhere
def list_(what: str) -> Code:
    """List what comes with udproof, one line each."""
    from udproof.cli import catalog

    return catalog.show(what)


_fleet = click.option("--fleet", metavar="FILE", help="The fleet or system file that the trace is of, unless a shipped fleet.")


@program.command()
@click.argument("trace")
@_fleet
@_mutant
@everywhere
def replay(trace: str, fleet: str | None, mutant: str | None) -> Code:
    """Take a trace (*.itf.json) through the model, step by step, and show it.

    Exit codes: 0 the trace replays, whatever properties it breaks; 6 it does not; 2 it is no trace, or of another model.
    """
    from udproof.cli import traces

    return traces.replay(trace, fleet, mutant)


@program.command()
@click.argument("trace")
@click.option("--to", "form", type=click.Choice(["svg", "markdown", "text"]), required=True, help="As what.")
@click.option("-o", "--output", metavar="PATH", help="Where to; else standard output.")
@click.option(
    "--property", "wanted", metavar="NAME", help="Draw the violation of this property; else of the first one that the run breaks."
)
@_fleet
@_mutant
@everywhere
def render(trace: str, form: str, **options: Any) -> Code:
    """Draw a trace (*.itf.json) as a timing diagram or a table of its steps."""
    from udproof.cli import traces

    return traces.render(trace, form, traces.Drawing(**options))


@program.command()
@click.argument("file", required=False)
@click.option("--steps", type=click.IntRange(1, 100_000), default=30, show_default=True, help="How many steps at most.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed makes the same run.")
@_mutant
@everywhere
def simulate(file: str | None, steps: int, seed: int, mutant: str | None) -> Code:
    """Make a random run of a fleet or system and show it. Exit code 10 if a property breaks on the way."""
    from udproof.cli.simulate import simulate

    return simulate(file, mutant, steps, seed)
