"""What a timing diagram tells: lanes, bars, numbered steps and remarks, as plain data.

The idea: whoever turns a trace into a picture decides what it says, and need not know how it is drawn; whoever draws it
(`timing`) need not know what a trace is. These few classes are all that the two share. Each checks itself when it is
made, so a `Chart` that exists can be drawn.

All times and durations are exact fractions: of seconds, or, in a chart whose `unit` is "step", of steps. The kinds of
bars are the table `STYLES`, and only that.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of bar looks: colour, height and hatch, so that no two kinds of one system differ by colour alone."""

    fill: str
    ink: str
    height: float  # part of the lane
    hatch: str = ""  # the path of one tile, 8 x 8 pixels
    stroke: str = "#ffffff"
    name: str = ""  # for the key, where the bars have no label of their own


RISING, _FALLING = "M-2 10 10 -2M-2 2 2 -2M6 10 10 6", "M-2 -2 10 10M6 -2 10 2M-2 6 2 10"
_UPRIGHT, _DOTS, _CROSSES = "M4 0V8", "M3 3h2", "M0 0 8 8M0 8 8 0"
STYLES = {
    "notified": Style("#f2c14e", "#3d3520", 0.36, name="notified"),
    "paused": Style("#2d6590", "#ffffff", 0.62, name="paused"),
    "running": Style("#82b49b", "#173527", 0.17, name="running"),
    "late": Style("#dceaf5", "#1d4566", 0.48, RISING, "#8fb6d4", "guest clock late"),
    "down": Style("#454a52", "#ffffff", 0.62, _UPRIGHT, "#646b75", "down"),
    "working": Style("#e4e7ec", "#333333", 0.48, name="working"),
    "ahead": Style("#f8e0c8", "#6b3410", 0.48, _FALLING, "#dba274", "guest clock ahead"),
    "torn": Style("#632452", "#ffffff", 0.62, _CROSSES, "#9c6189", "memory torn"),
    "aside0": Style("#f4f6f8", "#333333", 0.42),
    "aside1": Style("#c4cad3", "#333333", 0.42),
    "kind0": Style("#2d6590", "#ffffff", 0.62),
    "kind1": Style("#f2c14e", "#3d3520", 0.48),
    "kind2": Style("#bfdccd", "#1f4a37", 0.62, RISING, "#93c2ab"),
    "kind3": Style("#75528a", "#ffffff", 0.48),
    "kind4": Style("#d5e6f3", "#1d4566", 0.62, _FALLING, "#9cc0dc"),
    "kind5": Style("#454a52", "#ffffff", 0.48, _UPRIGHT, "#646b75"),
    "kind6": Style("#ecd3e3", "#5a2a4b", 0.62, _DOTS, "#b57fa2"),
    "kind7": Style("#6f6230", "#ffffff", 0.36),
}
OVERRUN = Style("#b3261e", "#ffffff", 0.62, RISING, "#f5c0bc")


def _demand(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase from `start` to `end` (seconds), and the `limit` (seconds from `start`) that it must stay below, if any.

    `label` names the phase, also in the key; `note` says more of this one ("25 s"), where there is room. A bar that is
    `open` is not over at its end: it goes on into the tail of the chart. `kind` names a style: notified, paused, running,
    late, ahead, down, torn, working, or kind0 to kind7 for any other system; aside0 and aside1 are grey, for who else
    takes part, and are not in the key, since only their labels say what they are.
    Raises ValueError for an unknown kind, `start` < 0, `end` < `start` or `limit` <= 0.
    """

    start: Fraction
    end: Fraction
    label: str
    kind: str
    limit: Fraction | None = None
    note: str = ""
    open: bool = False

    def __post_init__(self) -> None:
        what = f"The bar {self.label[:60]!r}"
        _demand(self.kind in STYLES, f"{what} has the unknown kind {self.kind!r}; known are {', '.join(STYLES)}.")
        _demand(self.start >= 0, f"{what} starts at {self.start} s; a bar starts at 0 s or later.")
        _demand(self.end >= self.start, f"{what} ends at {self.end} s, before its start at {self.start} s; "
                "a bar ends at its start or later.")  # fmt: skip
        _demand(self.limit is None or self.limit > 0, f"{what} has the limit {self.limit} s; "
                "a limit is a duration above 0 s, counted from the start of the bar.")  # fmt: skip

    @property
    def words(self) -> str:
        """All that is written about the bar."""
        return f"{self.label} {self.note}".strip(" ")

    @property
    def due(self) -> Fraction | None:
        """The instant (seconds) at which the limit falls."""
        return None if self.limit is None else self.start + self.limit

    @property
    def reached(self) -> bool:
        """Whether the bar lasts until its limit or beyond."""
        return self.due is not None and self.end >= self.due

    @property
    def overrun(self) -> bool:
        """Whether the bar lasts beyond its limit; one that reaches it and is still open does."""
        return self.due is not None and (self.end > self.due or (self.open and self.reached))


@dataclass(frozen=True, slots=True)
class Lane:
    """What one party did. Lanes of the same `group` stand together; an empty group has no name on the left."""

    name: str
    group: str
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered step at `time` (seconds); told with its time, unless its text is `dated`.

    Raises ValueError for a number outside 0 to 99999 or `time` < 0.
    """

    number: int
    time: Fraction
    text: str
    decisive: bool = False
    dated: bool = False

    def __post_init__(self) -> None:
        what = f"The step {self.text[:60]!r}"
        _demand(0 <= self.number < 100_000, f"{what} has the number {self.number}; it must be from 0 to 99999.")
        _demand(self.time >= 0, f"{what} is at {self.time} s; a step happens at 0 s or later.")


@dataclass(frozen=True, slots=True)
class Callout:
    """A red remark of one or more lines that points at the bar around `time` (seconds) in the lane with index `lane`."""

    lane: int
    time: Fraction
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the picture tells, from 0 to `end` seconds; or steps, if `unit` is "step" and not "s".

    `verdict` stands in the badge, `title` beside it, `sentence` (the cause) below; `folded` is a line about lanes left
    out. With a `tail` the picture goes on a little after `end`, where no time is measured, with the bars that are open:
    so a state is seen that begins with the last step. Raises ValueError if there is no lane, if something lies after `end`
    or in a lane that does not exist, if an open bar does not end at `end`, or for another unit.
    """

    verdict: str
    title: str
    sentence: str
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    callouts: tuple[Callout, ...]
    end: Fraction
    folded: str = ""
    time_label: str = "model time"
    unit: str = "s"
    tail: bool = False

    def __post_init__(self) -> None:
        _demand(self.end >= 0, f"The chart ends at {self.end} s; it must end at 0 s or later.")
        _demand(self.unit in ("s", "step"), f"The chart has the unit {self.unit!r}; known are 's' and 'step'.")
        _demand(bool(self.lanes), "The chart has no lane; it needs at least one, which may be empty.")
        within = f"it must lie within the chart, from 0 s to {self.end} s."
        for lane in self.lanes:
            for bar in lane.bars:
                _demand(bar.end <= self.end, f"The bar {bar.label[:60]!r} of {lane.name[:60]!r} ends at "
                        f"{bar.end} s; {within}")  # fmt: skip
                _demand(not bar.open or bar.end == self.end, f"The open bar {bar.label[:60]!r} of {lane.name[:60]!r} ends "
                        f"at {bar.end} s; what is still open goes up to the end, {self.end} s.")  # fmt: skip
        for mark in self.marks:
            _demand(mark.time <= self.end, f"The step {mark.text[:60]!r} is at {mark.time} s; {within}")
        for callout in self.callouts:
            _demand(0 <= callout.time <= self.end, f"A callout points at {callout.time} s; {within}")
            _demand(0 <= callout.lane < len(self.lanes), f"A callout points at lane {callout.lane}; "
                    f"the lanes are counted from 0 to {len(self.lanes) - 1}.")  # fmt: skip
