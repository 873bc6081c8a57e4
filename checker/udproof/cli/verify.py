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

from udproof.cli import build_server, report_json, report_text, reports
from udproof.cli.account import Account, Job, account
from udproof.cli.console import clean, note, say, width
from udproof.cli.engines import engine_named
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.parameters import WHOLE, ReportTo, Shard
from udproof.cli.progress import progress
from udproof.cli.runs import far, judged
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
    engine: str | None
    mutant: str | None
    format: str
    report: tuple[ReportTo, ...]
    ci: str
    shard: Shard | None
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
    def tells_the_whole(self) -> bool:
        """Is anything wanted that is made from the document about everything?"""
        return self.format == "json" or self.ci != "none" or any(report.format in WHOLE for report in self.report)

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

    @property
    def asked(self) -> Engine:
        """The engine. Refused if it cannot do what is asked of it.

        Who names a fleet asks about that fleet; who names none asks about the protocol, and gets an answer for every fleet.
        """
        if self.certificate is not None and len(self.files) > 1:
            raise Refused(
                f"--certificate {clean(self.certificate)}: a certificate is of one file; verify each in a command of its own."
            )
        name = self.engine or ("explore" if self.files or self.mutant is not None else "auto")
        certificate = None if self.certificate is None else Path(self.certificate)
        return engine_named(name, certificate, self.minimum, self.depth)


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
    limits, engine = request.limits, request.asked
    server = build_server.chosen(request.ci, request.format)
    with build_server.refusals(server):
        work = account(_jobs(request), request.shard)
    reports.check(request.report, [subject.source for subject, _ in work.planned])
    try:
        for subject, selected in work.jobs:
            with work.watched(subject):
                code = _one(request, engine, limits, subject, selected, work)
            if code is Code.INTERRUPTED:
                break
    finally:  # what is finished is told, whatever happened to the next one
        work.close()
        document = report_json.document(work) if request.tells_the_whole else {}
        if request.format == "json":
            say(report_json.text(document))
        written = reports.write(request.report, work, document)
        build_server.tell(server, document)
    return work.code if written else worst([work.code, Code.USAGE])


def _jobs(request: Request) -> list[Job]:
    """The subjects with the properties to check. Refused with the mistakes of all files, not of the first one only."""
    jobs: list[Job] = []
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


def _one(request: Request, engine: Engine, limits: Limits, subject: Subject, selected: tuple[Property, ...], work: Account) -> Code:
    """Verify one subject. Its run, if there is one, is added to the account and told as text, if that was asked for."""
    if subject.mutant and not request.quiet:
        note(f"{clean(subject.source)}: with the mistake {subject.mutant} planted; what the fleet file expects is not asked.")
    if not selected:
        return work.refuse(
            subject, Code.NOTHING, f"{clean(subject.source)}: nothing was checked, since the system states no property."
        )
    try:
        with subject.blamed(), progress(subject.system.name, request.quiet) as told:
            result = verify_within(engine, subject.system, selected, limits, told)
    except Refused as refused:
        return work.refuse(subject, Code.USAGE, *refused.sentences)
    except BadCheckpoint as bad:
        return work.refuse(subject, Code.USAGE, clean(bad))
    except Disagreement as wrong:
        said = f"{clean(subject.source)}: engines disagree. This is a mistake of udproof and no verdict; please report these lines:"
        return work.refuse(subject, Code.INTERNAL, said, *(f"  {clean(sentence)}" for sentence in wrong.sentences))
    except KeyboardInterrupt:
        said = f"{clean(subject.source)}: interrupted before the search began; no state was looked into."
        return work.refuse(subject, Code.INTERRUPTED, said)
    with subject.blamed():
        run = judged(subject, selected, result)
    work.runs.append(run)
    if request.format == "text":
        if len(work.runs) > 1:
            say()
        for line in report_text.text(run, width(), wrap=sys.stdout.isatty()):
            say(line)
    if run.code is Code.INTERRUPTED:
        note(f"{clean(subject.source)}: interrupted after {result.figures.seconds:.1f} s: {far(result.figures)}.")
    if request.certificate is not None and run.result.recipe is None and not (result.evidence and result.evidence.certificate):
        note(f"{clean(subject.source)}: no certificate was written, since there is nothing to certify.")
    if request.folder is not None and run.counts["unknown"]:
        note(f"{clean(subject.source)}: to go on from the last checkpoint, give --resume {clean(shlex.quote(request.folder))}.")
    return run.code
