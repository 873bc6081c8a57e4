"""Durations: exact both ways, and one clear sentence for everything else."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udproof.protocol.durations import LONGEST, PATTERN, DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15min", 900),
        ("1h", 3600),
        ("500ms", Fraction(1, 2)),
        ("1.5s", Fraction(3, 2)),
        ("0.1s", Fraction(1, 10)),
        ("1min30s", 90),
        ("1 min 30 s", 90),
        ("1h1min1s1ms", Fraction(3_661_001, 1000)),
        ("1.5min 0.5s", Fraction(181, 2)),
        ("0s", 0),
        ("  7 s ", 7),
        ("007s", 7),
        ("10000h", 36_000_000),
    ],
)
def test_reads(text: str, seconds: Fraction) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("30", '"30" has no unit; write "30s" for seconds, or "30min" for minutes'),
        ("1min 30", '"1min 30" has a number without a unit; write "30s" for seconds, or "30min" for minutes'),
        ("-3s", '"-3s" is negative; a duration is 0 or more, such as "3s"'),
        ("-", '"-" is negative; a duration is 0 or more, such as "30s"'),
        ("", 'the duration is empty; write one like "30s" or "15min"'),
        ("   ", 'the duration is empty; write one like "30s" or "15min"'),
        ("5 parsec", '"5 parsec" has the unknown unit "parsec"; the units are h, min, s, ms'),
        ("5m", '"5m" has the unknown unit "m"; write "5min"'),
        ("5 Minutes", '"5 Minutes" has the unknown unit "Minutes"; write "5min"'),
        ("2hr", '"2hr" has the unknown unit "hr"; write "2h"'),
        ("30s1min", 'the units of "30s1min" are out of order; give each unit once, the largest first'),
        ("1s 1s", 'the units of "1s 1s" are out of order; give each unit once, the largest first'),
        ("soon", '"soon" is not a duration; write numbers with units (h, min, s, ms), such as "1min 30s"'),
        (".5s", '".5s" is not a duration; write numbers with units (h, min, s, ms), such as "1min 30s"'),
        ("1,5s", '"1,5s" is not a duration; write numbers with units (h, min, s, ms), such as "1min 30s"'),
        ("30s\n", '"30s\\n" is not a duration; write numbers with units (h, min, s, ms), such as "1min 30s"'),
        ("٣s", '"\\u0663s" is not a duration; write numbers with units (h, min, s, ms), such as "1min 30s"'),
        ("10000h 1ms", '"10000h 1ms" is too long; a duration is at most 10000 h'),
        ("1" * 101 + "s", 'a text of 102 characters is no duration; write one like "30s" or "15min"'),
    ],
)
def test_refuses_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(DurationError) as raised:
        parse_duration(text)
    assert str(raised.value) == sentence
    assert str(raised.value) == f"{raised.value.what}; {raised.value.right}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (30, "30 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (900, "15 min"),
        (3600, "1 h"),
        (3601, "1 h 1 s"),
        (5430, "1 h 30 min 30 s"),
        (Fraction(1, 2), "500 ms"),
        (Fraction(1, 2000), "0.5 ms"),
        (Fraction(3, 2), "1.5 s"),
        (Fraction(121, 2), "1 min 0.5 s"),
        (Fraction(1, 3), "1/3 s"),
        (Fraction(184, 3), "184/3 s"),
        (-90, "-1 min 30 s"),
    ],
)
def test_formats(seconds: int | Fraction, text: str) -> None:
    assert format_duration(Fraction(seconds)) == text


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 9))
def test_what_is_formatted_reads_back(digits: int, places: int) -> None:
    seconds = Fraction(digits, 10**places)
    if seconds <= LONGEST:
        assert parse_duration(format_duration(seconds)) == seconds


@settings(deadline=None)
@given(st.text(alphabet="0123456789.hmins -+e\n", max_size=12) | st.text(max_size=8))
def test_anything_is_a_duration_or_a_duration_error_as_the_pattern_says(text: str) -> None:
    matches = re.search(PATTERN, text) is not None and not text.endswith("\n")
    try:
        assert parse_duration(text) >= 0
    except DurationError as error:
        assert not matches or "too long" in str(error)
        assert str(error).isprintable()
    else:
        assert matches
