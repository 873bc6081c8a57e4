"""`udproof mutants`: plant every mistake, look for it, and say which ones were found.

A checker that says PROVED is worth as much as what it would have found. The named mistakes (each with the property that must fail)
are those that teams make; `--generated` makes further ones by rule, at every place of the model, and shows the judgement of each
one that no property notices. On a fleet that was reviewed it plants those that are judged there, and says where the others are
(`reviewed`). What a mistake can come to, and when it counts as killed, is said in `planting`.

Exit codes: 10 if a mistake survives (named: in a fleet in which it changes something; generated: without being judged harmless),
8 if each is killed, but one of them not by the property that it names, 5 if one is undecided, 7 if none of them has a place here.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from udproof.cli.about import NAME, version
from udproof.cli.console import clean, counted, note, say
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.planting import Basis, Fate, Ground, Task, Trial, Workers, attempt, read_anew, without_mistakes
from udproof.cli.reviewed import elsewhere
from udproof.cli.sources import Subject, load
from udproof.cli.verify import cores, installed_memory
from udproof.engines.verdict import Limits
from udproof.language.generated import generated
from udproof.protocol.mutants import ALL
from udproof.protocol.survivors import VERDICTS, Judgement, judgements, reviewed

SCHEMA_VERSION = 1
_EVERY = 10.0  # seconds between two lines of progress where there is no terminal
_TELLING = (Fate.SURVIVED, Fate.UNDECIDED, Fate.VACUOUS, Fate.REFUSED, Fate.SAME, Fate.NO_PLACE)


@dataclass(frozen=True, slots=True)
class MutantsRequest:
    """What `udproof mutants` was asked for; the options by their names."""

    files: tuple[str, ...]
    generated: bool
    engine: str
    timeout: float | None
    jobs: int | None
    format: str
    quiet: bool

    @property
    def workers(self) -> int:
        """How many searches at a time; each of them is a process of its own, and is not divided further."""
        return cores() if self.jobs is None else self.jobs

    @property
    def limits(self) -> Limits:
        """The limits of each search. Together they leave the machine a quarter of its memory."""
        return Limits(seconds=self.timeout, memory=installed_memory() * 3 // 4 // self.workers)


@dataclass
class Campaign:
    """What came of all of them; without those that an interrupt has kept from being planted."""

    made: bool  # by rule?
    own: bool  # each in the fleet that it names, and so to be killed there?
    planned: int
    elsewhere: dict[str, Counter[str]] = field(default_factory=dict)  # by fleet, how many of its mistakes are judged on which other
    grounds: dict[str, Ground] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    interrupted: bool = False
    seconds: float = 0.0
    workers: int = 1

    def counts(self) -> dict[str, int]:
        """How many came to what."""
        found = Counter(trial.found.fate for trial in self.trials)
        return {fate.value: found[fate] for fate in Fate}

    def judgement(self, trial: Trial) -> Judgement | None:
        """What is known of a survivor: by proof, or by a review of this very model."""
        if trial.found.fate is not Fate.SURVIVED or not self.made:
            return None
        if trial.found.harmless is not None:
            return Judgement("harmless", trial.found.harmless)
        return judgements(self.grounds[trial.source].model).get(trial.name)

    @property
    def code(self) -> Code:
        """See the module."""
        if self.interrupted:
            return Code.INTERRUPTED
        judged = Code.HOLDS if any(trial.found.fate is Fate.KILLED for trial in self.trials) else Code.NOTHING
        return worst([judged, *(self._code(trial) for trial in self.trials)])

    def _code(self, trial: Trial) -> Code:
        match trial.found.fate:
            case Fate.KILLED:
                return Code.HOLDS if trial.expected in (None, trial.found.fails) else Code.UNEXPECTED
            case Fate.UNDECIDED:
                return Code.UNDECIDED
            case Fate.SURVIVED if (judgement := self.judgement(trial)) is not None and judgement.verdict == "harmless":
                return Code.HOLDS
            case Fate.SURVIVED:
                return Code.VIOLATED
            case Fate.VACUOUS if not self.made:
                return Code.VIOLATED
        return Code.VIOLATED if self.own else Code.HOLDS


def mutants(request: MutantsRequest) -> Code:
    """Plant them, say what came of each, and answer with the code; see the module."""
    if request.generated and request.engine != "explore":
        raise Refused(f"--engine {request.engine}: generated mistakes are compared state by state, which takes explore.")
    began = time.monotonic()
    read_anew()
    tasks, others = _generated(request) if request.generated else (_named(request), {})
    campaign = Campaign(request.generated, not request.generated and not request.files, len(tasks), others)
    campaign.workers = max(1, min(request.workers, len(tasks)))
    found: dict[int, Trial] = {}
    try:
        with Workers(campaign.workers) as workers, _Told(len(tasks), request.quiet) as told:
            sources = list(dict.fromkeys(source for source, _ in tasks))
            bases = [Basis(source, request.engine, request.limits) for source in sources]
            for _, ground in workers.work(without_mistakes, bases):
                campaign.grounds[ground.source] = ground
                told.fleet(ground)
            planned = [
                Task(source, name, request.generated, request.engine, request.limits, campaign.grounds[source])
                for source, name in tasks
            ]
            for place, trial in workers.work(attempt, planned):
                found[place] = trial
                told.trial(trial)
    except KeyboardInterrupt:
        campaign.interrupted = True
    campaign.trials = [found[place] for place in sorted(found)]
    campaign.seconds = time.monotonic() - began
    if request.format == "json":
        say(json.dumps(document(campaign), indent=2))
    else:
        for line in _text(campaign):
            say(line)
    if campaign.interrupted:
        note(f"interrupted: {len(found)} of {counted(len(tasks), 'mistake')} were planted.")
    return campaign.code


def _named(request: MutantsRequest) -> list[tuple[str, str]]:
    """Each fleet with each named mistake; without fleets, each mistake with its own."""
    for source in request.files:
        if source.endswith(".py"):
            raise Refused(f"{clean(source)}: named mistakes are of the shipped protocol; for a system file, add --generated.")
        load(source)
    return [(source, mutant.name) for mutant in ALL for source in (request.files or (mutant.fleet,))]


def _generated(request: MutantsRequest) -> tuple[list[tuple[str, str]], dict[str, Counter[str]]]:
    """Each fleet or system with each mistake made of it, but for those that are judged elsewhere; and how many those are."""
    tasks: list[tuple[str, str]] = []
    others: dict[str, Counter[str]] = {}
    for source in request.files or reviewed():
        subject: Subject = load(source)
        with subject.blamed():
            judged = elsewhere(subject.system.hash)
            tasks += [(source, one.name) for one in generated(subject.system) if one.name not in judged]
        if judged:
            others[source] = Counter(judged.values())
    return tasks, others


# --- as text


def _text(campaign: Campaign) -> Iterator[str]:
    for ground in campaign.grounds.values():
        yield from _caution(ground)
    for source, others in campaign.elsewhere.items():
        told = ", ".join(f"{count} on {fleet}" for fleet, count in others.items())
        number = counted(others.total(), "mistake")
        yield f"{clean(source)}: {number} in text that other fleets have too, planted and judged there: {told}."
    if campaign.made:
        yield from _survivors(campaign)
    else:
        yield from _table(campaign.trials)
    yield ""
    yield _sum(campaign)


def _caution(ground: Ground) -> Iterator[str]:
    """What a reader must know of a fleet before any mistake."""
    if ground.failing:
        yield f"{clean(ground.source)} breaks {', '.join(map(clean, ground.failing))} without any mistake; that kills nothing here."
    if ground.undecided is not None:
        yield f"{clean(ground.source)} without any mistake: {clean(ground.undecided)}."


def _table(trials: Sequence[Trial]) -> Iterator[str]:
    rows = [("mutant", "fleet", "", "property that fails", "steps", "time")]
    rows += [
        (trial.name, trial.source, trial.found.fate.value, _fails(trial), str(trial.found.steps or ""), f"{trial.seconds:.2f} s")
        for trial in trials
    ]
    yield from _aligned(rows)


def _fails(trial: Trial) -> str:
    """The property that fails, and whether it is the one that was named; of others, what there is to say."""
    if trial.found.fails is None:
        return f"{trial.found.about} (named: {trial.expected})" if trial.found.about else f"(named: {trial.expected})"
    return trial.found.fails if trial.expected in (None, trial.found.fails) else f"{trial.found.fails}, not {trial.expected}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """A table; a long cell pushes the rest of its line to the right, and no other line."""
    widths = [max(min(len(row[column]), 40) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(clean(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _survivors(campaign: Campaign) -> Iterator[str]:
    """The generated ones that were not killed, by what became of them; of the survivors, with their judgements."""
    for fate in _TELLING:
        trials = [trial for trial in campaign.trials if trial.found.fate is fate]
        if trials:
            yield f"{fate.value}: {len(trials)}"
        for trial in trials:
            where = f"{clean(trial.source)}  " if len(campaign.grounds) > 1 else ""
            yield f"  {where}{clean(trial.name)}  {clean(trial.story)}"
            yield f"      {clean(_said(campaign, trial))}"


def _said(campaign: Campaign, trial: Trial) -> str:
    if trial.found.fate is not Fate.SURVIVED:
        return trial.found.about
    judgement = campaign.judgement(trial)
    return f"not judged ({trial.found.about})" if judgement is None else f"{judgement.verdict}: {judgement.reason}"


def _sum(campaign: Campaign) -> str:
    counts = campaign.counts()
    found = [f"{counts[fate.value]} {fate.value}" for fate in Fate if counts[fate.value] or fate in (Fate.KILLED, Fate.SURVIVED)]
    if campaign.made:
        judged = [campaign.judgement(trial) for trial in campaign.trials if trial.found.fate is Fate.SURVIVED]
        words = Counter("not judged" if one is None else one.verdict for one in judged)
        told = ", ".join(f"{words[word]} {word}" for word in (*VERDICTS, "not judged") if words[word] or word == "not judged")
        about = f" (of the survivors: {told})" if judged else ""
        kind = "generated mistake"
    else:
        stray = sum(trial.found.fate is Fate.KILLED and trial.expected != trial.found.fails for trial in campaign.trials)
        about = f"; {stray} killed by another property than the one named" if stray else "; each by the property that it names"
        about = about if counts[Fate.KILLED.value] else ""
        kind = "named mistake"
    cost = f"{campaign.seconds:.2f} s, {counted(campaign.workers, 'worker')}"
    planted = f"{len(campaign.trials)} of {counted(campaign.planned, kind)}" if campaign.interrupted else ""
    return f"{planted or counted(campaign.planned, kind)}: {', '.join(found)}{about}. {cost}."


# --- as JSON


def document(campaign: Campaign) -> dict[str, Any]:
    """The outcome as data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": NAME, "version": version()},
        "kind": "generated" if campaign.made else "named",
        "fleets": [
            {
                "source": ground.source,
                "model": ground.model,
                "fails_without": list(ground.failing),
                "undecided_without": ground.undecided,
                "judged_elsewhere": campaign.elsewhere.get(ground.source, {}),
            }
            for ground in campaign.grounds.values()
        ],
        "mutants": [_as_data(campaign, trial) for trial in campaign.trials],
        "counts": {"planned": campaign.planned, **campaign.counts()},
        "seconds": round(campaign.seconds, 3),
        "workers": campaign.workers,
        "exit_code": int(campaign.code),
    }


def _as_data(campaign: Campaign, trial: Trial) -> dict[str, Any]:
    judgement = campaign.judgement(trial)
    return {
        "name": trial.name,
        "story": trial.story,
        "fleet": trial.source,
        "fate": trial.found.fate.value,
        "expected": trial.expected,
        "fails": trial.found.fails,
        "steps": trial.found.steps,
        "about": trial.found.about or None,
        "judgement": None if judgement is None else {"verdict": judgement.verdict, "reason": judgement.reason},
        "seconds": round(trial.seconds, 3),
    }


# --- progress


class _Told:
    """How many are done, on standard error: a live line on a terminal, else a line every ten seconds."""

    def __init__(self, planned: int, quiet: bool) -> None:
        self._planned, self._quiet = planned, quiet
        self._done: Counter[Fate] = Counter()
        self._last = time.monotonic()
        self._status: Any = nullcontext()
        self._live = not quiet and sys.stderr.isatty()
        if self._live:
            from rich.console import Console
            from rich.status import Status

            self._status = Status("verifying without mistakes first", console=Console(stderr=True))

    def __enter__(self) -> _Told:
        self._status.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.__exit__(None, None, None)

    def fleet(self, ground: Ground) -> None:
        """A fleet is verified without mistakes."""
        self._tell(f"{clean(ground.source)} is verified without mistakes")

    def trial(self, trial: Trial) -> None:
        """One more is done."""
        self._done[trial.found.fate] += 1
        found = ", ".join(f"{self._done[fate]} {fate.value}" for fate in Fate if self._done[fate])
        self._tell(f"{self._done.total()} of {counted(self._planned, 'mistake')}: {found}")

    def _tell(self, line: str) -> None:
        if self._live:
            from rich.text import Text

            self._status.update(Text(line))
        elif not self._quiet and time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            note(line)
