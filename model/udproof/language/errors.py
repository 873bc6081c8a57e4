"""The one error of the language: a sentence, and the line of the user's file that it speaks of.

A model is written by people who did not write this package. Every mistake that the language can see is therefore told as
where it stands, what was given, and what would be right; the traceback through our own files is of no use to them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType

# Frames of these are never where a user's mistake stands: our own rooms but for the protocol, and what they call through.
_ROOMS = ("udproof.language", "udproof.engines", "udproof.counterexamples", "udproof.cli")
_OURS = (*_ROOMS, "dataclasses", "functools", "contextlib", "inspect")


@dataclass(frozen=True, slots=True)
class Location:
    """A line of somebody's Python file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller() -> Location | None:
    """The innermost line on the stack that is not ours: where the user wrote what we are looking at."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not str(frame.f_globals.get("__name__", "")).startswith(_OURS):
            return Location(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


class ModelError(Exception):
    """A model that says something the language cannot mean.

    `sentence` is one full sentence; `location` the line it speaks of, found by itself if not given.
    """

    def __init__(self, sentence: str, location: Location | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.location = location if location is not None else caller()

    def __str__(self) -> str:
        return f"{self.location}: {self.sentence}" if self.location is not None else self.sentence
