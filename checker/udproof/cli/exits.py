"""Exit codes, which other programs act on, and `Refused`, the one way for the user's mistakes to end a command.

Never 1: an uncaught exception of Python exits with 1, and a crash must not read as a finding. Of several files the worst code
wins. The order is by how little the answer is worth: an internal error (nothing can be believed), a mistake in what was given,
a violation, a pass where a violation was expected, no decision, nothing checked; an interrupt ends everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Code(IntEnum):
    """How a command ends."""

    HOLDS = 0  # everything that was asked holds, or ended as the fleet's `expect` says
    USAGE = 2  # a mistake in an option, a file or a trace; also a report that could not be written
    UNDECIDED = 5  # a limit ended the search before everything was decided
    INTERNAL = 6  # a mistake of udproof itself, or a trace that does not replay
    NOTHING = 7  # nothing was checked, or a property only vacuously
    UNEXPECTED = 8  # a property holds that the fleet's `expect` says is violated
    VIOLATED = 10
    INTERRUPTED = 130


_WORST_FIRST = (
    Code.INTERRUPTED,
    Code.INTERNAL,
    Code.USAGE,
    Code.VIOLATED,
    Code.UNEXPECTED,
    Code.UNDECIDED,
    Code.NOTHING,
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
