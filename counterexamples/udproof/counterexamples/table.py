"""The step table: one row for each step of a run, as text for a terminal and as Markdown for a review.

The idea: a team reads a violation row by row, as it would read a log: when, who, what, *what changed*, and which property is
false by then. Nothing that stayed the same is repeated.

The cells come from names in somebody's fleet file, so nothing reaches the reader as it is. What a terminal or a browser would
obey rather than show (control characters, escape sequences, marks that reorder text) becomes U+FFFD, which everybody can see;
in Markdown whatever could begin markup is escaped; and very long words and cells are shortened in the middle.

`explain.step_table` makes the rows; here they are only laid out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udproof.language import Property

LEAST_WIDTH = 72  # columns of a terminal; narrower ones get this much and wrap it themselves
_WORD, _CELL = 60, 600  # the longest word and the longest cell that are shown whole, in columns
_LONG = 14  # columns; a heading that is longer takes two lines
_WHO = 24  # columns for the names of those who act
_NAMED = 2  # so many properties at most have their names as headings, if there is room; else they are numbered, with a legend

_MARKUP = re.compile(r"[\\`*\[\]~$]|(?<!\w)_|_(?!\w)")
_RED, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step; row 0 is the start. `holds` has the truth of each shown property after the step."""

    number: int
    time: str  # when the step begins
    who: str
    action: str
    changes: tuple[str, ...]
    holds: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class StepTable:
    """The rows of a run; `shown` are the properties with a column, `others` how many more hold from start to end."""

    rows: tuple[StepRow, ...]
    shown: tuple[Property, ...]
    others: int
    timed: bool  # does time pass in the system? If not, there is no column for it

    def as_text(self, width: int = 100, color: bool = False) -> str:
        """The table in `width` columns (at least LEAST_WIDTH), without rules, long cells wrapped; it ends in a newline.

        Only truths are never wrapped: where many properties are false, the lines are as long as these need.
        """
        width = max(width, LEAST_WIDTH)
        named = len(self.shown) <= _NAMED and 4 * sum(2 + columns(line) for name in self._names() for line in name[:1]) <= width
        grid = [self._heading(named), *(self._cells(row) for row in self.rows)]
        widths = _fit(grid, width, wide=2 + self.timed)
        lines: list[str] = []
        for place, cells in enumerate(grid):
            drawn = _lines(cells, widths, right=1 + self.timed, red=4 + self.timed if color else None)
            lines += [f"{_BOLD}{line}{_PLAIN}" for line in drawn] if color and place == 0 else drawn
        for note in self._notes(named):
            lines += ["", *wrapped(plain(note), width)]
        return "\n".join(lines) + "\n"

    def as_markdown(self) -> str:
        """The table in GitHub's Markdown; it ends in a newline."""
        named = len(self.shown) <= _NAMED
        heading = [markdown("".join(cell)) for cell in self._heading(named)]
        rules = ["--:"] * (1 + self.timed) + [":--"] * (len(heading) - 1 - self.timed)
        lines = [heading, rules]
        for row in self.rows:
            cells = ["<br>".join(markdown(line) for line in cell) for cell in self._cells(row)]
            truths = [f"**{cell}**" if cell == "FALSE" else cell for cell in cells[4 + self.timed :]]
            lines.append([*cells[: 4 + self.timed], *truths])
        notes = [markdown(plain(note)) for note in self._notes(named)]
        return "\n".join(["| " + " | ".join(cells) + " |" for cells in lines] + [f"\n{note}" for note in notes]) + "\n"

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said below the table where each property has its name as a heading."""
        return tuple(self._notes(named=True))

    def _names(self) -> list[list[str]]:
        """The names of the shown properties, on two lines each where they are several or long."""
        names = [plain(prop.name) for prop in self.shown]
        return [names] if len(names) == 1 and columns(names[0]) <= _LONG else [_halves(name.split("-")) for name in names]

    def _heading(self, named: bool) -> list[list[str]]:
        when = [["time"]] if self.timed else []
        truths = self._names() if named else [[f"P{number}"] for number, _ in enumerate(self.shown, 1)]
        return [["#"], *when, ["who"], ["action"], ["what changed"], *truths]

    def _cells(self, row: StepRow) -> list[list[str]]:
        when = [[plain(row.time)]] if self.timed else []
        truths = [["holds" if holds else "FALSE"] for holds in row.holds]
        return [[str(row.number)], *when, [plain(row.who)], [plain(row.action)], [plain(change) for change in row.changes], *truths]

    def _notes(self, named: bool) -> Iterator[str]:
        if not named:
            for number, prop in enumerate(self.shown, 1):
                yield f"P{number} is {prop.name}: {prop.statement}"
        if self.others:
            rest = f"The other {self.others} properties hold" if self.others > 1 else "The other property holds"
            rest = rest if self.shown else rest.replace("other ", "")
            yield f"{rest} in every state of this run."


# --- Text that may come from anybody.


def plain(text: str) -> str:
    """The text on one line, with nothing that a terminal obeys, and at most `_CELL` columns of it."""
    ends = text if len(text) <= 4 * _CELL else f"{text[: 2 * _CELL]}…{text[-2 * _CELL :]}"  # more is not shown anyway
    spaced = " ".join(ends.split())
    shown = "".join("\ufffd" if unicodedata.category(c) in _OBEYED else c for c in spaced)
    return _middle(" ".join(_middle(word, _WORD) for word in shown.split(" ")), _CELL)


_OBEYED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, formats (the bidi marks), surrogates, no characters


def markdown(text: str) -> str:
    """A plain text with all that Markdown or HTML would read as markup escaped."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return _MARKUP.sub(r"\\\g<0>", text).replace("|", "&#124;").replace("@", "&#64;")


def columns(text: str) -> int:
    """How many columns of a terminal a plain text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, room: int) -> list[str]:
    """The plain text in lines of at most `room` columns (2 or more), broken at spaces where there are any."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and columns(lines[-1]) + 1 + columns(word) <= room:
            lines[-1] += " " + word
            continue
        pieces = _broken(word, room)
        lines[-1:] = [*lines[-1:], *pieces] if lines[-1] else pieces
    return lines


def _broken(word: str, room: int) -> list[str]:
    pieces, taken = [""], 0
    for character in word:
        taken += columns(character)
        if taken > room:
            pieces.append("")
            taken = columns(character)
        pieces[-1] += character
    return pieces


def _middle(text: str, most: int) -> str:
    """The text, or its two ends around an ellipsis if it takes more than `most` columns."""
    if len(text) <= most // 2 or columns(text) <= most:
        return text
    half = most // 2 - 1
    return f"{_broken(text[:most], half)[0]}…{_broken(text[: -most - 1 : -1], half)[0][::-1]}"


# --- Layout.


def _halves(words: list[str]) -> list[str]:
    """A hyphenated name on two lines, broken at the hyphen nearest to its middle."""
    ways = [("-".join(words[:cut]), "-".join(words[cut:])) for cut in range(1, len(words))]
    if not ways:
        return words
    first, second = min(ways, key=lambda way: max(len(way[0]), len(way[1])))
    return [first + "-", second]


def _fit(grid: Sequence[list[list[str]]], width: int, wide: int) -> list[int]:
    """A width for each column: what it needs, but the two wide ones (`wide` and the next) share what is left."""
    widths = [max(columns(line) for row in grid for line in row[place] or [""]) for place in range(len(grid[0]))]
    widths[wide - 1] = min(widths[wide - 1], _WHO, width // 6)
    room = width - 2 * (len(widths) - 1) - sum(widths[:wide]) - sum(widths[wide + 2 :])
    action, changed = widths[wide], widths[wide + 1]
    if action + changed > room:
        half = max(room // 2, 10)
        action = action if action < half else room - changed if changed < half else half
        widths[wide : wide + 2] = [action, max(room - action, 10)]
    return widths


def _lines(cells: list[list[str]], widths: list[int], right: int, red: int | None) -> Iterator[str]:
    """The lines of one row; the first `right` columns are set to the right, what is FALSE from column `red` on is red."""
    stacks = [[part for line in cell for part in wrapped(line, width)] for cell, width in zip(cells, widths, strict=True)]
    for place in range(max(len(stack) for stack in stacks)):
        padded = []
        for column, (stack, width) in enumerate(zip(stacks, widths, strict=True)):
            text = stack[place] if place < len(stack) else ""
            blank = " " * (width - columns(text))
            text = f"{_RED}{text}{_PLAIN}" if red is not None and column >= red and text == "FALSE" else text
            padded.append(blank + text if column < right else text + blank)
        yield "  ".join(padded).rstrip()
