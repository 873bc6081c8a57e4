"""Runs in words: values, causes, decisive steps and the step table, on systems small enough to know by heart."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udproof.counterexamples.explain import cause, concerned, decisive, duration, fill, readings, step_table, told
from udproof.counterexamples.table import StepRow, StepTable, columns, markdown, plain, wrapped
from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.language import (
    ANYTHING,
    Bool,
    Clock,
    Duration,
    Enumeration,
    Index,
    Instance,
    Int,
    System,
    Variable,
    action,
    deadline,
    each,
    forall,
    implies,
    invariant,
    member,
    require,
)
from udproof.language.claims import TIME_CAN_PASS
from udproof.language.semantics import Firing, Semantics


class Lamp(Index):
    """A lamp, which gets hot while it is on."""


class Colour(Enumeration):
    """What it shines in."""

    white = member()
    red = member("deep red")


lit = Variable("lit", Lamp, to=Bool, init=False)
colour = Variable("colour", to=Colour, init=ANYTHING)
switched = Variable("switched", Lamp, to=Int.between(0, 9), init=0)
burning = Clock("burning", Lamp, during=lambda x: lit[x])
hot = Duration("hot", 30)


@action(by="x", says=lambda x: f"{x} goes on")
def switch_on(x: Lamp) -> None:
    require(~lit[x], "the lamp is off")
    lit[x] = True
    switched[x] = switched[x] + 1


@action(by="the guard", says=lambda x: f"{x} goes off after {burning[x]}")
def switch_off(x: Lamp) -> None:
    require(burning[x] >= 10, "it was on for 10 s")
    lit[x] = False


@action(by="the guard")
def all_on() -> None:
    for x in each(Lamp):
        lit[x] = True


@invariant(cause=lambda x: f"the lamp {x} has burnt for {burning[x]} (limit {hot}): {lit[x]}, {colour.value}, {switched[x]}")
def never_hot(x: Lamp) -> Bool:
    """No lamp burns as long as it takes to get hot."""
    return implies(lit[x], burning[x] < hot)


@invariant()
def few_lit(x: Lamp, y: Lamp) -> Bool:
    """Two lamps are never on together."""
    return implies(lit[x] & lit[y], forall(Lamp, lambda z: switched[z] <= 0)) | ~lit[x]


@invariant(cause=lambda x: f"{x} is on!")
def dark(x: Lamp) -> Bool:
    """It is dark."""
    return ~lit[x]


@invariant()
def red_light() -> Bool:
    """The light is red."""
    return colour.value == Colour.red


LAMPS = System(
    "lamps",
    actions=(switch_on, switch_off, all_on),
    properties=(never_hot, few_lit, dark, red_light),
    instance=Instance({"Lamp": ("left", "right")}),
)


def moves(system: System, *steps: object) -> tuple[Semantics, list[Move]]:
    """Names with arguments, or seconds to wait, as moves."""
    semantics = Semantics(system)
    found: list[Move] = []
    for step in steps:
        if isinstance(step, int):
            found.append(Wait(int(step / semantics.time.unit)))
            continue
        name, *names = str(step).split()
        found.append(next(f for f in semantics.firings if f.action.name == name and told_args(semantics, f) == names))
    return semantics, found


def told_args(semantics: Semantics, firing: Firing) -> list[str]:
    return [semantics.system.elements(node.sort)[at] for node, at in zip(firing.action.params, firing.args, strict=True)]


def go(*steps: object, system: System = LAMPS, start: int = 0) -> Trace:
    semantics, found = moves(system, *steps)
    return run(semantics, list(semantics.initial())[start], found)


# --- Values.


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (25, "25 s"), (60, "1 min"), (90, "1 min 30 s"), (900, "15 min"), (3600, "1 h"), (3601, "1 h 0 min 1 s"),
        (Fraction(1, 2), "0.5 s"), (Fraction(1, 3), "1/3 s"), (Fraction(181, 3), "1 min 1/3 s"),
    ],
)  # fmt: skip
def test_a_duration_reads_as_people_say_it_and_loses_nothing(seconds: int | Fraction, text: str) -> None:
    assert duration(Fraction(seconds)) == text


def test_a_clock_says_or_more_only_where_it_stopped_counting() -> None:
    # Compared with 10 s and 30 s: the tick is 10 s, and the clock counts to 30 s.
    trace = go("switch_on left", 50)
    assert trace.semantics.time.unit == 10
    said, env = never_hot.cause, {never_hot.params[0]: 0}
    assert said is not None
    early = go("switch_on left", 20).last
    assert fill(said, trace.semantics, early, env).startswith("the lamp left has burnt for 20 s (limit 30 s)")
    assert fill(said, trace.semantics, trace.last, env).startswith("the lamp left has burnt for 30 s or more (limit 30 s)")
    # The right lamp is off: its clock stands at zero, and zero is all there is to it.
    assert fill(said, trace.semantics, trace.last, {never_hot.params[0]: 1}).startswith("the lamp right has burnt for 0 s (")


def test_values_of_every_sort_read_as_words() -> None:
    trace = go("switch_on left", start=1)
    assert never_hot.cause is not None
    text = fill(never_hot.cause, trace.semantics, trace.last, {never_hot.params[0]: 0})
    assert text == "the lamp left has burnt for 0 s (limit 30 s): true, deep red, 1"  # a sentence has the words


def test_a_run_knows_the_true_readings_beyond_the_cap() -> None:
    trace = go("switch_on left", 50, "switch_on right", 10, "switch_off left", 10)
    place = trace.semantics.layout.position
    clocks = [place[burning.symbol, (lamp,)] for lamp in (0, 1)]
    found = [tuple(state[at] for at in clocks) for state in readings(trace)]
    assert found == [(0, 0), (0, 0), (5, 0), (5, 0), (6, 1), (0, 1), (0, 2)]
    assert trace.states[4][clocks[0]] == 3
    assert told(trace)[4] == "left goes off after 1 min"
    assert told(trace)[1] == "50 s pass"


# --- Causes and decisive steps.


def test_the_cause_is_the_propertys_own_sentence_with_true_times() -> None:
    assert cause(go("switch_on right", 50), never_hot) == "The lamp right has burnt for 50 s (limit 30 s): true, white, 1."
    assert cause(go("switch_on right"), dark) == "right is on!"


def test_without_a_sentence_the_formula_tells_the_cause() -> None:
    told = cause(go("switch_on left"), replace(dark, cause=None))
    assert told == '"It is dark" is false for x = left: lit[left].'
    assert cause(go(), red_light) == '"The light is red" is false: not (colour.value = Colour.red).'


def test_the_formula_names_the_elements_that_a_quantifier_hides_and_the_numbers_that_it_reads() -> None:
    @invariant()
    def never_used(x: Lamp) -> Bool:
        """Nobody switches a lamp on while another is on."""
        return implies(lit[x], forall(Lamp, lambda z: switched[z] <= 1))

    system = replace(LAMPS, properties=(never_used,))
    trace = go("switch_on right", 10, "switch_off right", "switch_on right", system=system)
    assert cause(trace, never_used) == (
        '"Nobody switches a lamp on while another is on" is false for x = right and z = right: '
        "lit[right], and yet not (switched[right] <= 1), where switched[right] is 2."
    )
    assert [place for _, place in concerned(trace, never_used)] == [1]


def test_a_property_that_holds_has_no_cause_and_no_decisive_step() -> None:
    with pytest.raises(ValueError, match="never-hot holds in the last state"):
        cause(go("switch_on left"), never_hot)
    with pytest.raises(ValueError, match="never-hot holds in every state"):
        decisive(go("switch_on left"), never_hot)


def test_the_decisive_step_is_the_first_after_which_the_property_is_false() -> None:
    trace = go("switch_on left", 30, "switch_on right", 10)
    assert (decisive(trace, never_hot), decisive(trace, dark), decisive(trace, red_light)) == (2, 1, 0)


def test_where_time_stops_the_cause_names_the_deadlines() -> None:
    stop = deadline("must-end", Lamp, during=lambda x: lit[x], limit=lambda x: burning[x] <= 5)
    system = replace(LAMPS, actions=(all_on, replace(switch_on, guards=switch_on.guards)), deadlines=(stop,))

    @action
    def only_once() -> None:
        require(~lit["left"] & ~lit["right"])
        for x in each(Lamp):
            lit[x] = True

    system = replace(system, actions=(only_once,), properties=(replace(dark, cause=None),))
    trace = go("only_once", 5, system=system)
    assert cause(trace, TIME_CAN_PASS) == (
        "Time cannot pass, since it has reached the deadlines must-end(left) and must-end(right), and no action can happen."
    )
    assert decisive(trace, TIME_CAN_PASS) == 2
    assert [place for _, place in concerned(trace, TIME_CAN_PASS)] == [0, 1]


# --- The step table.


def test_the_table_tells_who_what_and_only_what_changed() -> None:
    table = step_table(go("switch_on left", 30, "all_on"), LAMPS.properties[:1])
    assert table.rows == (
        StepRow(0, "0 s", "", "start", ("colour = white",), (True,)),
        StepRow(1, "0 s", "left", "left goes on", ("lit[left]: false → true", "switched[left]: 0 → 1"), (True,)),
        StepRow(2, "0 s", "time", "30 s pass, until 30 s", (), (False,)),
        StepRow(3, "30 s", "the guard", "all_on()", ("lit[right]: false → true",), (False,)),
    )
    assert (table.shown, table.others, table.timed) == ((never_hot,), 0, True)


def test_equal_changes_stand_together_and_very_many_are_counted() -> None:
    both = step_table(go("all_on"), ()).rows[1].changes
    assert both == ("lit[left, right]: false → true",)
    crowd = replace(LAMPS, instance=Instance({"Lamp": tuple(f"lamp{n}" for n in range(30))}))
    (line,) = step_table(go("all_on", system=crowd), ()).rows[1].changes
    assert line == "lit[lamp0, lamp1, lamp2, lamp3, lamp4, lamp5, … 24 more]: false → true"


def test_the_text_is_aligned_and_says_what_was_left_out() -> None:
    text = step_table(go("switch_on left", 30, "all_on", start=1), LAMPS.properties).as_text(100)
    assert (
        text
        == """\
#  time  who        action                 what changed              P1     P2     P3
0   0 s             start                  colour = red              holds  holds  holds
1   0 s  left       left goes on           lit[left]: false → true   holds  FALSE  FALSE
                                           switched[left]: 0 → 1
2   0 s  time       30 s pass, until 30 s                            FALSE  FALSE  FALSE
3  30 s  the guard  all_on()               lit[right]: false → true  FALSE  FALSE  FALSE

P1 is never-hot: No lamp burns as long as it takes to get hot.

P2 is few-lit: Two lamps are never on together.

P3 is dark: It is dark.

The other property holds in every state of this run.
"""
    )


def test_a_column_for_time_only_where_time_can_pass() -> None:
    timeless = replace(LAMPS, actions=(all_on,), properties=(dark,))
    text = step_table(go("all_on", system=timeless), (dark,)).as_text()
    assert (
        text
        == """\
#  who        action    what changed                    dark
0             start                                     holds
1  the guard  all_on()  lit[left, right]: false → true  FALSE
"""
    )


def test_a_run_that_breaks_nothing_says_so() -> None:
    assert step_table(go("switch_on left"), (never_hot,)).as_text().endswith("\nThe property holds in every state of this run.\n")
    several = step_table(go(start=1), LAMPS.properties)
    assert several.as_text().endswith("\nThe 4 properties hold in every state of this run.\n")


def test_colour_is_added_to_the_same_text() -> None:
    table = step_table(go("switch_on left", 30), LAMPS.properties)
    bright = table.as_text(90, color=True)
    assert "\x1b[1;31mFALSE\x1b[0m" in bright
    assert re.sub(r"\x1b\[[0-9;]*m", "", bright) == table.as_text(90)


def test_markdown_has_a_row_for_each_step_and_shows_what_is_false_in_bold() -> None:
    lines = step_table(go("all_on"), (dark, never_hot)).as_markdown().splitlines()
    assert lines == [
        "| # | time | who | action | what changed | dark |",
        "| --: | --: | :-- | :-- | :-- | :-- |",
        "| 0 | 0 s |  | start | colour = white | holds |",
        r"| 1 | 0 s | the guard | all_on() | lit\[left, right\]: false → true | **FALSE** |",
        "",
        "The other property holds in every state of this run.",
    ]


# --- Text from anybody.

anything = st.text(st.characters(), max_size=80)
odd = st.sampled_from(["\x1b[31m", "\u202e", "a|b`<i>", "\ud800", "名" * 300])
nasty = st.one_of(anything, anything.map(lambda text: text * 200), odd)


@given(nasty)
def test_plain_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    assert columns(shown) <= 600
    shown.encode()


@given(nasty)
def test_markdown_has_no_bare_markup(text: str) -> None:
    shown = markdown(plain(text))
    assert not re.search(r"(?<!\\)[`*\[\]~$]", re.sub(r"\\\\", "", shown))
    assert not set("|<>@") & set(shown)


@given(nasty, st.integers(2, 50))
def test_wrapped_lines_fit_and_lose_no_character(text: str, room: int) -> None:
    shown = plain(text)
    lines = wrapped(shown, room)
    assert all(columns(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


@given(st.lists(st.tuples(nasty, nasty, st.lists(nasty, max_size=3)), min_size=1, max_size=4), st.integers(1, 200), st.booleans())
def test_no_line_of_a_table_is_too_long_whatever_stands_in_it(
    rows: list[tuple[str, str, list[str]]], width: int, timed: bool
) -> None:
    truths = (True, False)
    found = tuple(StepRow(n, "15 min 20 s", who, text, tuple(changes), truths) for n, (who, text, changes) in enumerate(rows))
    table = StepTable(found, (dark, never_hot), 3, timed)
    text = table.as_text(width)
    assert max(columns(line) for line in text.splitlines()) <= max(width, 72)
    assert text.count("FALSE") >= len(rows)
    # Between its header and the blank line before the note, Markdown has a line for each step and as many bars in each.
    lines = table.as_markdown().split("\n\n")[0].splitlines()
    assert len(lines) == len(rows) + 2
    assert len({line.count("|") for line in lines}) == 1
