"""The main job: systems in, verdicts out.

Everything that can be known to be wrong is found before the first search begins: a file that cannot be read, a property that
does not exist, a report that could not be written. After it, what was found is told even if something then goes wrong: the
finished runs are reported when the next one fails or is interrupted.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from udproof.cli import report_json, report_text, reports
from udproof.cli.console import clean, note, say, width
from udproof.cli.engines import engine_named
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.parameters import ReportTo
from udproof.cli.progress import progress
from udproof.cli.runs import Run, far, judged
from udproof.cli.sources import Subject, load
from udproof.cli.watch import verify_within
from udproof.engines.checkpoint import BadCheckpoint
from udproof.engines.verdict import Disagreement, Engine, Limits, Minimum
from udproof.language import Property


@dataclass(frozen=True, slots=True)
class Request:
    """What `udproof verify` was asked for; the options by their names."""

    files: tuple[str, ...]
    properties: tuple[str, ...]
    engine: str
    mutant: str | None
    format: str
    report: tuple[ReportTo, ...]
    memory: int | None
    timeout: float | None
    jobs: int | None
    symmetry: bool
    checkpoint: str | None
    resume: str | None
    certificate: str | None
    stop_at_first: bool
    minimum: Minimum
    depth: int | None
    quiet: bool

    @property
    def limits(self) -> Limits:
        """The limits of each search. Unless it is told otherwise, it leaves the machine a quarter of its memory."""
        return Limits(
            seconds=self.timeout,
            memory=installed_memory() * 3 // 4 if self.memory is None else self.memory,
            symmetry=self.symmetry,
            jobs=cores() if self.jobs is None else self.jobs,
            stop_at_first=self.stop_at_first,
            checkpoints=Path(self.folder) if self.folder is not None else None,
            resume=self.resume is not None,
        )

    @property
    def folder(self) -> str | None:
        """The folder of the checkpoints. Refused if it is not clear which, or of which file."""
        if self.checkpoint is not None and self.resume is not None:
            raise Refused("--resume keeps the checkpoint in its folder up to date; leave --checkpoint out.")
        chosen = self.resume if self.checkpoint is None else self.checkpoint
        if chosen is not None and len(self.files) > 1:
            option = "--resume" if self.checkpoint is None else "--checkpoint"
            raise Refused(f"{option} {clean(chosen)}: a checkpoint is of one file; verify each in a command of its own.")
        return chosen


def cores() -> int:
    """The cores that this process may use, or as many as its control group (Linux, version 2) grants time of."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    group = Path("/sys/fs/cgroup/cpu.max")
    quota, period = group.read_text().split() if group.is_file() else ("max", "1")
    return found if quota == "max" else max(1, min(found, int(quota) // int(period)))


def installed_memory() -> int:
    """The bytes of memory that the machine has, or its control group (Linux, version 2) allows."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    group = Path("/sys/fs/cgroup/memory.max")
    allowed = group.read_text().strip() if group.is_file() else "max"
    return machine if allowed == "max" else min(machine, int(allowed))


def verify(request: Request) -> Code:
    """Verify every file, report, and answer with the worst of the codes."""
    limits = request.limits
    jobs = _jobs(request)
    reports.check(request.report, [subject.source for subject, _ in jobs])
    runs: list[Run] = []
    codes: list[Code] = []
    try:
        for subject, selected in jobs:
            codes.append(_one(request, limits, subject, selected, runs))
            if codes[-1] is Code.INTERRUPTED:
                break
    finally:  # what is finished is told, whatever happened to the next one
        if request.format == "json" and runs:
            say(report_json.text(runs, given=len(jobs)))
        written = reports.write(request.report, runs, given=len(jobs)) if runs else True
    return worst(codes if written else [*codes, Code.USAGE])


def _jobs(request: Request) -> list[tuple[Subject, tuple[Property, ...]]]:
    """The subjects with the properties to check. Refused with the mistakes of all files, not of the first one only."""
    jobs: list[tuple[Subject, tuple[Property, ...]]] = []
    complaints: list[str] = []
    for source in request.files or (None,):
        try:
            subject = load(source, request.mutant)
            jobs.append((subject, subject.select(request.properties)))
        except Refused as refused:
            complaints += refused.sentences
    if complaints:
        raise Refused(*dict.fromkeys(complaints))
    return jobs


def _one(request: Request, limits: Limits, subject: Subject, selected: tuple[Property, ...], runs: list[Run]) -> Code:
    """Verify one subject. Its run, if there is one, is added to `runs` and told as text, if that was asked for."""
    if subject.mutant and not request.quiet:
        note(f"{clean(subject.source)}: with the mistake {subject.mutant} planted; what the fleet file expects is not asked.")
    if not selected:
        note(f"{clean(subject.source)}: nothing was checked, since the system states no property.")
        return Code.NOTHING
    try:
        with subject.blamed(), progress(subject.system.name, request.quiet) as told:
            result = verify_within(_engine(request), subject.system, selected, limits, told)
    except Refused as refused:
        for sentence in refused.sentences:
            note(sentence)
        return Code.USAGE
    except BadCheckpoint as bad:
        note(clean(bad))
        return Code.USAGE
    except Disagreement as wrong:
        note(f"{clean(subject.source)}: engines disagree. This is a mistake of udproof and no verdict; please report these lines:")
        for sentence in wrong.sentences:
            note(f"  {clean(sentence)}")
        return Code.INTERNAL
    except KeyboardInterrupt:
        note(f"{clean(subject.source)}: interrupted before the search began; no state was looked into.")
        return Code.INTERRUPTED
    with subject.blamed():
        run = judged(subject, selected, result)
    runs.append(run)
    if request.format == "text":
        if len(runs) > 1:
            say()
        for line in report_text.text(run, width(), wrap=sys.stdout.isatty()):
            say(line)
    if run.code is Code.INTERRUPTED:
        note(f"{clean(subject.source)}: interrupted after {result.figures.seconds:.1f} s: {far(result.figures)}.")
    if request.folder is not None and run.counts["unknown"]:
        note(f"{clean(subject.source)}: to go on from the last checkpoint, give --resume {clean(shlex.quote(request.folder))}.")
    return run.code


def _engine(request: Request) -> Engine:
    """The engine that is asked for. Refused if it cannot do what is asked of it."""
    certificate = None if request.certificate is None else Path(request.certificate)
    return engine_named(request.engine, certificate, request.minimum, request.depth)
