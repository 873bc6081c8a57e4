"""A run in words: what each step did, what it changed, and why a property is false at its end.

The words come from the model itself: an action says what it does (`Action.says`), a property what went wrong
(`Property.cause`), as sentences with expressions in them. Here the expressions get their values. What the model does not say is
told from its formulas, so that every violation has a sentence and every step has a row.

Clocks deserve care. A state keeps a reading only as far as some comparison can tell it from a larger one, and no further
(`TickTime.caps`). A sentence about one state therefore says "30 s or more" where a clock stands at its cap; a sentence about a
run says the true time, since the run knows how long it waited (`readings`).

All texts hold names as the model gives them: whoever shows them escapes them for the place (`table.plain`, `svg.clean`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from udproof.counterexamples.table import StepRow, StepTable
from udproof.counterexamples.trace import Trace, Wait, describe
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.evaluation import Env, Structure, evaluate
from udproof.language.printing import show, show_seconds
from udproof.language.semantics import Firing, Semantics, Slot, State
from udproof.language.sentences import Sentence

_LISTED = 8  # so many elements of one change are named; of more, the first few are, and the rest is counted


def duration(seconds: Fraction) -> str:
    """A time in seconds as people say it, and exactly: "25 s", "15 min", "1 h 0 min 2.5 s", "1/3 s"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} h"] if hours else []
    words += [f"{minutes} min"] if minutes or (hours and rest) else []
    return " ".join([*words, show_seconds(rest)] if rest or not words else words)


# --- Values in words.


@dataclass(frozen=True, slots=True)
class _Moment:
    """A state to read values from. Where it is `exact`, its clocks never stopped counting."""

    semantics: Semantics
    state: State
    exact: bool

    def word(self, node: ex.Expr, env: Env) -> str:
        """The value of an expression as a sentence says it."""
        value, unit = evaluate(node, env, self.semantics.world(self.state)), self.semantics.time.unit
        match node:
            case ex.ClockValue(clock=clock, args=args):
                more = not self.exact and value >= self.semantics.time.caps[clock] and self._runs(clock, args, env)
                return duration(value * unit) + (" or more" if more else "")
            case ex.DurationValue():
                return duration(value * unit)
        if isinstance(node.sort, ex.EnumSort):
            return node.sort.words[value]
        return word(self.semantics, node.sort, value)

    def _runs(self, clock: ex.ClockSymbol, args: tuple[ex.Expr, ...], env: Env) -> bool:
        world = self.semantics.world(self.state)
        at = {node: evaluate(arg, env, world) for node, arg in zip(clock.params, args, strict=True)}
        return bool(evaluate(clock.during, at, world))

    def fill(self, said: Sentence, env: Env) -> str:
        """The sentence with the values of its expressions."""
        filled = (text + self.word(part, env) for text, part in zip(said.texts, said.parts, strict=False))
        return "".join(filled) + said.texts[-1]


def word(semantics: Semantics, sort: ex.Sort, value: int) -> str:
    """A value of a sort in words: the name of an element or a member, true or false, or the number itself."""
    match sort:
        case ex.BoolSort():
            return "true" if value else "false"
        case ex.EnumSort(members=members):
            return members[value]
        case ex.IndexSort():
            return semantics.system.elements(sort)[value]
        case ex.IntSort():
            return str(value)


def fill(said: Sentence, semantics: Semantics, state: State, env: Env) -> str:
    """The sentence with each expression's value in this state, where its parameters have the positions given by `env`.

    Clocks and timing constants are given as times. Of a running clock at its cap the state knows no more than the least
    that it has counted; it is said to be that "or more".
    """
    return _Moment(semantics, state, exact=False).fill(said, env)


def readings(trace: Trace) -> tuple[State, ...]:
    """The states of the run, the initial one first, with the true reading of every clock, in ticks, beyond its cap too.

    Guards and updates were decided when the run was made; no comparison tells these readings from the saturated ones.
    """
    semantics, now = trace.semantics, trace.start
    found = [now]
    for step in trace.steps:
        if isinstance(step.move, Wait):
            world, later = semantics.world(now), list(now)
            for place, slot in enumerate(semantics.layout.slots):
                if isinstance(slot.symbol, ex.ClockSymbol) and evaluate(slot.symbol.during, _at(slot, slot.symbol), world):
                    later[place] += step.move.ticks
            now = tuple(later)
        else:
            now = semantics.fire(now, step.move)
        found.append(now)
    return tuple(found)


def _at(slot: Slot, symbol: ex.ClockSymbol) -> Env:
    return dict(zip(symbol.params, slot.args, strict=True))


# --- Why a property is false.


def decisive(trace: Trace, prop: Property) -> int:
    """The number of the first step after which the property is false; 0 if it is false at the start.

    ValueError if the property holds in every state of the run.
    """
    for number, state in enumerate(trace.states):
        if trace.semantics.breaking(prop, state) is not None:
            return number
    raise ValueError(f"property {prop.name} holds in every state of this run, so no step decides it.")


def cause(trace: Trace, prop: Property) -> str:
    """One full sentence: why the property is false in the last state. ValueError if it holds there."""
    semantics = trace.semantics
    env = semantics.breaking(prop, trace.last)
    if env is None:
        raise ValueError(f"property {prop.name} holds in the last state of this run, so there is no cause to tell.")
    if prop.watches_time:
        return _stopped(semantics, trace.last)
    if prop.cause is None:
        return _by_formula(semantics, trace.last, prop, env)
    text = _Moment(semantics, readings(trace)[-1], exact=True).fill(prop.cause, env)
    # The sentence may begin with a name, and names keep their letters.
    text = text[0].upper() + text[1:] if prop.cause.texts[0] else text
    return text if text.endswith((".", "!", "?")) else text + "."


def concerned(trace: Trace, prop: Property) -> tuple[tuple[ex.IndexSort, int], ...]:
    """The elements that the cause is about, as sort and position, each once: those that break the property in the last state.

    Where time has stopped they are those of the deadlines that hold it.
    """
    semantics = trace.semantics
    env = semantics.breaking(prop, trace.last)
    if env is None:
        return ()
    if prop.watches_time:
        found = [pair for _, held in semantics.blocked_by(trace.last) for pair in held.items()]
    else:
        found = list(false_part(prop.body, env, semantics.world(trace.last))[1].items())
    return tuple(dict.fromkeys((node.sort, place) for node, place in found))


def _stopped(semantics: Semantics, state: State) -> str:
    held = [_applied(deadline.name, _names(semantics, env).values()) for deadline, env in semantics.blocked_by(state)]
    kind = "the deadline" if len(held) == 1 else "the deadlines"
    return f"Time cannot pass, since it has reached {kind} {_and(held)}, and no action can happen."


def _by_formula(semantics: Semantics, state: State, prop: Property, env: Env) -> str:
    world = semantics.world(state)
    node, env = false_part(prop.body, env, world)
    names = _names(semantics, env)
    match node:
        case ex.Or(parts=(ex.Not(body=premise), conclusion)):
            conclusion, env = false_part(conclusion, env, world)
            names = _names(semantics, env)
            fact = f"{show(premise, names)}, and yet {_denied(conclusion, names)}"
        case _:
            fact = _denied(node, names)
    where = [f"{name.name} = {element}" for name, element in names.items()]
    for_these = f" for {_and(where)}" if where else ""
    numbers = [f"{show(read, names)} is {word(semantics, read.sort, evaluate(read, env, world))}" for read in _numbers(node, env)]
    known = f", where {_and(numbers)}" if numbers else ""
    return f'"{prop.statement.rstrip(".")}" is false{for_these}: {fact}{known}.'


def false_part(node: ex.Expr, env: Env, world: Structure) -> tuple[ex.Expr, Env]:
    """The first part of a false formula that is false by itself, with the elements chosen on the way."""
    match node:
        case ex.And(parts=parts):
            return false_part(next(part for part in parts if not evaluate(part, env, world)), env, world)
        case ex.ForAll(param=param, body=body):
            choices = ({**env, param: place} for place in range(world.size(param.sort)))
            return false_part(body, next(choice for choice in choices if not evaluate(body, choice, world)), world)
        case _:
            return node, env


def _denied(node: ex.Expr, names: dict[ex.Param, str]) -> str:
    return show(node.body, names) if isinstance(node, ex.Not) else f"not ({show(node, names)})"


def _numbers(node: ex.Expr, env: Env) -> Iterator[ex.Read]:
    """The numbers and individuals that a formula reads: unlike truths and members, the formula does not show them."""
    seen: set[ex.Read] = set()
    for part in ex.walk(node):
        if isinstance(part, ex.Read) and isinstance(part.symbol, ex.VariableSymbol) and part not in seen:
            seen.add(part)
            if isinstance(part.sort, ex.IntSort | ex.IndexSort) and ex.free_params(part) <= set(env):
                yield part


# --- The step table.


def actor(semantics: Semantics, firing: Firing) -> str:
    """Who acts: the word of the action, or the element of the parameter that it names."""
    for node, place in zip(firing.action.params, firing.args, strict=True):
        if node.name == firing.action.by:
            return semantics.system.elements(node.sort)[place]
    return firing.action.by


def told(trace: Trace) -> tuple[str, ...]:
    """Each step in words: what the action says of itself, else its name and arguments; a wait says how long it is."""
    semantics, found = trace.semantics, []
    for state, step in zip(readings(trace), trace.steps, strict=False):
        if isinstance(step.move, Wait):
            found.append(_passing(trace.seconds(step.move.ticks)))
        elif step.move.action.says is None:
            found.append(describe(semantics, step.move))
        else:
            found.append(_Moment(semantics, state, exact=True).fill(step.move.action.says, semantics.env(step.move)))
    return tuple(found)


def step_table(trace: Trace, properties: Iterable[Property]) -> StepTable:
    """The run row by row. A property has a column if it is ever false; the others are counted.

    Of each step the table tells the changes of variables. Clocks have no column of their own: a wait says how long it is,
    and readings that matter stand in the cause.
    """
    asked = tuple(properties)
    truths = [[trace.semantics.breaking(prop, state) is None for prop in asked] for state in trace.states]
    false = [place for place in range(len(asked)) if not all(row[place] for row in truths)]
    holds = [tuple(row[place] for place in false) for row in truths]
    rows = [StepRow(0, duration(Fraction(0)), "", "start", tuple(_chosen(trace)), holds[0])]
    begun, texts = 0, told(trace)
    for number, step in enumerate(trace.steps, 1):
        who, text = "time", f"{texts[number - 1]}, until {duration(trace.seconds(step.time))}"
        if not isinstance(step.move, Wait):
            who, text = actor(trace.semantics, step.move), texts[number - 1]
        changed = tuple(changes(trace.semantics, trace.states[number - 1], step.state))
        rows.append(StepRow(number, duration(trace.seconds(begun)), who, text, changed, holds[number]))
        begun = step.time
    return StepTable(tuple(rows), tuple(asked[place] for place in false), len(asked) - len(false), bool(trace.system.clocks))


def _chosen(trace: Trace) -> Iterator[str]:
    """The values at the start that the model leaves open; all others can be read in the model."""
    semantics = trace.semantics
    for slot, value in zip(semantics.layout.slots, trace.start, strict=True):
        symbol = slot.symbol
        if isinstance(symbol, ex.VariableSymbol) and symbol.initial is None:
            yield f"{place_name(semantics, slot)} = {word(semantics, symbol.sort, value)}"


def changes(semantics: Semantics, before: State, after: State) -> Iterator[str]:
    """What a step changed; equal changes of one variable stand together."""
    groups: dict[tuple[ex.VariableSymbol, int, int], list[str]] = {}
    for slot, old, new in zip(semantics.layout.slots, before, after, strict=True):
        if old != new and isinstance(slot.symbol, ex.VariableSymbol):
            groups.setdefault((slot.symbol, old, new), []).append(_where(semantics, slot))
    for (symbol, old, new), places in groups.items():
        listed = places if len(places) <= _LISTED else [*places[: _LISTED - 2], f"… {len(places) - _LISTED + 2} more"]
        where = f"[{', '.join(listed)}]" if symbol.domain else ""
        yield f"{symbol.name}{where}: {word(semantics, symbol.sort, old)} → {word(semantics, symbol.sort, new)}"


def place_name(semantics: Semantics, slot: Slot) -> str:
    """A place in a state by name: `stage[host-0]`, `turn`."""
    return f"{slot.symbol.name}[{', '.join(arguments(semantics, slot))}]" if slot.args else slot.symbol.name


def arguments(semantics: Semantics, slot: Slot) -> tuple[str, ...]:
    """The elements at which a place in a state stands."""
    return tuple(semantics.system.elements(sort)[at] for sort, at in zip(slot.symbol.domain, slot.args, strict=True))


def _where(semantics: Semantics, slot: Slot) -> str:
    names = arguments(semantics, slot)
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


# --- Small words.


def _passing(seconds: Fraction) -> str:
    text = duration(seconds)
    return f"{text} passes" if text in ("1 s", "1 min", "1 h") else f"{text} pass"


def _names(semantics: Semantics, env: Env) -> dict[ex.Param, str]:
    return {node: semantics.system.elements(node.sort)[place] for node, place in env.items()}


def _applied(name: str, arguments: Iterable[str]) -> str:
    inner = ", ".join(arguments)
    return f"{name}({inner})" if inner else name


def _and(items: Sequence[str]) -> str:
    """The items as a list in words, the last one joined by "and"; of many, the first few and a count."""
    if len(items) > _LISTED:
        items = [*items[: _LISTED - 1], f"{len(items) - _LISTED + 1} more"]
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
