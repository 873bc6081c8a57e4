"""From what a program names to a result: the command's own way, without a terminal.

A mistake in what was given (a fleet file that contradicts itself, a property that does not exist) is a `Mistake` with the sentences
that the command would have shown. A limit is no mistake: what it left undecided is UNKNOWN in the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from udproof.api.results import Result
from udproof.cli.engines import engine_named
from udproof.cli.exits import Refused
from udproof.cli.runs import judged
from udproof.cli.sources import Subject, load, mutant_named, of_fleet, of_system, planted
from udproof.cli.verify import cores, installed_memory
from udproof.cli.watch import verify_within
from udproof.engines.verdict import Limits
from udproof.language import Location, System
from udproof.protocol.durations import DurationError, parse_duration
from udproof.protocol.fleet import Fleet

Design: TypeAlias = str | Path | Fleet | System
EngineName: TypeAlias = Literal["auto", "explore", "zones", "parametric"]


class Mistake(ValueError):
    """What was given cannot be checked; each line says where, what is wrong and what would be right."""


def verify(
    design: Design,
    *,
    properties: str | Iterable[str] = (),
    engine: EngineName = "explore",
    timeout: float | str | None = None,
    memory: int | None = None,
    jobs: int | None = None,
    mutant: str | None = None,
) -> Result:
    """Decide properties of a design, as `udproof verify` does.

    `design` is the path of a fleet file or of a system file (*.py, which is run), the name of a shipped fleet, a `Fleet` or a
    `System`. `properties` are names; without one, all are checked. `timeout` is in seconds, or a text such as "10min"; `memory` in
    bytes (three quarters of the machine's, if none is given); `jobs` the number of workers (one for each core). `mutant` is a named
    mistake to plant in the shipped protocol.

    Raises `Mistake` for anything wrong with what was given, and KeyboardInterrupt if the search was interrupted.
    """
    names = (properties,) if isinstance(properties, str) else tuple(properties)
    with refused():
        subject = found(design, mutant)
        selected = subject.select(names)
        if not selected:
            raise Refused(f"{subject.source}: nothing can be checked, since the system states no property.")
        limits = Limits(
            seconds=_seconds(timeout),
            memory=_whole("memory", installed_memory() * 3 // 4 if memory is None else memory),
            jobs=_whole("jobs", cores() if jobs is None else jobs),
        )
        with subject.blamed():
            answer = verify_within(engine_named(engine), subject.system, selected, limits, None)
        if answer.interrupted:
            raise KeyboardInterrupt
        with subject.blamed():
            return Result(judged(subject, selected, answer))


@contextmanager
def refused() -> Iterator[None]:
    """Around what reads a design: what the command would refuse is a `Mistake`."""
    try:
        yield
    except Refused as mistakes:
        raise Mistake("\n".join(mistakes.sentences)) from mistakes


def found(design: Design, mutant: str | None = None) -> Subject:
    """The subject of a design. Refused for any mistake in it."""
    if isinstance(design, str | Path):
        return load(str(design), mutant)
    if isinstance(design, Fleet):
        subject = replace(of_fleet(design, design.name), named=False)
        return subject if mutant is None else planted(subject, mutant_named(mutant))
    if isinstance(design, System):
        if mutant is not None:
            raise Refused(f"mutant {mutant}: {design.name} is a system of its own, and mutants are of the shipped protocol.")
        return replace(of_system(design, Location(design.name, 1), design.name), named=False)
    raise Refused(f"{design!r} is no design; give a path, the name of a shipped fleet, a Fleet or a System.")


def _seconds(timeout: float | str | None) -> float | None:
    if not isinstance(timeout, str):
        if timeout is not None and not timeout >= 0:
            raise Refused(f"timeout: {timeout} is no time; give seconds, or a text such as 10min.")
        return timeout
    try:
        return float(parse_duration(timeout))
    except DurationError as error:
        raise Refused(f"timeout: {error}.") from error


def _whole(option: str, number: int) -> int:
    if not isinstance(number, int) or number < 1:
        raise Refused(f"{option}: {number!r} is not a whole number from 1 on.")
    return number
