"""The states of a model in which a real controller may be, after all that has been done to it and seen of it.

Some actions of a model are its environment's: a test makes them. All others are the controller's own, and happen when it chooses.
Nobody reports them; only some variables can be observed. So a `Tracker` holds the *set* of states of the model that fit what has
been done and seen: after each step it adds what the controller may have done by itself, and removes what does not look like the
controller. When the set is empty, the controller has done what the model does not allow, or not done what it demands. This is the
relation ioco of model-based testing (Tretmans, "Test generation with inputs, outputs and repetitive quiescence", 1996), with the
deadlines of the model in the place of quiescence, decided by the subset construction, on the fly.

Time is counted in ticks, and the test acts and looks at whole ticks only, while the controller may act at any instant between.
Nothing is lost by it, and nobody is wronged: guards and deadlines compare with <= and >=, so a run with real instants can be
rounded to one in ticks that passes through the same discrete states, and what happens at whole instants stays there (Henzinger,
Manna and Pnueli, "What good are digital clocks?", 1992). A controller that keeps to the model is never blamed; one that does not
is found as soon as no run of the model looks like it.

The test must keep to the model too: it makes an action of the environment only if all states of the set allow it, and waits no
longer than all of them can without an action that is the environment's to make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product

from udproof.counterexamples.explain import duration, place_name, word
from udproof.counterexamples.table import StepRow, StepTable
from udproof.counterexamples.trace import describe
from udproof.language import Action, System
from udproof.language import expressions as ex
from udproof.language.semantics import Firing, Semantics, State

_MOST = 20_000  # states that may fit; beyond them a test would take for ever
_TOLD = 4  # alternatives that a message lists

Shown = Mapping[int, int]  # the observed places of a state with their values
States = frozenset[State]


class AdapterMistake(Exception):
    """The adapter speaks of something that the model does not have, or shows too little."""


class Departure(AssertionError):
    """The controller does not keep to the model; the text has the steps, what it shows, and what the model allows."""


class Model:
    """A concrete system, seen as a controller in its environment. What is computed of a state is kept for all later tests."""

    def __init__(self, system: System, drives: Iterable[str]) -> None:
        self.semantics = Semantics(system)
        self.drives = tuple(drives)
        names = [act.name for act in system.actions]
        for name in self.drives:
            if name not in names:
                raise AdapterMistake(
                    f"drives names the action {name}, which {system.name} does not have; it has {', '.join(names)}."
                )
        self.longest = max(self.semantics.time.caps.values()) + 1 if system.clocks else 0
        self.firings = self.semantics.firings
        self._numbers = {id(firing): number for number, firing in enumerate(self.firings)}  # a hash of a formula is slow
        self._own = frozenset(n for n, firing in enumerate(self.firings) if firing.action.name not in self.drives)
        self._enabled: dict[State, frozenset[int]] = {}
        self._steps: dict[State, States] = {}
        self._ticks: dict[State, State | None] = {}
        self._closures: dict[States, States] = {}
        self._later: dict[States, States | None] = {}

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of the environment."""
        return tuple(act for act in self.semantics.system.actions if act.name in self.drives)

    def enabled(self, state: State) -> frozenset[int]:
        """What can happen in a state, as numbers of `firings`."""
        if state not in self._enabled:
            self._enabled[state] = frozenset(self._numbers[id(firing)] for firing in self.semantics.enabled(state))
        return self._enabled[state]

    def _step(self, state: State) -> States:
        """Where the controller can go by itself."""
        if state not in self._steps:
            own = self.enabled(state) & self._own
            self._steps[state] = frozenset(self.semantics.fire(state, self.firings[number]) for number in own)
        return self._steps[state]

    def _tick(self, state: State) -> State | None:
        """The state a tick later. None if a deadline forbids that."""
        if state not in self._ticks:
            self._ticks[state] = self.semantics.wait(state)
        return self._ticks[state]

    def closed(self, states: States) -> States:
        """These states and those to which the controller can go by itself, without time. AdapterMistake if there are too many."""
        if states not in self._closures:
            seen, waiting = set(states), list(states)
            while waiting:
                fresh = self._step(waiting.pop()) - seen
                seen |= fresh
                waiting += fresh
                if len(seen) > _MOST:
                    raise AdapterMistake(
                        f"more than {_MOST} states of the model fit what was observed; let observe() show more of it."
                    )
            self._closures[states] = frozenset(seen)
        return self._closures[states]

    def later(self, states: States) -> States | None:
        """All states a tick later, with what the controller does before, within and after it.

        None if one of them cannot wait for that without an action of the environment.
        """
        if states not in self._later:
            ticks = {state: self._tick(state) for state in self.closed(states)}
            waits = any(after is None and not self._step(state) for state, after in ticks.items())
            self._later[states] = None if waits else self.closed(frozenset(after for after in ticks.values() if after is not None))
        return self._later[states]


class Tracker:
    """See the module. It begins in the initial states; call `shows` before anything else, and after each step or oftener."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.states = model.closed(frozenset(model.semantics.initial()))
        self._rows: list[StepRow] = []
        self._ticks = 0
        self._shown: Shown = {}
        self._step: tuple[str, str] = ("", "start")  # who did what last
        self._before: tuple[States, int] = (self.states, 0)  # the states before the last wait, and its ticks
        self._began = 0

    # --- what a test may do now

    def possible(self, action: Action) -> list[str | tuple[str, ...]]:
        """The elements for which all states allow an action of the environment: a name, or a tuple of names."""
        common = frozenset.intersection(*map(self.model.enabled, self.states))
        found = [firing for number, firing in enumerate(self.model.firings) if number in common and firing.action is action]
        names = [tuple(self._elements(firing)) for firing in found]
        return [of[0] if len(of) == 1 else of for of in names]

    def patience(self, longest: int) -> int:
        """For how many ticks the test may wait, up to the longest."""
        states: States | None = self.states
        for ticks in range(longest):
            states = self.model.later(states) if states else None
            if not states:
                return ticks
        return longest

    def seconds(self, ticks: int) -> Fraction:
        """Ticks in seconds."""
        return ticks * self.model.semantics.time.unit

    # --- what it has done

    def did(self, action: Action, elements: Sequence[str]) -> None:
        """The test has made an action of the environment."""
        semantics = self.model.semantics
        places = tuple(semantics.system.elements(p.sort).index(name) for p, name in zip(action.params, elements, strict=True))
        firing = Firing(action, places)
        self._begin(action.by if all(p.name != action.by for p in action.params) else "", describe(semantics, firing))
        self.states = self.model.closed(frozenset(semantics.fire(state, firing) for state in self.states))
        self._before = (self.states, 0)

    def waited(self, ticks: int) -> None:
        """The test has let time pass; no longer than `patience` says."""
        self._begin("time", f"wait {duration(self.seconds(ticks))}, until {duration(self.seconds(self._ticks + ticks))}")
        self._before = (self.states, ticks)
        for _ in range(ticks):
            states = self.model.later(self.states)
            if states is None:
                raise ValueError("the test waited for longer than its environment may")
            self.states = states
        self._ticks += ticks

    def shows(self, observed: Mapping[str, object]) -> None:
        """The controller looks like this now. Departure if no state of the model does; AdapterMistake if it is no such look."""
        shown = self._read(observed)
        changed = [f"{self._name(at)}: {self._word(at, value)}" for at, value in shown.items() if self._shown.get(at) != value]
        who, what = self._step
        self._rows.append(StepRow(len(self._rows), duration(self.seconds(self._began)), who, what, tuple(changed), ()))
        self._shown, self.states = shown, self.model.closed(self.states)
        fitting = frozenset(state for state in self.states if _fits(state, shown))
        if not fitting:
            raise Departure(self._complaint())
        self.states = fitting

    def script(self) -> str:
        """The steps so far, as a table."""
        return StepTable(tuple(self._rows), (), 0, bool(self.model.semantics.system.clocks)).as_text()

    def _begin(self, who: str, what: str) -> None:
        self._step, self._began = (who, what), self._ticks

    # --- observations

    def _read(self, observed: Mapping[str, object]) -> Shown:
        """An observation as places of a state with their codes."""
        semantics, found = self.model.semantics, {}
        variables = {symbol.name: symbol for symbol in semantics.system.variables}
        for name, value in observed.items():
            if name not in variables:
                raise AdapterMistake(f"observe() shows {name}, which is no variable of the model; it has {', '.join(variables)}.")
            symbol = variables[name]
            table = value if symbol.domain else {(): value}
            if not isinstance(table, Mapping):
                raise AdapterMistake(
                    f"observe() shows {name} as {value!r}; it is one for each {symbol.domain[0].name}: give a dict."
                )
            for key, one in table.items():
                names = key if isinstance(key, tuple) else (key,)
                found[self._place(symbol, names)] = self._code(symbol, one)
        if not found:
            raise AdapterMistake("observe() shows nothing, so nothing could ever be found; show some variable of the model.")
        return found

    def _place(self, symbol: ex.VariableSymbol, names: Sequence[object]) -> int:
        elements = [self.model.semantics.system.elements(sort) for sort in symbol.domain]
        if len(names) != len(elements) or any(name not in known for name, known in zip(names, elements, strict=False)):
            shown = ", ".join(map(str, names))
            raise AdapterMistake(f"observe() shows {symbol.name} of {shown}; its elements are {', '.join(map(str, elements))}.")
        places = tuple(known.index(str(name)) for name, known in zip(names, elements, strict=True))
        return self.model.semantics.layout.position[symbol, places]

    def _code(self, symbol: ex.VariableSymbol, value: object) -> int:
        """The code of a value as the model has it; a number outside its range fits no state, and is no mistake of the adapter."""
        match symbol.sort, value:
            case ex.BoolSort(), bool():
                return int(value)
            case ex.IntSort(), int() if not isinstance(value, bool):
                return value
            case ex.EnumSort(members=members), str() if value in members:
                return members.index(value)
            case ex.IndexSort() as sort, str() if value in self.model.semantics.system.elements(sort):
                return self.model.semantics.system.elements(sort).index(value)
        raise AdapterMistake(f"observe() shows {symbol.name} as {value!r}, which is no value of {symbol.sort}.")

    # --- words

    def _elements(self, firing: Firing) -> list[str]:
        elements = self.model.semantics.system.elements
        return [elements(node.sort)[at] for node, at in zip(firing.action.params, firing.args, strict=True)]

    def _name(self, at: int) -> str:
        return place_name(self.model.semantics, self.model.semantics.layout.slots[at])

    def _word(self, at: int, value: int) -> str:
        symbol = self.model.semantics.layout.slots[at].symbol
        assert isinstance(symbol, ex.VariableSymbol)
        in_range = value in self.model.semantics.values(symbol.sort)
        return word(self.model.semantics, symbol.sort, value) if in_range else str(value)

    def _complaint(self) -> str:
        number, when = len(self._rows) - 1, duration(self.seconds(self._ticks))
        head = f"The controller does not keep to the model {self.model.semantics.system.name}, at step {number}, after {when}."
        looks = {tuple((at, state[at]) for at, value in self._shown.items() if state[at] != value) for state in self.states}
        nearest = sorted(looks, key=lambda differences: (len(differences), differences))[:_TOLD]
        allowed = [
            "  - "
            + " and ".join(
                f"{self._name(at)} is {self._word(at, code)} (it shows {self._word(at, self._shown[at])})" for at, code in look
            )
            for look in nearest
        ]
        more = [f"  - or one of {len(looks) - len(nearest)} others"] if len(looks) > len(nearest) else []
        lead = "By the model:" if len(looks) == 1 else "By the model one of these, and it shows none:"
        return "\n".join([head, "", self.script(), lead, *allowed, *more, *self._guess()])

    def _guess(self) -> list[str]:
        """What it looks as if the controller had done, where one step too many or too few would explain it."""
        semantics, (before, ticks) = self.model.semantics, self._before
        guesses = []
        for state, firing in product(sorted(self.states), self.model.firings):
            refused = [] if firing.action.name in self.model.drives else semantics.refused(state, firing)
            if refused and _fits(semantics.fire(state, firing), self._shown):
                labels = "; ".join(guard.label or "a condition without a name" for guard in refused)
                what = f"{describe(semantics, firing)} had happened, though this does not hold: {labels}"
                guesses.append((len(refused), f"It looks as if {what}."))
        if guesses:
            return [min(guesses)[1]]
        for state in sorted(before):
            allowed = semantics.patience(state)
            if allowed is not None and allowed < ticks and _fits(semantics.passed(state, ticks), self._shown):
                late, env = semantics.blocked_by(semantics.passed(state, allowed))[0]
                names = ", ".join(semantics.system.elements(node.sort)[at] for node, at in env.items())
                owed = f"{late.name}({names})" if names else late.name
                return [f"It looks as if time alone had passed, though something had to happen by the deadline {owed}."]
        return []


def _fits(state: State, shown: Shown) -> bool:
    return all(state[at] == value for at, value in shown.items())
