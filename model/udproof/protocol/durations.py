"""Durations as people write them, as exact fractions of a second, and back.

TOML has no type for a duration, and a bare `30` has misled people in every system that allowed one (seconds?
milliseconds?). So a duration is a text that names its unit: "30s", "15min", "1.5s", "1 min 30 s". Four units are known:

    h (3600 s), min (60 s), s, ms (1/1000 s)

A text gives one or more numbers with their units, the largest unit first and each unit once; spaces are free. The value
is a `Fraction`: "0.1s" is one tenth of a second, not the binary number nearest to it, so that the bounds of a proof are
the bounds that were written. `format_duration` and `parse_duration` are inverse to each other on every duration that
can be written at all.
"""

from __future__ import annotations

import re
from fractions import Fraction

UNITS: dict[str, Fraction] = {"h": Fraction(3600), "min": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
"""The known units with their lengths in seconds, the largest first."""

LONGEST = 10_000 * UNITS["h"]
"""No duration is longer than this (in seconds): more than a year is a slip of the pen, not a stage of an update."""

_LONGEST_TEXT = 100  # characters; keeps every number far below Python's limit on digits
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"

PATTERN = "^ *(?=[0-9])" + "".join(f"(?:({_NUMBER}) *{unit} *)?" for unit in UNITS) + "$"
"""What `parse_duration` accepts, as a regular expression that Python and JSON Schema read alike."""

_DURATION = re.compile(PATTERN)
_PART = re.compile(rf"({_NUMBER}) *([^\W\d_]*) *")

# What people write instead of the unit that they mean. It is suggested, never taken: "m" might be milli- too.
_MEANT = {
    "m": "min", "mins": "min", "minute": "min", "minutes": "min", "Min": "min", "M": "min",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "S": "s",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "H": "h",
    "msec": "ms", "msecs": "ms", "millisecond": "ms", "milliseconds": "ms", "millis": "ms", "MS": "ms",
}  # fmt: skip


class DurationError(ValueError):
    """A text that is no duration. `what` is wrong with it, and what would be `right`; its str() joins the two."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"{what}; {right}")
        self.what = what
        self.right = right


def parse_duration(text: str) -> Fraction:
    """The seconds of a duration such as "30s", "15min", "500ms", "1.5s" or "1 min 30 s".

    Raises DurationError, in one sentence that says what would be right.
    """
    if len(text) > _LONGEST_TEXT:
        raise DurationError(f"a text of {len(text)} characters is no duration", 'write one like "30s" or "15min"')
    match = _DURATION.fullmatch(text)
    if match is None:
        raise _diagnosis(text)
    seconds = sum(
        (Fraction(number) * length for number, length in zip(match.groups(), UNITS.values(), strict=True) if number),
        Fraction(0),
    )
    if seconds > LONGEST:
        raise DurationError(f'"{text}" is too long', f"a duration is at most {format_duration(LONGEST)}")
    return seconds


def _diagnosis(text: str) -> DurationError:
    """Why `text`, which does not match the pattern, is no duration."""
    shown = ascii(text)[1:-1]  # no control character of a file reaches the terminal
    if not text.strip():
        return DurationError("the duration is empty", 'write one like "30s" or "15min"')
    positive = text.strip().removeprefix("-").strip()
    if text.strip().startswith("-"):
        example = positive if _DURATION.fullmatch(positive) else "30s"
        return DurationError(f'"{shown}" is negative', f'a duration is 0 or more, such as "{example}"')
    parts = _PART.findall(text)
    if text.replace(" ", "") != "".join(number + unit for number, unit in parts):
        units = ", ".join(UNITS)
        return DurationError(f'"{shown}" is not a duration', f'write numbers with units ({units}), such as "1min 30s"')
    for number, unit in parts:
        if not unit:
            return DurationError(
                f'"{shown}" has a number without a unit' if len(parts) > 1 else f'"{shown}" has no unit',
                f'write "{number}s" for seconds, or "{number}min" for minutes',
            )
        if unit not in UNITS:
            meant = _MEANT.get(unit, _MEANT.get(unit.lower()))
            right = f'write "{number}{meant}"' if meant else f"the units are {', '.join(UNITS)}"
            return DurationError(f'"{shown}" has the unknown unit "{ascii(unit)[1:-1]}"', right)
    return DurationError(f'the units of "{shown}" are out of order', "give each unit once, the largest first")


def format_duration(seconds: Fraction) -> str:
    """A duration in seconds as text: "30 s", "15 min", "1 min 30 s", "500 ms", "0 s".

    Nothing is rounded: a value without an exact decimal form is written as a fraction, "1/3 s". A negative value (a
    difference of two durations) begins with a minus sign.
    """
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if _decimal(seconds) is None:
        return f"{seconds} s"
    if 0 < seconds < 1:
        return f"{_decimal(seconds / UNITS['ms'])} ms"
    hours, rest = divmod(seconds, UNITS["h"])
    minutes, rest = divmod(rest, UNITS["min"])
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    parts += [f"{_decimal(rest)} s"] if rest or not parts else []
    return " ".join(parts)


def _decimal(value: Fraction) -> str | None:
    """The exact decimal form of a value of 0 or more, or None if it has none (one third)."""
    rest, digits = value.denominator, 0
    while rest % 10 == 0:
        rest, digits = rest // 10, digits + 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest, digits = rest // prime, digits + 1
    if rest != 1:
        return None
    whole, remainder = divmod(value.numerator * 10**digits // value.denominator, 10**digits)
    return f"{whole}.{remainder:0{digits}d}".rstrip("0") if remainder else str(whole)
