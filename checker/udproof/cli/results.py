"""A result read back from its JSON: what the formats for build servers are made of, and what `udproof merge` puts together.

The JSON document is the truth, and every other format that covers a whole command (JUnit, SARIF, annotations, summaries) is made
from it and from nothing else. So a merged result has them all, and they cannot say what the document does not.

A document that comes from a file is not believed. Its shape is looked at (pydantic), and so is its logic: an exit code that
does not follow from the verdicts and the expectation, or counts that do not fit, are a `BadResult` with one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from udproof.cli.console import clean
from udproof.cli.exits import Code, worst
from udproof.cli.report_json import SCHEMA_VERSION
from udproof.cli.runs import Standing, standings
from udproof.engines.verdict import Outcome

_LONGEST = 10**8  # characters of a file that are read: a result of thousands of fleets takes less


class BadResult(ValueError):
    """The document is no result of udproof, or contradicts itself; one sentence says how."""


class _Read(BaseModel):
    """Strict about what is read; what merging and formats have no use for is passed over."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Place(_Read):
    """Where a verdict is shown."""

    file: str
    line: int = Field(ge=1)


class Step(_Read):
    """A row of a step table."""

    number: int
    time: str
    who: str
    action: str
    changes: list[str]


class Found(_Read):
    """The answer for one property."""

    property: str
    statement: str
    verdict: Literal["proved", "violated", "unknown", "vacuous"]
    scope: Literal["this-fleet", "any-fleet"]
    engine: str
    place: Place
    cause: str | None
    steps: list[Step]
    assumptions: list[str]
    reason: str


class Design(_Read):
    """What was verified."""

    hash: str = Field(pattern=r"^[0-9a-f]{16}$")
    fleet: str
    kind: Literal["fleet", "system"]
    source: str
    mutant: str | None


class Counts(_Read):
    """How many properties."""

    available: int
    selected: int
    skipped: int


class Figures(_Read):
    """What it took."""

    states: int
    seconds: float


class Told(_Read):
    """The run of one file."""

    model: Design
    complete: bool
    stopped: str | None
    exit_code: int
    expected: Literal["proved"] | Annotated[list[str], Field(min_length=1)] | None
    remark: str | None
    counts: Counts
    verdicts: list[Found] = Field(min_length=1)
    figures: Figures

    @property
    def key(self) -> Key:
        """Which design this is about."""
        return self.model.source, self.model.mutant

    @property
    def standings(self) -> dict[str, Standing]:
        """How each verdict stands to what the file expects."""
        return standings({found.property: Outcome(found.verdict) for found in self.verdicts}, self.expected)

    @property
    def code(self) -> Code:
        """What this run alone would end with."""
        return Code(self.exit_code)


class Planned(_Read):
    """A file that was to be verified."""

    source: str
    mutant: str | None
    fleet: str
    hash: str
    properties: list[str]

    @property
    def key(self) -> Key:
        """Which design this is."""
        return self.source, self.mutant


class Part(_Read):
    """A shard."""

    number: int = Field(ge=1)
    of: int = Field(ge=1)


class Trouble(_Read):
    """Why a file has no run, or what else is wrong."""

    source: str | None
    exit_code: int
    reason: str


class Files(_Read):
    """How many files were given, and verified."""

    given: int = Field(ge=0)
    verified: int = Field(ge=0)


class Whole(_Read):
    """All that one command did."""

    exit_code: int
    files: Files
    shard: Part | None
    plan: list[Planned] = Field(min_length=1)
    runs: list[Told]
    problems: list[Trouble]

    @property
    def code(self) -> Code:
        """What the command ended with."""
        return Code(self.exit_code)

    @property
    def findings(self) -> Iterator[tuple[Told, Found, Standing]]:
        """Every verdict with its run and its standing."""
        for run in self.runs:
            stands = run.standings
            yield from ((run, found, stands[found.property]) for found in run.verdicts)

    @property
    def red(self) -> list[tuple[Told, Found, Standing]]:
        """The verdicts that keep the whole from passing, the worst first."""
        order = [Standing.VIOLATED, Standing.UNEXPECTED, Standing.UNKNOWN, Standing.VACUOUS]
        return sorted((each for each in self.findings if each[2].red), key=lambda each: order.index(each[2]))


Key = tuple[str, str | None]  # the source as it was named, and the planted mistake


def loaded(text: str) -> tuple[Whole, list[dict[str, Any]]]:
    """The result of a text, and its runs as they stand there. BadResult if it is none."""
    if len(text) > _LONGEST:
        raise BadResult("the file is larger than 100 MB, which no result is")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of more digits than Python reads
        raise BadResult(f"this is not JSON ({clean(str(error))})") from error
    if not isinstance(data, dict) or data.get("tool", {}) is None or "schema_version" not in data:
        raise BadResult("this is JSON, but no result of udproof; udproof verify --report json=PATH writes one")
    if data["schema_version"] != SCHEMA_VERSION:
        told = clean(json.dumps(data["schema_version"])[:40])
        raise BadResult(f"it is of version {told}, and this udproof reads {SCHEMA_VERSION}")
    whole = read(data)
    return whole, data.get("runs", [data])


def read(document: dict[str, Any]) -> Whole:
    """The result of a document, whichever of the two forms it has. BadResult if it is none, or contradicts itself."""
    try:
        if "runs" in document:
            whole = Whole.model_validate(document)
        else:
            run = Told.model_validate(document)
            whole = Whole(
                exit_code=run.exit_code,
                files=Files(given=1, verified=1),
                shard=None,
                plan=[_planned(run)],
                runs=[run],
                problems=[],
            )
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(clean(part) for part in first["loc"])
        raise BadResult(f"this is no result of udproof: at {where or 'the top'}: {clean(first['msg'])}") from wrong
    _consistent(whole)
    return whole


def _planned(run: Told) -> Planned:
    model = run.model
    names = [found.property for found in run.verdicts]
    return Planned(source=model.source, mutant=model.mutant, fleet=model.fleet, hash=model.hash, properties=names)


def _consistent(whole: Whole) -> None:
    for run in whole.runs:
        source = clean(run.model.source)
        names = [found.property for found in run.verdicts]
        if len(set(names)) != len(names) or run.counts.selected != len(names):
            raise BadResult(f"the run of {source} does not answer each selected property once")
        follows = worst(standing.code for standing in run.standings.values())
        if run.exit_code not in (follows, Code.INTERRUPTED):
            raise BadResult(f"the run of {source} gives the exit code {run.exit_code}, where its verdicts mean {int(follows)}")
    if whole.files.verified != len(whole.runs):
        raise BadResult(f"it says that {whole.files.verified} files were verified, and has {len(whole.runs)} runs")
    for one in whole.problems:
        if one.exit_code not in set(Code) - {Code.HOLDS}:
            raise BadResult(f"it has a problem with the exit code {one.exit_code}, which means no problem")
    if whole.files.given > whole.files.verified + len(whole.problems):
        raise BadResult(f"{whole.files.given} files were given, and it does not say what became of each")
    if whole.exit_code != expected_code(whole):
        raise BadResult(f"it gives the exit code {whole.exit_code}, where its runs mean {int(expected_code(whole))}")


def expected_code(whole: Whole) -> Code:
    """The exit code that follows from the runs and the problems."""
    if whole.shard is not None and not whole.files.given:
        return Code.EMPTY
    return worst([*(Code(run.exit_code) for run in whole.runs), *(Code(one.exit_code) for one in whole.problems)])


def sentence(run: Told, found: Found, standing: Standing) -> str:
    """What is wrong, in sentences for a person who sees nothing else."""
    design = f"{run.model.fleet} with the mistake {run.model.mutant}" if run.model.mutant else run.model.fleet
    said = {
        Standing.VIOLATED: f"is violated: {found.cause}",
        Standing.UNEXPECTED: "holds, and the fleet file expects that it is violated.",
        Standing.UNKNOWN: f"is not decided: {found.reason}.",
        Standing.VACUOUS: f"was put to no test: {found.reason}.",
        Standing.PASSED: "holds.",
        Standing.EXPECTED: f"is violated, as expected: {found.cause}",
    }
    return f"{found.property} of {design} {said[standing]}"
