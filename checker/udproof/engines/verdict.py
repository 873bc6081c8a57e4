"""What an engine answers: one `Verdict` a property, and a `Result` for the run.

An engine is a function from a system, the properties asked for and the limits to a `Result` (`Engine`). It knows nothing of
reports. The rules it must keep, whatever it does inside:

- PROVED is said only when every state that can be reached has been accounted for;
- a limit that ends the work (time, memory, the user) leaves what is undecided UNKNOWN, with the reason;
- a property whose premise was never reached is VACUOUS, not proved;
- a violation comes with a trace that the reference semantics replays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from udproof.counterexamples.trace import Trace
from udproof.language import Property, System


class Outcome(Enum):
    """The four answers."""

    PROVED = "proved"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use: seconds of wall-clock time, bytes of resident memory; None for no limit."""

    seconds: float | None = None
    memory: int | None = None
    symmetry: bool = True  # may one state stand for all that interchangeable elements make of it?
    jobs: int = 1  # how many workers search
    stop_at_first: bool = False  # end after the level of the first violation, other properties undecided?
    checkpoints: Path | None = None  # the folder that checkpoints go to
    resume: bool = False  # go on from the checkpoint in that folder?


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a search got. `states` are distinct; `depth` is in steps, where a wait of any length is one step."""

    states: int
    stored: int  # states held; fewer than `states` where one stands for all that interchangeable elements make of it
    transitions: int  # firings of actions from the states looked into
    depth: int
    seconds: float
    frontier: int  # states found and not looked into yet; 0 when the search is complete
    memory: int  # bytes that the process holds; of a result, the most that it held
    workers: int = 1  # how many search; a small search is left to one
    bound: int | None = None  # there are at most so many states, reachable or not


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one property."""

    property: Property
    outcome: Outcome
    reason: str  # one sentence: the evidence, or what is missing
    trace: Trace | None = None  # of a violation
    witness: Trace | None = None  # of the premise, where it was reached
    reached: int | None = None  # in how many of the states looked into the premise holds; None where that is not counted
    obstacle: tuple[str, ...] = ()  # what stands in the way of a proof, in lines; of UNKNOWN only
    inductive: bool = False  # was it proved without a look into every state?
    engine: str | None = None  # the one that answered, where several were asked
    scope: str | None = None  # of this verdict, where the result's is that of others
    shortest: bool = True  # does the engine say that no run with fewer steps breaks it?


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a proof for every fleet consists of, in words, and the folder of its certificate, if one was written."""

    formulas: str  # the hash of the formulas that it is about
    lemmas: tuple[str, ...]
    axioms: Mapping[str, str]  # with what they say
    times: tuple[str, ...]  # inequalities between timing constants
    certificate: Path | None = None
    unbounded: tuple[str, ...] = ()  # integers that were not shown to stay in their ranges


def length(trace: Trace) -> str:
    """How long a run is, in words."""
    return "1 step" if len(trace.steps) == 1 else f"{len(trace.steps)} steps"


def breaks(trace: Trace) -> str:
    """The reason of a violation of which this is a shortest run."""
    return f"a shortest run that breaks it has {length(trace)}"


Minimum: TypeAlias = Literal["steps", "time"]  # what a run that breaks a property has the least of


@dataclass(frozen=True, slots=True)
class Result:
    """The answers of one run of one engine, and what it saw on the way."""

    engine: str
    scope: str  # "this fleet" or "any fleet"
    verdicts: tuple[Verdict, ...]
    figures: Figures
    complete: bool  # was every reachable state looked into?
    fired: Mapping[str, int]  # how many transitions each action made; an action that never fired has 0
    stopped: str | None = None  # why the search ended early
    interrupted: bool = False
    notes: tuple[str, ...] = field(default=())
    symmetry: bool = True  # was one state stored for all that interchangeable elements make of it?
    resumed: int | None = None  # the depth of the checkpoint from which the search went on
    evidence: Evidence | None = None  # of a proof for every fleet
    recipe: Path | None = None  # the folder of the recipe of the search, if one was written
    searched: str | None = None  # what was looked into, where that is no number of states
    minimum: Minimum = "steps"  # what the runs that break a property have the least of


class Disagreement(AssertionError):
    """Two engines give answers that cannot both be right. `sentences` say which, and what each has to show for it."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = tuple(sentences)


Progress = Callable[[Figures], None]


class Engine(Protocol):
    """The interface of every engine."""

    name: str

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Decide the properties on the system, within the limits. ModelError if the system is not for this engine."""
