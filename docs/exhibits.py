"""The gallery of counterexamples as a page, and its stored files: `generate.py` writes both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from udproof.counterexamples import gallery
from udproof.counterexamples.explain import cause, decisive, duration, told
from udproof.counterexamples.instead import parting
from udproof.counterexamples.picture import timing_svg
from udproof.counterexamples.table import markdown, plain
from udproof.counterexamples.trace import BadTrace, Trace
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import Property, System
from udproof.properties import of
from udproof.protocol import fleets, mutants
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet


def page(folder: Path) -> str:
    """Every kept counterexample, on a page that stands in `folder`: mistake, picture, cause as told, lesson, judgement."""
    return "\n\n".join(_section(entry, folder) for entry in gallery.entries())


def _section(entry: gallery.Entry, folder: Path) -> str:
    mutant, trace, prop = mutants.named(entry.name), *kept(entry)
    seconds = trace.seconds(trace.steps[-1].time)
    steps = "1 step" if len(trace.steps) == 1 else f"{len(trace.steps)} steps"
    picture = Path(os.path.relpath(entry.picture, folder)).as_posix()
    return "\n".join(
        (
            f"## {entry.name}",
            "",
            f"{mutant.story[0].upper()}{mutant.story[1:]}. On the fleet `{mutant.fleet}` this breaks *{prop.name}* in "
            f"{steps} and {duration(seconds)}.",
            "",
            f"![{entry.name}: {markdown(plain(cause(trace, prop)))}]({picture})",
            "",
            f"- Cause, as udproof tells it: {markdown(plain(cause(trace, prop)))}",
            f"- Decisive step {decisive(trace, prop)}: {markdown(plain(told(trace)[-1]))}.",
            f"- {markdown(plain(parting(trace, right(entry.name)).sentence))}",
            f"- **Lesson.** {entry.lesson}",
            f"- The cause, judged: {entry.judged}",
            f"- [The run]({picture.removesuffix('.svg')}.itf.json), to replay: "
            f"`udproof replay counterexamples/udproof/counterexamples/gallery/{entry.trace.name}`",
        )
    )


@cache
def right(name: str) -> System:
    """The protocol on the fleet of a mistake, without it."""
    fleet = read_fleet(fleets.path_of(mutants.named(name).fleet))
    return protocol(fleet, of(fleet))


@cache
def broken(name: str) -> System:
    """The protocol with a mistake, on the mistake's fleet."""
    return mutants.named(name).change(right(name))


def kept(entry: gallery.Entry) -> tuple[Trace, Property]:
    """The stored run of a mutant and the property that it breaks. BadTrace or OSError if there is none of this model."""
    system = broken(entry.name)
    return gallery.stored(entry, system), system.named(mutants.named(entry.name).breaks)


def kept_anew(entry: gallery.Entry) -> Trace:
    """The run to store: the stored one as long as the model can make it, whatever its hash is now; else a shortest one."""
    system = broken(entry.name)
    try:
        return gallery.carried_over(entry, system)
    except (BadTrace, OSError):
        prop = system.named(mutants.named(entry.name).breaks)
        trace = Explore().verify(system, (prop,), Limits(stop_at_first=True)).verdicts[0].trace
        if trace is None:
            raise RuntimeError(f"{entry.name} no longer breaks {prop.name}: take it out of the gallery") from None
        return trace


def files() -> Iterator[tuple[Path, str]]:
    """Every stored file of the gallery, with the text that it should have."""
    for entry in gallery.entries():
        trace = kept_anew(entry)
        yield entry.trace, gallery.text(trace)
        yield entry.picture, timing_svg(trace, trace.system.named(mutants.named(entry.name).breaks))
