"""Exit codes, which other programs act on, and `Refused`, the one way for the user's mistakes to end a command.

Zero means that everything that was asked for is done and is as it should be. Whatever else can happen has a code of its own, so
that a build server can act on it: not only what was found, but also that nothing was there to be found out.

Never 1: an uncaught exception of Python exits with 1, and a crash must not read as a finding. Of several files the worst code
wins. The order is by how little the answer is worth: an internal error (nothing can be believed), a mistake in what was given,
a violation, a pass where a violation was expected, results that are missing, no decision, nothing checked, a property that was
put to no test, a shard without work; an interrupt ends everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Code(IntEnum):
    """How a command ends."""

    HOLDS = 0  # everything that was asked holds, or ended as the fleet's `expect` says
    USAGE = 2  # a mistake in an option, a file or a trace; also a report that could not be written
    MISSING = 3  # of merging: a shard, or a file of one, has no result
    EMPTY = 4  # this shard has no file to verify
    UNDECIDED = 5  # a limit ended the search before everything was decided
    INTERNAL = 6  # a mistake of udproof itself, or a trace that does not replay
    NOTHING = 7  # nothing was checked
    UNEXPECTED = 8  # a property holds that the fleet's `expect` says is violated
    VACUOUS = 9  # a property was put to no test: its premise was never reached
    VIOLATED = 10
    INTERRUPTED = 130

    @property
    def words(self) -> str:
        """What it means, in a few words."""
        return _WORDS[self]


_WORDS = {
    Code.HOLDS: "everything that was asked for holds, or is as the fleet files expect",
    Code.USAGE: "a file could not be verified",
    Code.MISSING: "results are missing",
    Code.EMPTY: "there was no file to verify",
    Code.UNDECIDED: "a property is not decided",
    Code.INTERNAL: "a mistake of udproof; no verdict",
    Code.NOTHING: "nothing was checked",
    Code.UNEXPECTED: "a property holds that a fleet file expects to be violated",
    Code.VACUOUS: "a property was put to no test",
    Code.VIOLATED: "a property is violated",
    Code.INTERRUPTED: "interrupted",
}

_WORST_FIRST = (
    Code.INTERRUPTED,
    Code.INTERNAL,
    Code.USAGE,
    Code.VIOLATED,
    Code.UNEXPECTED,
    Code.MISSING,
    Code.UNDECIDED,
    Code.NOTHING,
    Code.VACUOUS,
    Code.EMPTY,
    Code.HOLDS,
)


def worst(codes: Iterable[Code]) -> Code:
    """The code that stands for all of these; of none, that nothing was checked."""
    return min(codes, key=_WORST_FIRST.index, default=Code.NOTHING)


class Refused(Exception):
    """What the user gave cannot be used. Each sentence says where, what is wrong and what would be right."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences
