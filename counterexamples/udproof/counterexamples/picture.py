"""From a run to its timing diagram: which lanes, which bars, which steps, and what to point at.

The idea: the model says how it wants to be drawn (`System.picture`, see `udproof.language.drawing`): a lane for each element, and
rules that turn its state into bars. A system that says nothing gets a lane for each of its enumerations and truths. What comes
out is a `Chart`, plain data; `timing` draws it.

Three questions have an answer here:

- *Is it time that breaks the property, or an action?* If the decisive step is a wait, the axis is time. If it is an action, then
  the order tells the story, and what happens at one instant must still be seen to happen in an order: the axis counts steps,
  waits among them. So it does for systems without clocks.
- *What of the end?* A violated property is often false at the last instant only. So the picture goes on a little after it, with
  the bars that stand at the end: they are open, and the chart has a tail.
- *Who else takes part?* The model names one kind of lanes. Elements of other kinds whose phase changes in the run (hosts, events,
  the steps of the controller's walk) have grey lanes below, those first that have to do with the violation.
- *Who is left out?* Lanes in which nothing ever happens are counted in a line when there are many, and so are lanes beyond
  `_MOST`; never one that the violation is about. Of many lanes, those of a group that show the same stand together as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, takewhile
from typing import TypeAlias

from udproof.counterexamples.axis import span
from udproof.counterexamples.chart import Bar, Callout, Chart, Lane, Mark
from udproof.counterexamples.explain import actor, arguments, cause, concerned, decisive, duration, place_name, told, word
from udproof.counterexamples.timing import draw, render
from udproof.counterexamples.trace import Trace, Wait
from udproof.language import Lanes, Property
from udproof.language import expressions as ex
from udproof.language.evaluation import evaluate
from udproof.language.instance import seconds_of
from udproof.language.semantics import Slot

_BY_STEPS = 60  # of more steps, an axis that counts them is too crowded
_FULL = 24  # up to so many steps, all have a mark, also waits on an axis of time
_FEW, _MOST = 4, 40  # up to few lanes, idle ones stay; more than most are never drawn
_MANY = 8  # of more lanes, those that show the same stand together
_ASIDE = 6  # so many grey lanes at most
_WHOLE, _SHORT = 72, 40  # letters: so long a cause stands whole in the callout, after so many it may be cut
_KINDS = 8  # generic kinds of bars: kind0 to kind7
_POINTED = 3  # so many lanes have a callout at most
_Element: TypeAlias = tuple[ex.IndexSort, int]


@dataclass(frozen=True, slots=True)
class _Look:
    """How one state shows in one lane; None where it shows nothing."""

    label: str
    kind: str
    limit: Fraction | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A lane before it is drawn: its look in each state of the run, whose it is, and who else has to do with it."""

    name: str
    group: str
    looks: tuple[_Look | None, ...]
    idle: bool
    full: str  # its name where no group stands beside it
    own: frozenset[_Element]
    related: frozenset[_Element]


@dataclass(frozen=True, slots=True)
class Timing:
    """A timing diagram, and where the steps are on it: `spans` has for each, the start among them, its left and right end."""

    svg: str
    spans: tuple[tuple[float, float], ...]
    top: float
    bottom: float


def timing_svg(trace: Trace, prop: Property | None) -> str:
    """The run as an SVG text. With a property, as its violation; without, as a run. ValueError if the property holds at the end."""
    return render(chart(trace, prop))


def timing(trace: Trace, prop: Property | None) -> Timing:
    """The run as `timing_svg` draws it, with the places of its steps. A wait has a length on an axis of time; nothing else has."""
    made = chart(trace, prop)
    drawn, times = draw(made), _times(trace, made.unit == "step")
    ends = [drawn.axis.x(time) for time in times]
    waits = (made.unit == "s" and isinstance(step.move, Wait) for step in trace.steps)
    spans = [(ends[place] if wait else ends[place + 1], ends[place + 1]) for place, wait in enumerate(waits)]
    return Timing(drawn.svg, ((ends[0], ends[0]), *spans), drawn.top, drawn.bottom)


def chart(trace: Trace, prop: Property | None) -> Chart:
    """What the timing diagram of the run tells. ValueError if there is a property and it holds at the end."""
    number = decisive(trace, prop) if prop else None
    by_steps = _by_steps(trace, number)
    times = _times(trace, by_steps)
    everything = _rows(trace, prop)
    pointed = _pointed(everything, concerned(trace, prop)) if prop else []
    rows, folded = _kept(everything, pointed)
    rows += _asides(trace, pointed or rows)
    lanes = tuple(Lane(row.name, row.group, tuple(_bars(row, times, by_steps))) for row in rows)
    return Chart(
        verdict="VIOLATED" if prop else "RUN",
        title=_title(trace, prop, number),
        sentence=cause(trace, prop) if prop else f"{trace.system.name}: {len(trace.steps)} steps.",
        lanes=lanes,
        marks=tuple(_marks(trace, times, number, by_steps)),
        callouts=(_callout(trace, prop, rows, pointed, times[-1]),) if prop and pointed else (),
        end=times[-1],
        folded=folded,
        time_label=_axis_label(trace, by_steps),
        unit="step" if by_steps else "s",
        tail=True,
    )


def _by_steps(trace: Trace, number: int | None) -> bool:
    """Does the axis count steps? `number` is the decisive one."""
    if not trace.steps or trace.steps[-1].time == 0:
        return True
    return number is not None and len(trace.steps) <= _BY_STEPS and not isinstance(trace.steps[max(number, 1) - 1].move, Wait)


def _times(trace: Trace, by_steps: bool) -> list[Fraction]:
    """When each state begins: in seconds, or in steps."""
    if by_steps:
        return [Fraction(number) for number in range(len(trace.states))]
    return [Fraction(0), *(trace.seconds(step.time) for step in trace.steps)]


def _title(trace: Trace, prop: Property | None, number: int | None) -> str:
    if prop is None:
        return trace.system.name
    when = f", at {duration(trace.seconds(trace.steps[number - 1].time))}" if number and trace.system.clocks else ""
    return f"{prop.name} · false {f'after step {number}' if number else 'at the start'}{when} · {trace.system.name}"


def _axis_label(trace: Trace, by_steps: bool) -> str:
    if not by_steps:
        return "model time"
    return "step (no time passes)" if trace.system.clocks and not any(step.time for step in trace.steps) else "step"


# --- Rows: what each lane shows in each state.


def _rows(trace: Trace, prop: Property | None) -> list[_Row]:
    picture = trace.system.picture
    return list(_drawn_by_values(trace, prop) if picture is None else _drawn_by_rules(trace, picture))


def _pointed(rows: Sequence[_Row], about: Sequence[_Element]) -> list[_Row]:
    """The rows that the violation is about: those of its elements, else those that have to do with them."""
    direct = [row for element in about for row in rows if element in row.own]
    found = direct or [row for element in about for row in rows if element in row.related]
    return list(dict.fromkeys(found))[:_POINTED]


def _kept(everything: Sequence[_Row], pointed: Sequence[_Row]) -> tuple[list[_Row], str]:
    """The rows to draw, and a line about the others."""
    if len(everything) <= _FEW:
        return list(everything), ""
    rows = _gathered(everything, pointed)
    ranked = [*pointed, *(row for row in rows if not row.idle and row not in pointed)] or rows[:_FEW]
    shown = set(ranked[:_MOST])
    idle, left = ([row for row in rows if row not in shown and row.idle is still] for still in (True, False))
    lines = [_folded(idle, "take no part", "takes no part"), _folded(left, "are not shown", "is not shown")]
    return [row for row in rows if row in shown], "; ".join(line for line in lines if line)


def _gathered(rows: Sequence[_Row], pointed: Sequence[_Row]) -> list[_Row]:
    """The rows, where of many those that show the same in one group are one. Who is pointed at, or idle, stays alone."""
    busy = [row for row in rows if not row.idle and row not in pointed]
    if len(busy) <= _MANY:
        return list(rows)
    alike: dict[tuple[str, tuple[_Look | None, ...]], list[_Row]] = {}
    for row in busy:
        alike.setdefault((row.group, row.looks), []).append(row)
    first = {row: same for same in alike.values() for row in same[:1]}
    kept = (row for row in rows if row in first or row not in busy)
    return [_together(first[row]) if len(first.get(row, ())) > 1 else row for row in kept]


def _together(rows: Sequence[_Row]) -> _Row:
    """One row for several that show the same."""
    name = f"{rows[0].name} and {len(rows) - 1} alike"
    own, related = (frozenset().union(*parts) for parts in ([row.own for row in rows], [row.related for row in rows]))
    return replace(rows[0], name=name, full=f"{rows[0].full} and {len(rows) - 1} alike", own=own, related=related)


def _asides(trace: Trace, near: Sequence[_Row]) -> list[_Row]:
    """Grey rows for elements of other kinds whose phase changes in the run, by kind. Only where the model says how to draw it.

    A phase is the enumeration over one kind of elements that changes most often; what it is at the start is not drawn.
    """
    picture, semantics = trace.system.picture, trace.semantics
    if picture is None:
        return []
    changes: dict[ex.IndexSort, dict[ex.VariableSymbol, int]] = {}
    places: dict[tuple[ex.VariableSymbol, int], list[int]] = {}
    for at, slot in enumerate(semantics.layout.slots):
        symbol = slot.symbol
        if isinstance(symbol, ex.VariableSymbol) and isinstance(symbol.sort, ex.EnumSort) and len(slot.args) == 1:
            values = [state[at] for state in trace.states]
            if symbol.domain[0] != picture.lane.sort and (often := sum(a != b for a, b in pairwise(values))):
                counts = changes.setdefault(symbol.domain[0], {})
                counts[symbol] = counts.get(symbol, 0) + often
                places[symbol, slot.args[0]] = values
    phases = {max(counts, key=lambda symbol: counts[symbol]) for counts in changes.values()}
    about = frozenset[_Element]().union(*(row.related for row in near))
    rows = [_aside(trace, symbol, at, values) for (symbol, at), values in places.items() if symbol in phases]
    ranked = sorted(rows, key=lambda row: not row.own & about)[:_ASIDE]
    return [row for row in rows if row in ranked]


def _aside(trace: Trace, symbol: ex.VariableSymbol, at: int, values: Sequence[int]) -> _Row:
    sort, phase = symbol.domain[0], symbol.sort
    assert isinstance(phase, ex.EnumSort)
    looks = tuple(None if value == values[0] else _Look(phase.words[value], f"aside{value % 2}") for value in values)
    name, own = trace.system.elements(sort)[at], frozenset({(sort, at)})
    return _Row(name, sort.name, looks, False, name, own, own)


def _folded(rows: Sequence[_Row], many: str, one: str) -> str:
    names = [row.full for row in rows]
    if len(names) < 2:
        return f"{names[0]} {one}" if names else ""
    listed = ", ".join(names) if len(names) <= _FEW + 1 else f"{', '.join(names[:_FEW])}, … {names[-1]}"
    return f"{len(names)} more {many}: {listed}"


def _drawn_by_rules(trace: Trace, picture: Lanes) -> Iterator[_Row]:
    semantics, system = trace.semantics, trace.system
    worlds = [semantics.world(state) for state in trace.states]
    limits = [None if rule.limit is None else seconds_of(rule.limit, system.instance) for rule in picture.bars]
    looks = [_Look(rule.label, rule.kind, limit or None) for rule, limit in zip(picture.bars, limits, strict=True)]
    sort = picture.lane.sort
    for place, name in enumerate(system.elements(sort)):
        env = {picture.lane: place}
        chosen = [
            next((look for rule, look in zip(picture.bars, looks, strict=True) if evaluate(rule.condition, env, world)), None)
            for world in worlds
        ]
        group = "" if picture.group is None else word(semantics, picture.group.sort, evaluate(picture.group, env, worlds[0]))
        yield _Row(name, group, tuple(chosen), not any(chosen), name, frozenset({(sort, place)}), _related(trace, (sort, place)))


def _related(trace: Trace, element: _Element) -> frozenset[_Element]:
    """An element and all that the constants make of it: a VM is on a host, which is of a step."""
    found, fresh = set[_Element](), {element}
    while fresh:
        found |= fresh
        fresh = {
            (symbol.sort, trace.system.instance.constants[symbol.name][at,])
            for symbol in trace.system.constants
            for source, at in fresh
            if symbol.domain == (source,) and isinstance(symbol.sort, ex.IndexSort)
        } - found
    return frozenset(found)


def _drawn_by_values(trace: Trace, prop: Property | None) -> Iterator[_Row]:
    """A row for each place of an enumeration or truth, gathered by element; of any variable, if there is none of those."""
    semantics = trace.semantics
    slots = [(at, slot) for at, slot in enumerate(semantics.layout.slots) if isinstance(slot.symbol, ex.VariableSymbol)]
    told = [pair for pair in slots if isinstance(_sort(pair[1]), ex.EnumSort | ex.BoolSort)] or slots
    order = {args: rank for rank, args in enumerate(dict.fromkeys(slot.args for _, slot in told))}
    read = set(_read(prop.body)) if prop else set()
    for at, slot in sorted(told, key=lambda pair: (order[pair[1].args], pair[0])):
        values = [state[at] for state in trace.states]
        looks = tuple(_value_look(word(semantics, _sort(slot), value), _sort(slot), value) for value in values)
        own = frozenset(zip(slot.symbol.domain, slot.args, strict=True)) if slot.symbol in read else frozenset[_Element]()
        idle, full, group = len(set(values)) == 1, place_name(semantics, slot), ", ".join(arguments(semantics, slot))
        yield _Row(slot.symbol.name, group, looks, idle, full, own, own)


def _read(node: ex.Expr) -> Iterator[object]:
    """The symbols that a formula reads, also through definitions."""
    for part in ex.walk(node):
        if isinstance(part, ex.Read):
            yield part.symbol
            yield from _read(part.symbol.body) if isinstance(part.symbol, ex.DefinitionSymbol) else ()


def _sort(slot: Slot) -> ex.Sort:
    assert isinstance(slot.symbol, ex.VariableSymbol)
    return slot.symbol.sort


def _value_look(label: str, sort: ex.Sort, value: int) -> _Look | None:
    if isinstance(sort, ex.BoolSort):
        return _Look(label, "kind1") if value else None
    return _Look(label, f"kind{value % _KINDS}")


# --- Bars, marks and callouts.


def _bars(row: _Row, times: Sequence[Fraction], by_steps: bool) -> Iterator[Bar]:
    """A bar for each maximal stretch of one look, the last one open. One with a limit says how long it is, if the axis is time."""
    begun = 0
    for at, look in enumerate(row.looks):
        still = at + 1 == len(row.looks)
        if not still and row.looks[at + 1] == look:
            continue
        start, end = times[begun], times[-1 if still else at + 1]
        begun = at + 1
        if look is None or (start == end and not still):
            continue
        limit = None if by_steps else look.limit
        note = f"{span(end - start)}{' so far' if still else ''}" if limit and start < end else ""
        yield Bar(start, end, look.label, look.kind, limit, note, still)


def _marks(trace: Trace, times: Sequence[Fraction], number: int | None, by_steps: bool) -> Iterator[Mark]:
    """A mark for each action, told with who acts. In a long run on an axis of time, a wait has one only if it is decisive."""
    if number == 0:
        yield Mark(0, Fraction(0), "the start", True)
    for place, (step, text) in enumerate(zip(trace.steps, told(trace), strict=True), 1):
        if isinstance(step.move, Wait):
            if by_steps or place == number or len(trace.steps) <= _FULL:
                until = f"{text} (to {duration(trace.seconds(step.time))})"
                yield Mark(place, times[place], until, place == number, dated=True)
            continue
        who = actor(trace.semantics, step.move)
        text = text if who in text else f"{who}: {text}"
        when = f" (at {duration(trace.seconds(step.time))})" if by_steps and trace.steps[-1].time else ""
        yield Mark(place, times[place], text + when, place == number)


def _callout(trace: Trace, prop: Property, rows: Sequence[_Row], pointed: Sequence[_Row], at: Fraction) -> Callout:
    """The cause in short, at the one lane of those concerned that changed last: there the decisive step is seen."""
    row = min(pointed, key=lambda row: len(list(takewhile(lambda look: look == row.looks[-1], reversed(row.looks)))))
    return Callout(rows.index(row), at, (_short(cause(trace, prop)),))


def _short(sentence: str) -> str:
    """The beginning of a long sentence, up to where it goes into details."""
    if len(sentence) <= _WHOLE:
        return sentence.rstrip(".")
    cuts = [at for sign in (": ", " (", "; ") if (at := sentence.find(sign, _SHORT)) > 0]
    return sentence[: min(cuts, default=len(sentence))].rstrip(".")
