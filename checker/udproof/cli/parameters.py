"""Kinds of values on the command line: sizes of memory, durations, and reports (`FORMAT=PATH`).

Each refuses with one sentence that says what would be right. Nothing heavy is imported here, since the help is made of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_MEMORY = re.compile(r" *([0-9]{1,9}(?:\.[0-9]{1,9})?) *([A-Za-z]*) *")

DRAWINGS = ("svg", "png", "sequence", "mermaid")  # a run as a picture; see drawings.py
PER_VIOLATION = (*DRAWINGS, "itf")  # one file for each violated property
WHOLE = ("json", "junit", "sarif")  # one file about everything that was to be verified, whether or not anything was
REPORTS = (*WHOLE, "html", "markdown", *PER_VIOLATION)
MERGED = (*WHOLE, "markdown")
BUILD_SERVERS = ("github", "azure", "auto", "none")


@dataclass(frozen=True, slots=True)
class ReportTo:
    """A report to write: in which format, and where."""

    format: str
    path: Path

    def __str__(self) -> str:
        return f"{self.format}={self.path}"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts of the work: the `number`-th (from 1) of `of`."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class Memory(click.ParamType[int]):
    """An amount of memory in bytes, written with its unit: 4GB, 512 MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes."""
        if isinstance(value, int):
            return value
        match = _MEMORY.fullmatch(value)
        if match is None:
            self.fail(f'{value!r} is no amount of memory; write a number with its unit, such as "4GB" or "512MiB".', param, ctx)
        number, unit = match.groups()
        if unit not in _UNITS:
            meant = next((known for known in _UNITS if known.lower() in (unit.lower(), f"{unit.lower()}b")), None)
            right = f"write {number}{meant or 'GB'}" if meant or not unit else f"the units are {', '.join(_UNITS)}"
            wrong = f"has the unknown unit {unit!r}" if unit else "has no unit"
            self.fail(f"{value!r} {wrong}; {right}.", param, ctx)
        return int(float(number) * _UNITS[unit])


class Duration(click.ParamType[float]):
    """A duration in seconds, written with its unit: 10min, 90s, 1h 30min."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        from udproof.protocol.durations import DurationError, parse_duration

        if isinstance(value, float):
            return value
        try:
            return float(parse_duration(value))
        except DurationError as error:
            self.fail(f"{error}.", param, ctx)


class Report(click.ParamType[ReportTo]):
    """A report to write: FORMAT=PATH, where the format is one of `kinds`."""

    name = "format=path"

    def __init__(self, kinds: tuple[str, ...] = REPORTS) -> None:
        self._kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ReportTo:
        """The format and the path; whether it can be written there is looked at before the search (see `reports`)."""
        if isinstance(value, ReportTo):
            return value
        kind, equals, path = value.partition("=")
        if kind not in self._kinds:
            known = ", ".join(self._kinds)
            self.fail(f"{kind!r} is no format of a report; write FORMAT=PATH, where FORMAT is {known}.", param, ctx)
        if not equals or not path:
            self.fail(f"{value!r} does not say where to write; write {kind}=PATH.", param, ctx)
        return ReportTo(kind, Path(path))


class Part(click.ParamType[Shard]):
    """A part of the work: k/n."""

    name = "k/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """The shard."""
        if isinstance(value, Shard):
            return value
        match = re.fullmatch(r"([0-9]{1,4})/([1-9][0-9]{0,3})", value, re.ASCII)
        if match is None:
            self.fail(f"{value!r} is no part of the work; write K/N, such as 1/4 for the first of four.", param, ctx)
        number, of = map(int, match.groups())
        if not 1 <= number <= of:
            self.fail(f"{value!r} is no part of the work; the parts of {of} are 1/{of} to {of}/{of}.", param, ctx)
        return Shard(number, of)
