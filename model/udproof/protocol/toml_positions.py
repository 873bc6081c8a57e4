"""Where each key and each value of a TOML text stands.

`tomllib` gives the data of a text but not its places, and an error message without a place is half a message. This is
a second, much smaller reading of the same text, which looks only for places: it leaves it to `tomllib` to say whether
the text is TOML at all and what its values are, and so it can take every bracket and quotation mark at its word. It
follows the grammar of TOML 1.0 (https://toml.io/en/v1.0.0), and passes over the comments and line breaks that TOML 1.1
allows within inline tables too.

A path is the way to a piece of `tomllib`'s data: `("vm", 3, "host")`. What is guaranteed, for a text that `tomllib`
accepts: every path of the data has a place; the key's place covers exactly the last part of the path as it is written
there, quotation marks included; the value's place covers exactly the value. A table with a header has that header for
both. Of a text that `tomllib` does not accept, the places up to the point where the reading loses its way are kept.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import count
from typing import NoReturn, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Span: TypeAlias = tuple[int, int]  # the offsets of the first character and of the one after the last

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")  # between statements, and between the elements of an array
_BLANK = re.compile(r"[ \t]*+")  # between the parts of a key
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}'  # up to two quotation marks may stand right before the closing three
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
# Numbers, booleans, dates; a date and its time may be divided by a space.
_BARE_VALUE = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*+|[^\s,\[\]{}#\"']++")


@dataclass(frozen=True, slots=True)
class Position:
    """A stretch of the text: it begins at `line` and `column` (both from 1), that is at the offset `start`."""

    line: int
    column: int
    start: int
    end: int


class Positions:
    """The places of one text's keys and values. Ask with a path; a path without a place answers with its parent's.

    Of a large text, `only` some paths (and those that lead to them) may be wanted; the others then take no memory.
    """

    def __init__(self, text: str, only: Iterable[Path] | None = None) -> None:
        wanted = None if only is None else {path[:end] for path in only for end in range(len(path) + 1)}
        self._keys: dict[Path, Span] = {(): (0, 0)}
        self._values: dict[Path, Span] = {(): (0, len(text))}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        _Reader(text, self._keys, self._values, wanted).read()

    def __contains__(self, path: Path) -> bool:
        return path in self._keys

    def nearest(self, path: Path) -> Path:
        """The longest beginning of `path` that has a place; at worst the whole document, ()."""
        while path not in self._keys:
            path = path[:-1]
        return path

    def key(self, path: Path) -> Position:
        """Where the last part of the path is written: a key, a header, or the start of an array's element."""
        return self._position(*self._keys[self.nearest(path)])

    def value(self, path: Path) -> Position:
        """Where the value is written; a table with a header has that header's place."""
        return self._position(*self._values[self.nearest(path)])

    def _position(self, start: int, end: int) -> Position:
        line = bisect_right(self._lines, start)
        return Position(line, start - self._lines[line - 1] + 1, start, end)


class _LostError(Exception):
    """The text is not TOML at this point."""


class _Reader:
    """One pass over the text. `_at` is the offset of the next character to read."""

    def __init__(self, text: str, keys: dict[Path, Span], values: dict[Path, Span], wanted: Container[Path] | None) -> None:
        self._text = text
        self._at = 0
        self._keys = keys
        self._values = values
        self._wanted = wanted
        self._headers: dict[Path, int] = {}  # the arrays of tables, with how many [[headers]] each has had so far

    def read(self) -> None:
        """Fill in the places of the whole text, or of its beginning if it is not TOML."""
        table: Path = ()
        try:
            while not self._ended():
                if self._sees("["):
                    table = self._header()
                else:
                    self._pair(table)
        except _LostError:
            return  # as the head of this module promises: what has been found so far stays

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`. Returns the path of the table that it opens."""
        brackets = 2 if self._sees("[[") else 1
        self._at += brackets
        path, span = self._key(())
        self._expect("]" * brackets)
        if brackets == 2:
            self._note_mention(path, span)
            index = self._headers.get(path, 0)
            self._headers[path] = index + 1
            path = (*path, index)
        self._note(path, span, span)  # also over an earlier mention, as of `a` in [a.b]
        return path

    def _pair(self, table: Path) -> None:
        """`a.b = value`."""
        path, span = self._key(table)
        self._expect("=")
        self._take(_BLANK)
        self._note(path, span, self._value(path))

    def _key(self, path: Path) -> tuple[Path, Span]:
        """A key, dotted or not, below `path`. Returns its whole path, and where its last part is."""
        while True:
            self._take(_BLANK)
            start = self._at
            path = (*path, self._key_part())
            span = (start, self._at)
            self._take(_BLANK)
            if not self._sees("."):
                return path, span
            self._at += 1
            self._note_mention(path, span)
            if path in self._headers:  # what comes after an array of tables belongs to its newest table
                path = (*path, self._headers[path] - 1)

    def _key_part(self) -> str:
        if not self._sees('"', "'"):
            return self._take(_BARE) or self._lose()
        quoted = self._take(_STRING) or self._lose()
        try:
            text = tomllib.loads(f"text = {quoted}")["text"]  # its escapes are tomllib's business
        except tomllib.TOMLDecodeError:
            self._lose()
        return str(text)

    def _value(self, path: Path) -> Span:
        """Any value. Returns where it is. (One call for each level; tomllib makes two: what it can read, this can.)"""
        start = self._at
        if self._sees("["):
            self._at += 1
            elements = count()
            while not self._closes("]"):
                element = (*path, next(elements))
                span = self._value(element)
                self._note(element, span, span)
                self._end_of_element("]")
        elif self._sees("{"):
            self._at += 1
            while not self._closes("}"):
                inner, span = self._key(path)
                self._expect("=")
                self._take(_GAP)
                self._note(inner, span, self._value(inner))
                self._end_of_element("}")
        elif not (self._take(_STRING) or self._take(_BARE_VALUE)):
            self._lose()
        return start, self._at

    def _note(self, path: Path, key: Span, value: Span) -> None:
        if self._wanted is None or path in self._wanted:
            self._keys[path] = key
            self._values[path] = value

    def _note_mention(self, path: Path, span: Span) -> None:
        """A table that is named on the way to something else stands where it is first named."""
        if path not in self._keys:
            self._note(path, span, span)

    def _closes(self, bracket: str) -> bool:
        """Is the next thing the closing bracket? Then it is passed over."""
        self._take(_GAP)
        closes = self._sees(bracket)
        self._at += closes
        return closes

    def _end_of_element(self, bracket: str) -> None:
        self._take(_GAP)
        if not self._sees(bracket):
            self._expect(",")

    def _ended(self) -> bool:
        self._take(_GAP)
        return self._at == len(self._text)

    def _sees(self, *texts: str) -> bool:
        return self._text.startswith(texts, self._at)

    def _expect(self, text: str) -> None:
        if not self._sees(text):
            self._lose()
        self._at += len(text)

    def _take(self, pattern: re.Pattern[str]) -> str:
        """Pass over what the pattern matches here, and return it: maybe nothing."""
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()

    def _lose(self) -> NoReturn:
        raise _LostError(self._at)
