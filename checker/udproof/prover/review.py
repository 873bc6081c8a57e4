"""An argument as a page for a design review: lemmas as sentences, and of each step that threatens one, why it does not break it.

The page is Markdown that reads well as plain text too. It is made from an `Argument` and nothing else, so the same proof gives the
same page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from udproof.counterexamples.explain import duration
from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.prover.argument import Argument, Reason, Told
from udproof.prover.lemmas import Inequality, Lemma, Literal, show_lemma
from udproof.prover.theorem import listed
from udproof.prover.wording import a_word, called, formula_words, lemma_words, literal_words, sentence_words

_READING = """\
A lemma is a sentence that is true in every state that can be reached. It is shown in two parts: it is true at the start, and no
step that begins where all lemmas are true ends where it is false. So a lemma may be used against a step that threatens another
one, and against a step that threatens itself. Each lemma stands after those that it rests on. Steps that change nothing of what
a lemma speaks of cannot threaten it and are not listed. What is listed beside a step is a smallest part of all that is known:
without any piece of it, the step could break the lemma."""


def page(argument: Argument, durations: Mapping[str, Fraction], level: str = "#") -> Iterator[str]:
    """The lines of the page; `durations` are the seconds to show beside timing constants, `level` the mark of its headings."""
    yield f"{level} How to read the argument"
    yield ""
    yield from _READING.split("\n")
    yield ""
    yield from _words(argument, level)
    for told in argument.properties:
        yield from _property(argument, told, level)
    yield from _assumed(argument, durations, level)


# --- what words mean


def _words(argument: Argument, level: str) -> Iterator[str]:
    system, told = argument.system, [lemma for one in argument.properties for lemma in one.new]
    symbols = _symbols([literal.atom for lemma in told for literal in lemma.literals])
    deadlines = {name for reason in _reasons(argument) for name in reason.deadlines}
    lines = []
    for definition in system.definitions:
        if definition in symbols and isinstance(definition.sort, ex.BoolSort):
            names = called(definition.params)
            means = formula_words(definition.body, names)
            read = ex.Read(definition, definition.params)
            lines.append(f"- *{literal_words(Literal(True, read), names)}* means that {means}.")
    for clock in system.clocks:
        if clock in symbols:
            names = called(clock.params)
            of = " of " + " and ".join(f"{a_word(node.sort.name)} {names[node]}" for node in clock.params) if clock.params else ""
            lines.append(f"- The clock `{clock.name}`{of} runs while {formula_words(clock.during, names)}; else it shows zero.")
    for dead in system.deadlines:
        if dead.name in deadlines:
            names = called(dead.params)
            condition, limit = formula_words(dead.condition, names), formula_words(dead.limit, names)
            lines.append(f"- The deadline {dead.name}: while {condition}, time passes only as far as {limit}.")
    if lines:
        yield from (f"{level} What the words mean", "", *lines, "")


def _symbols(atoms: Iterable[object]) -> set[object]:
    """What the atoms read, and what that is defined by."""
    found: set[object] = set()
    for atom in atoms:
        if isinstance(atom, ex.Expr):
            for part in ex.walk(atom):
                if isinstance(part, ex.ClockIs):
                    found.add(part.clock)
                if isinstance(part, ex.Read) and part.symbol not in found:
                    found.add(part.symbol)
                    if isinstance(part.symbol, ex.DefinitionSymbol):
                        found |= _symbols([part.symbol.body])
        else:
            found |= {at.clock for at in (getattr(atom, "left", None), getattr(atom, "right", None)) if at is not None}
    return found


# --- properties and lemmas


def _property(argument: Argument, told: Told, level: str) -> Iterator[str]:
    prop, numbers = told.property, argument.numbers
    yield f"{level} {prop.name}"
    yield ""
    yield prop.statement
    yield ""
    rested = [lemma for reason in told.follows for lemma in reason.lemmas]
    if prop.watches_time:
        yield "Where a deadline is reached, something can happen:"
        yield ""
        for reason in told.follows:
            can = f"then {_or(reason.idle)} can happen" if reason.idle else "that is no reachable state"
            yield f"- **{reason.step}**: {can}{_because(argument, reason, None, {})}."
    elif told.follows[0].step == "is a lemma":
        yield f"It is itself kept by every step: it is lemma {numbers[rested[0]]}."
    else:
        yield f"It follows{_because(argument, told.follows[0], None, {}) or ' from what its words mean'}."
    yield ""
    if told.new:
        first, last = numbers[told.new[0]], numbers[told.new[-1]]
        if earlier := sorted({numbers[one] for one in _needed(argument, rested)} - {numbers[one] for one in told.new}):
            yield f"Of the lemmas before, it needs {_and([str(number) for number in earlier])}; new are {first} to {last}."
            yield ""
    for lemma in told.new:
        yield from _lemma(argument, lemma, level)


def _needed(argument: Argument, roots: Sequence[Lemma]) -> list[Lemma]:
    """The lemmas that these rest on, and they themselves."""
    found, waiting = dict.fromkeys(roots), list(roots)
    while waiting:
        for reason in argument.reasons[waiting.pop()]:
            new = [one for one in reason.lemmas if one not in found]
            found |= dict.fromkeys(new)
            waiting += new
    return list(found)


def _lemma(argument: Argument, lemma: Lemma, level: str) -> Iterator[str]:
    numbers, names = argument.numbers, called(lemma.params)
    yield f"{level}# Lemma {numbers[lemma]}"
    yield ""
    yield f"**{lemma_words(lemma)}**"
    yield ""
    origin = "" if lemma.origin == "found" else f" ({lemma.origin})"
    yield f"    {show_lemma(lemma, names)}{origin}"
    yield ""
    if lemma in argument.circles:
        others = [str(number) for number in sorted(numbers[one] for one in argument.circles[lemma])]
        yield f"Lemmas {_and(others)} lean on each other: each is kept, as long as all of them held before the step."
        yield ""
    harmless = []
    for reason in argument.reasons[lemma]:
        if reason.first:
            yield f"- At the start: the initial values make it true{_because(argument, reason, None, {})}."
        elif reason.plain:
            harmless.append(f"**{reason.step}**")
        else:
            act = next((act for act in argument.system.actions if act.name == reason.step), None)
            yield f"- {_step(act, reason, names)}{_because(argument, reason, act, names)}."
    if harmless:
        yield f"- {_capital(_and(harmless))}: what changes then leaves it true, whatever else holds."
    yield ""


def _step(act: Action | None, reason: Reason, names: Mapping[ex.Param, str]) -> str:
    if act is None or act.says is None:
        return f"**{reason.step}**"
    return f"**{act.name}** ({sentence_words(act.says, called(act.params, tuple(names.values())))})"


def _because(argument: Argument, reason: Reason, act: Action | None, names: Mapping[ex.Param, str]) -> str:
    parts = []
    if act is not None and reason.guards:
        own = called(act.params, tuple(names.values()))
        labels = [act.guards[place].label or formula_words(act.guards[place].condition, own) for place in reason.guards]
        parts.append(f": only where {_and([f'*{label}*' for label in labels])}")
    if reason.deadlines:
        parts.append(f": time waits at {_and(reason.deadlines)}")
    if reason.lemmas:
        numbers = sorted(argument.numbers[one] for one in reason.lemmas)
        parts.append(f"by lemma{'s' if len(numbers) > 1 else ''} {_and([str(number) for number in numbers])}")
    if reason.axioms:
        parts.append(f"by {_and([_axiom(name) for name in reason.axioms])}")
    if reason.times:
        parts.append(f"since {_and([f'`{one}`' for one in reason.times])}")
    if not parts:
        return ""
    text = "; ".join(part.removeprefix(": ") for part in parts)
    return f": {text}" if act is not None or reason.deadlines else f" {text}"


def _axiom(name: str) -> str:
    return f"the {name}" if name.startswith("axiom ") else name


# --- what is assumed


def _assumed(argument: Argument, durations: Mapping[str, Fraction], level: str) -> Iterator[str]:
    used = list(_reasons(argument))
    axioms = [rule for rule in argument.system.axioms if any(f"axiom {rule.name}" in reason.axioms for reason in used)]
    times = [one for one in argument.proof.times if any(one in reason.times for reason in used)]
    yield f"{level} What the argument assumes"
    yield ""
    for rule in axioms:
        yield f"- {rule.name}: {rule.statement}"
    for name in dict.fromkeys(name for reason in used for name in reason.axioms if not name.startswith("axiom ")):
        yield f"- {name}"
    for one in times:
        yield f"- `{one}`{_numbers(one, durations)}"
    if argument.proof.unbounded:
        told = "in range, which is not shown: the argument is about the runs in which that is so"
        yield f"- that {listed(argument.proof.unbounded)} {told}"
    if not (axioms or times or argument.proof.unbounded):
        yield "Nothing beyond the model."
    yield ""


def _numbers(one: Inequality, durations: Mapping[str, Fraction]) -> str:
    """An inequality with its seconds: what is left of the limit is the room."""
    try:
        sides = [_sum(side, durations) for side in (one.small, one.large)]
        room = duration(one.room(durations))
    except KeyError:
        return ""
    return f": here {sides[0]} {'<' if one.strict else '<='} {sides[1]}, which leaves {room}"


def _sum(bounds: Sequence[ex.Bound], durations: Mapping[str, Fraction]) -> str:
    seconds = [durations[bound.name] if isinstance(bound, ex.DurationSymbol) else bound for bound in bounds]
    total = duration(sum(seconds, Fraction(0)))
    return total if len(seconds) < 2 else f"{' + '.join(map(duration, seconds))} = {total}"


# --- small words


def _reasons(argument: Argument) -> Iterator[Reason]:
    """Every reason that is told."""
    for told in argument.properties:
        yield from told.follows
        for lemma in told.new:
            yield from argument.reasons[lemma]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _and(items: Sequence[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def _or(items: Sequence[str]) -> str:
    return " or ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
