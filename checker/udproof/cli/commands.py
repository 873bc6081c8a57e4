"""Every command with its options, and nothing else: what is asked goes to the module that does it, imported only then.

This is all that `udproof --help` needs, and so it imports click and what is as light.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from udproof.cli.about import NAME, foundations, version
from udproof.cli.completion import SHELLS, designs, mistakes, traces
from udproof.cli.completion import properties as protocol_properties
from udproof.cli.console import say
from udproof.cli.exits import Code
from udproof.cli.parameters import BUILD_SERVERS, DRAWINGS, MERGED, REPORTS, Duration, Memory, Part, Report
from udproof.cli.program import Program, everywhere

_Command = TypeVar("_Command", bound=Callable[..., Any])

_EXITS = (
    "Exit codes: 0 all hold, or as the fleet's `expect` says; 10 violated; 5 not decided within the limits; 7 nothing checked; "
    "9 a property put to no test (vacuous); 8 holds although the fleet expects a violation; 3 results missing (merge); 4 no file "
    "for this shard; 2 bad usage or file; 6 internal error; 130 interrupted. "
    "Of several files the worst counts, in the order 130, 6, 2, 10, 8, 3, 5, 7, 9, 4, 0."
)


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        say(f"{NAME} {version()}\n{foundations()}")
        ctx.exit()


_ci = click.option(
    "--ci",
    type=click.Choice(BUILD_SERVERS),
    default="none",
    show_default=True,
    help="Also print annotations for this build server, and give it a summary; auto finds out which it is.",
)
_mutant = click.option(
    "--mutant",
    metavar="NAME",
    shell_complete=mistakes,
    help="Plant this named mistake in the protocol (udproof list mutants).",
)


def _properties(purpose: str) -> Callable[[_Command], _Command]:
    """The option that names properties, one after the other."""
    return click.option("--property", "properties", metavar="NAME", multiple=True, shell_complete=protocol_properties, help=purpose)


@click.group("udproof", cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the versions and exit."
)
@everywhere
def program() -> None:
    """Prove that a controller keeps its promises while it updates the hosts under running VMs, or show how it breaks them."""


@program.command(epilog=_EXITS)
@click.argument("files", metavar="[FILE]...", nargs=-1, shell_complete=designs)
@_properties("Check this property only; repeatable.")
@click.option(
    "--engine",
    type=click.Choice(["explore", "zones", "bounded", "parametric", "abstraction", "auto"]),
    help="Search in ticks (explore), in dense time (zones), by a solver to a depth (bounded), prove for every fleet size "
    "(parametric), or on what a property needs of the system (abstraction); auto asks several, which must agree. "
    "[default: explore; auto if neither a FILE nor a mistake is named]",
)
@click.option(
    "--depth",
    type=click.IntRange(1, 10_000),
    metavar="K",
    help="With --engine bounded or auto: look into runs of at most K steps. [default: 40]",
)
@_mutant
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For standard output.")
@click.option(
    "--report",
    type=Report(),
    metavar="FORMAT=PATH",
    multiple=True,
    help=f"Write {', '.join(REPORTS[:-1])} or {REPORTS[-1]} to a file too; repeatable.",
)
@_ci
@click.option("--shard", type=Part(), metavar="K/N", help="Verify only the K-th of N parts of the files; then udproof merge.")
@click.option(
    "--memory", type=Memory(), metavar="SIZE", help="End undecided at so much, such as 4GB. [default: 3/4 of the machine's]"
)
@click.option("--timeout", type=Duration(), metavar="TIME", help="End each search undecided after this long, such as 10min.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Search with up to N workers, once a search is large enough for them. [default: one for each core]",
)
@click.option(
    "--symmetry/--no-symmetry", default=True, help="Store one state for all that exchanges make of it, or all. [default: symmetry]"
)
@click.option("--checkpoint", metavar="FOLDER", help="Keep a checkpoint in this new folder, for --resume.")
@click.option("--resume", metavar="FOLDER", help="Go on from the checkpoint in this folder, and keep it up to date.")
@click.option(
    "--certificate", metavar="DIR", help="Write a proof (parametric, auto) there, for udproof certify; or a recipe (explore)."
)
@click.option("--stop-at-first", is_flag=True, help="End at the first violation; other properties stay undecided.")
@click.option(
    "--minimum",
    type=click.Choice(["steps", "time"]),
    default="steps",
    show_default=True,
    help="Show a violation by a run of the fewest steps or, with zones, of the least time.",
)
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@everywhere
def verify(**options: Any) -> Code:
    """Check the properties of fleets or of systems of your own.

    A FILE is a fleet (TOML, which is data), a system (a .py file in the modelling language, which is executed and must define
    `system`), or the name of a shipped fleet (udproof list fleets). Without one, the question is about the protocol itself: a proof
    for every fleet is checked again, and the documented default fleet is searched besides. All files are read before the first
    search begins, and a mistake in one of them ends the command.
    """
    from udproof.cli.verify import Request, verify

    return verify(Request(**options))


@program.command(epilog=_EXITS)
@click.argument("files", metavar="RESULT...", nargs=-1, required=True)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For standard output.")
@click.option(
    "--report",
    type=Report(MERGED),
    metavar="FORMAT=PATH",
    multiple=True,
    help=f"Write {', '.join(MERGED[:-1])} or {MERGED[-1]} to a file too; repeatable.",
)
@_ci
@everywhere
def merge(**options: Any) -> Code:
    """Put the results of several commands together, of shards above all.

    A RESULT is what udproof verify --report json=PATH wrote. The exit code is that of the whole; a shard or a file without a
    result, and verdicts that contradict each other, are red.
    """
    from udproof.cli.merge import MergeRequest, merge

    return merge(MergeRequest(**options))


@program.command()
@click.argument("file", required=False, shell_complete=designs)
@_properties("This must hold; repeatable. [default: all]")
@click.option("--constant", "constants", metavar="NAME", multiple=True, help="The margin of this one only; repeatable.")
@click.option("--step", type=Duration(), default="1s", show_default=True, metavar="TIME", help="How finely edges are sought.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For standard output.")
@click.option("--chart", nargs=2, metavar="NAME NAME", help="Draw which values of these two hold instead; needs --output.")
@click.option("--output", metavar="PATH", help="Where the chart goes, an SVG file.")
@click.option(
    "--points", type=click.IntRange(2, 60), default=13, show_default=True, help="How many values of each, from 0 to twice it."
)
@click.option("--timeout", type=Duration(), metavar="TIME", help="End undecided if one search takes this long, such as 1min.")
@click.option("--quiet", is_flag=True, help="Do not tell what is tried.")
@everywhere
def margins(**options: Any) -> Code:
    """Find the largest and the smallest value of each timing constant that still hold.

    Each end is confirmed from both sides, by a proof at a value that holds and a counterexample just past it, in dense time. FILE
    is as in verify. Exit codes: 0 the margins were found; 5 a limit ended the work; 2 the properties do not hold as it is, or bad
    usage.
    """
    from udproof.cli.margins import MarginsRequest, margins

    return margins(MarginsRequest(**options))


@program.command()
@click.argument("files", metavar="[FLEET]...", nargs=-1, shell_complete=designs)
@click.option("--generated", is_flag=True, help="Mistakes made by rule at every place of the model, with judged survivors.")
@click.option("--engine", type=click.Choice(["explore", "zones"]), default="explore", show_default=True, help="As in verify.")
@click.option("--timeout", type=Duration(), metavar="TIME", help="End each search undecided after this long, such as 1min.")
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="So many searches at a time. [default: one for each core]")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For standard output.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@everywhere
def mutants(**options: Any) -> Code:
    """Plant every known mistake, and tell which ones a property notices.

    Each mistake goes into the FLEETs, or without one into the shipped fleet on which it must show; with --generated, into FLEET
    (or a system file), or else into each fleet on which such mistakes were judged. Exit codes: 0 all killed, or harmless where they
    survive; 10 one survives that is not known to be harmless; 8 one is killed, but not by the property that it names; 5 one is
    undecided; 7 none applies; 2 bad usage.
    """
    from udproof.cli.mutants import MutantsRequest, mutants

    return mutants(MutantsRequest(**options))


@program.command()
@click.argument("path", default="fleet.toml")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@everywhere
def init(path: str, force: bool) -> Code:
    """Write a fleet file to begin with, commented throughout, to PATH (fleet.toml); - prints it."""
    from udproof.cli import catalog

    return catalog.init(path, force)


@program.command()
@click.argument("of", type=click.Choice(["fleet", "result"]), default="fleet")
@everywhere
def schema(of: str) -> Code:
    """Print the JSON Schema of a fleet file, for editors, or of a result, for programs that read --report json=PATH."""
    from udproof.cli import catalog

    return catalog.schema(of)


@program.command()
@click.argument("shell", type=click.Choice(SHELLS))
@everywhere
def completion(shell: str) -> Code:
    """Print what a shell must read to complete udproof's commands, options and names.

    For bash, in ~/.bashrc: eval "$(udproof completion bash)". For zsh the same in ~/.zshrc. For fish: udproof completion fish, into
    ~/.config/fish/completions/udproof.fish.
    """
    from udproof.cli.completion import script

    say(script(shell, program))
    return Code.HOLDS


@program.command("list")
@click.argument("what", type=click.Choice(["properties", "faults", "mutants", "fleets", "parts"]))
@everywhere
def list_(what: str) -> Code:
    """List what comes with udproof, one line each."""
    from udproof.cli import catalog

    return catalog.show(what)


_fleet = click.option(
    "--fleet",
    metavar="FILE",
    shell_complete=designs,
    help="The fleet or system file that the trace is of, unless a shipped fleet.",
)


@program.command()
@click.argument("trace", shell_complete=traces)
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
@click.argument("trace", required=False, shell_complete=traces)
@click.option(
    "--to", "form", type=click.Choice([*DRAWINGS, "html", "markdown", "text", "dot", "pytest"]), required=True, help="As what."
)
@click.option("-o", "--output", metavar="PATH", help="Where to; else standard output.")
@click.option(
    "--property", "wanted", metavar="NAME", help="Draw the violation of this property; else of the first one that the run breaks."
)
@click.option(
    "--model", metavar="FILE", help="Draw the model itself, as dot, svg or mermaid: a fleet, a system file, or a shipped fleet."
)
@click.option(
    "--diagram", metavar="NAME", help="With --model: the life of an event, host, vm or walk, or of a variable; or the parts."
)
@_fleet
@_mutant
@everywhere
def render(trace: str | None, form: str, model: str | None, diagram: str | None, **options: Any) -> Code:
    """Draw a trace or a model.

    A trace (*.itf.json) is drawn as a timing diagram (svg, png), a sequence chart (sequence, mermaid), a page or a table.

    As pytest: a regression test, which passes when the design no longer allows the run to break its property.
    """
    if model is not None:
        from udproof.cli.model import Asked, render_model

        return render_model(Asked(model, diagram, trace), form, **options)
    from udproof.cli import traces

    if trace is None:
        raise click.UsageError("Give a trace to draw, or --model with a fleet or a system, and --diagram.")
    if form == "dot" or diagram is not None:
        raise click.UsageError(f"{'--to dot' if form == 'dot' else '--diagram'} is for a model; give one with --model.")
    return traces.render(trace, form, traces.Drawing(**options))


@program.command("check-events")
@click.argument("recording", shell_complete=traces)
@click.option("--quiet", is_flag=True, help="Do not tell what the model did in between.")
@everywhere
def check_events(recording: str, quiet: bool) -> Code:
    """Check a recording (JSON) of Scheduled Events documents: is it a behaviour of the model, and if not, which rule does it break?

    Exit codes: 0 each recording is a behaviour; 10 one is not; 5 one shows what the model does not have, or was not decided; 2 it
    cannot be read.
    """
    from udproof.cli.events import check_events

    return check_events(recording, quiet)


@program.command()
@click.argument("file", required=False, shell_complete=designs)
@_mutant
@click.option("-o", "--output", metavar="PATH", help="A .dot file; with Graphviz also .svg, .png, .pdf. [default: print DOT]")
@everywhere
def graph(file: str | None, mutant: str | None, output: str | None) -> Code:
    """Draw all states of a small system and the steps between them as a graph."""
    from udproof.cli.graph import graph

    return graph(file, mutant, output)


@program.command()
@click.argument("a", shell_complete=designs)
@click.argument("b", required=False, shell_complete=designs)
@_mutant
@click.option("--timeout", type=Duration(), metavar="TIME", help="End each search undecided after this long, such as 10min.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@everywhere
def diff(a: str, b: str | None, mutant: str | None, timeout: float | None, quiet: bool) -> Code:
    """Tell what changed from design A to B: verdicts, what happens, and a shortest run that only one of them can make.

    With --mutant instead of B: A as it is, and with this mistake. Exit codes: 0 compared; 5 a verdict was not decided.
    """
    from udproof.cli.diff import diff

    return diff(a, b, mutant, timeout, quiet)


@program.command()
@click.argument("file", required=False, shell_complete=designs)
@click.option("--steps", type=click.IntRange(1, 100_000), default=30, show_default=True, help="How many steps at most.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed makes the same run.")
@_mutant
@everywhere
def simulate(file: str | None, steps: int, seed: int, mutant: str | None) -> Code:
    """Make a random run of a fleet or system and show it. Exit code 10 if a property breaks on the way."""
    from udproof.cli.simulate import simulate

    return simulate(file, mutant, steps, seed)


@program.command()
@click.argument("fleet", required=False, shell_complete=designs)
@click.option("--proof", is_flag=True, help="Explain why properties hold for every fleet size.")
@_properties("Explain this property only; repeatable.")
@_mutant
@click.option("--timeout", type=Duration(), metavar="TIME", help="End undecided after this long, such as 10min.")
@click.option("--quiet", is_flag=True, help="Do not tell that a proof is searched for.")
@everywhere
def explain(**options: Any) -> Code:
    """Explain a proof for every fleet size: its lemmas as sentences, and why no step breaks them.

    FLEET is a fleet or system as in verify. The proof is the one that is kept for its model, or else searched for. The page is
    Markdown. Exit codes: 0 explained; else as verify gives them where there is no proof.
    """
    from udproof.cli.explain import ExplainRequest, explain

    return explain(ExplainRequest(**options))


@program.command()
@click.argument("folder")
@click.option("--fleet", metavar="FILE", help="Also write the scripts again from this fleet's model, or search again; compare.")
@_mutant
@everywhere
def certify(folder: str, fleet: str | None, mutant: str | None) -> Code:
    """Check a proof certificate again, from its files alone, with a solver that did not find it (cvc5).

    Exit codes: 0 accepted; 10 not accepted, with the reason; 2 it cannot be read.
    """
    from udproof.cli.certify import certify

    return certify(folder, fleet, mutant)
