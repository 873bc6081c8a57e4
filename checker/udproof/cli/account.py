"""What one command was to verify, and what came of it: the runs, and beside them whatever kept a file from having one.

A report of what was found is not enough for a build server. It must also be able to tell that something is absent: a file whose
search crashed, one that was never reached, a shard that is missing. So everything that is planned is written down before the
first search begins, with the hash of its model, and each planned file ends in a run or in a problem.

Work is divided by files (`--shard k/n`), and not by properties, since one search decides all properties of a file. The files
are put in order by their names, and the shards take them in turn, so that the same command with k = 1 .. n verifies each file
exactly once, on whatever machines, in whatever order a shell listed the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from udproof.cli.console import clean, counted, note
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.parameters import Shard
from udproof.cli.runs import Run
from udproof.cli.sources import Subject
from udproof.language import Property

Job = tuple[Subject, tuple[Property, ...]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file has no run; or, without a source, what else went wrong."""

    source: str | None
    code: Code
    reason: str  # sentences


@dataclass(slots=True)
class Account:
    """See the module. `jobs` are those of this shard, `planned` those of all."""

    planned: tuple[Job, ...]
    jobs: tuple[Job, ...]
    shard: Shard | None = None
    runs: list[Run] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _begun: int = 0

    @property
    def code(self) -> Code:
        """The exit code of the whole."""
        if self.shard is not None and not self.jobs:
            return Code.EMPTY
        return worst([*(run.code for run in self.runs), *(problem.code for problem in self.problems)])

    def close(self) -> None:
        """Leave a problem for each file that was never begun, since something ended the command before."""
        ended = self.problems[-1].code if self.problems else Code.INTERRUPTED
        for subject, _ in self.jobs[self._begun :]:
            self._problem(subject, ended, "not begun, since the command ended before")
        self._begun = len(self.jobs)

    def refuse(self, subject: Subject, code: Code, *sentences: str) -> Code:
        """Say that a file has no run, and why."""
        for sentence in sentences:
            note(sentence)
        self._problem(subject, code, *sentences)
        return code

    def _problem(self, subject: Subject, code: Code, *sentences: str) -> None:
        """A problem with a file; its name, with which sentences for a terminal begin, is not told twice."""
        told = " ".join(line.strip() for line in sentences).removeprefix(f"{clean(subject.source)}: ")
        self.problems.append(Problem(subject.source, code, told))

    @contextmanager
    def watched(self, subject: Subject) -> Iterator[None]:
        """Around the work on one file: an exception that ends everything is written down first, and goes on."""
        self._begun += 1
        try:
            yield
        except Refused as refused:
            self._problem(subject, Code.USAGE, *refused.sentences)
            raise
        except Exception as bug:
            what = f"internal error: {type(bug).__name__}: {clean(' '.join(str(bug).split()))}; no verdict"
            self._problem(subject, Code.INTERNAL, what)
            raise
        except KeyboardInterrupt:
            self._problem(subject, Code.INTERRUPTED, "interrupted")
            raise


def account(jobs: Iterable[Job], shard: Shard | None) -> Account:
    """The account of these jobs before any work is done; without a shard, of all of them in the order given."""
    if shard is None:
        planned = tuple(jobs)
        return Account(planned, planned)
    planned = tuple(sorted(jobs, key=lambda job: job[0].source))
    mine = planned[shard.number - 1 :: shard.of]
    if not mine:
        given = f"{counted(len(planned), 'file')} in all; the shards 1 to {len(planned)} have one each"
        note(f"--shard {shard}: this shard has no file to verify, since there {'is' if len(planned) == 1 else 'are'} {given}.")
    return Account(planned, mine, shard)
