"""What a benchmark is: it makes samples, and judges samples.

A sample is one contender on one case, the best of its turns. Samples are all that is stored, and whatever is shown (table, picture,
page) is made from them alone; so a stored run can be shown again, and a target that is changed is judged anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

Say = Callable[[str], None]  # tells a person what is being done


class Disagreement(Exception):
    """Two ways to one answer gave two answers; the text says which. No time is worth anything then."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One contender on one case. Times in seconds, `memory` in bytes: of the whole process, from its start to its end."""

    benchmark: str
    contender: str
    case: str
    states: int
    stored: int  # fewer than `states` where one stands for several
    wall: float
    cpu: float  # user and system, of all threads and children
    memory: int
    core: float | None = None  # processor seconds of the work alone, without the start of the process, where that is known
    successors: int | None = None
    setting: str = ""  # how the contender was set up, where there is a choice


@dataclass(frozen=True, slots=True)
class Target:
    """A target, what was measured, and whether it is met; None where the run does not tell."""

    what: str
    target: str
    measured: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark. `measure` is given whether to be quick, and a way to tell how far it is."""

    name: str
    title: str
    note: str  # a sentence or two on what is compared with what
    measure: Callable[[bool, Say], Iterator[Sample]]
    targets: Callable[[Sequence[Sample]], list[Target]]


def find(samples: Iterable[Sample], contender: str, case: str) -> Sample | None:
    """The sample of that contender on that case, or None."""
    return next((sample for sample in samples if (sample.contender, sample.case) == (contender, case)), None)


def not_measured(what: str, target: str, why: str = "not measured") -> Target:
    """A target of which this run tells nothing."""
    return Target(what, target, why, None)


def agree(case: str, contender: str, found: int, known: int) -> None:
    """Disagreement unless the number of states is the known one."""
    if found != known:
        raise Disagreement(f"{contender} finds {found:,} states on {case}, and there are {known:,}")
