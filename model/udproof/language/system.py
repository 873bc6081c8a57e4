"""A system: one immutable value that holds everything the engines read, and nothing else.

A `System` is a list of actions, deadlines, properties and axioms; the sorts and symbols are those that occur in them. It may
carry an `Instance`, which gives index sorts their elements and constants their values (a fleet); without one it stands for
all of its instances at once, which is what a proof for every size is about.

Two systems with the same hash have the same text: every declaration, formula and value. Reports, stored traces and
certificates name it, so that evidence cannot be mistaken for evidence about something else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FunctionType

from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.language.claims import TIME_CAN_PASS, Axiom, Deadline, Property
from udproof.language.drawing import Lanes
from udproof.language.errors import Location, ModelError
from udproof.language.evaluation import environments, evaluate
from udproof.language.instance import ConstantsOnly, Instance, completed, unique
from udproof.language.printing import Names, naming, show, show_sentence


@dataclass(frozen=True)
class System:
    """See the module. `assumptions` are sentences that every verdict about the system repeats."""

    name: str
    actions: tuple[Action, ...]
    properties: tuple[Property, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    axioms: tuple[Axiom, ...] = ()
    picture: Lanes | None = None
    assumptions: tuple[str, ...] = ()
    instance: Instance = field(default_factory=Instance)

    def __post_init__(self) -> None:
        self._check_kinds()
        if not self.actions:
            raise ModelError(f"system {self.name} has no action; a system that never moves has nothing to check.")
        unique([act.name for act in self.actions], "actions")
        unique([prop.name for prop in self.properties], "properties")
        unique([dead.name for dead in self.deadlines], "deadlines")
        declared = [symbol.name for symbol in self.symbols] + [sort.name for sort in self.index_sorts]
        enumerations = {symbol.sort.name for symbol in self.variables if isinstance(symbol.sort, ex.EnumSort)}
        unique([*declared, *sorted(enumerations)], "declarations")
        self._check_scopes()
        object.__setattr__(self, "instance", completed(self.instance, self))
        self._check_axioms()

    def _check_kinds(self) -> None:
        """Is everything in its place? A file of a user is not type-checked."""
        if not isinstance(self.name, str):
            raise ModelError(f"the name of a system is a text, and {self.name!r} is none.")
        for field_name, kind in _KINDS.items():
            given: object = getattr(self, field_name)
            if isinstance(given, kind | str) or not isinstance(given, Iterable):
                raise ModelError(f"{field_name}=... of a system takes a tuple, even of one: {field_name}=(x,).")
            items = tuple(given)
            for item in items:
                if not isinstance(item, kind):
                    raise ModelError(_misplaced(item, field_name, kind))
            object.__setattr__(self, field_name, items)
        if not isinstance(self.picture, Lanes | None):
            raise ModelError(f"the picture of a system is made by lanes(...), and {self.picture!r} is not.")
        if not isinstance(self.instance, Instance):
            raise ModelError(f"the instance of a system is an Instance(elements=..., ...), and {self.instance!r} is not.")

    # --- what occurs

    @cached_property
    def symbols(self) -> tuple[ex.Symbol, ...]:
        """Every symbol that occurs, in order of first occurrence; those inside definitions and declarations included."""
        seen: dict[ex.Symbol, None] = {}

        def visit(node: ex.Expr) -> None:
            for part in ex.walk(node):
                symbol: ex.Symbol | None = getattr(part, "symbol", None) or getattr(part, "clock", None)
                bound = getattr(part, "bound", None) or getattr(part, "duration", None)
                if isinstance(bound, ex.DurationSymbol):
                    seen.setdefault(bound)
                if symbol is not None:
                    note(symbol)

        def note(symbol: ex.Symbol) -> None:
            if symbol in seen:
                return
            seen[symbol] = None
            inside = getattr(symbol, "body", None) or getattr(symbol, "during", None) or getattr(symbol, "initial", None)
            if inside is not None:
                visit(inside)

        for act in self.actions:
            for guard in act.guards:
                visit(guard.condition)
            for update in act.updates:
                note(update.target)
                for node in (update.where, *update.index, update.value):
                    visit(node)
            for node in act.says.parts if act.says else ():
                visit(node)
        for dead in self.deadlines:
            visit(dead.condition)
            visit(dead.limit)
        for prop in self.properties:
            visit(prop.body)
            visit(prop.premise)
            for node in prop.cause.parts if prop.cause else ():
                visit(node)
        for rule in self.axioms:
            visit(rule.body)
        if self.picture is not None:
            for bar in self.picture.bars:
                visit(bar.condition)
                if bar.limit is not None:
                    seen.setdefault(bar.limit)
            if self.picture.group is not None:
                visit(self.picture.group)
        return tuple(seen)

    @cached_property
    def variables(self) -> tuple[ex.VariableSymbol, ...]:
        """The variables, in order of first occurrence."""
        return tuple(symbol for symbol in self.symbols if isinstance(symbol, ex.VariableSymbol))

    @cached_property
    def constants(self) -> tuple[ex.ConstantSymbol, ...]:
        """The constants, in order of first occurrence."""
        return tuple(symbol for symbol in self.symbols if isinstance(symbol, ex.ConstantSymbol))

    @cached_property
    def clocks(self) -> tuple[ex.ClockSymbol, ...]:
        """The clocks, in order of first occurrence."""
        return tuple(symbol for symbol in self.symbols if isinstance(symbol, ex.ClockSymbol))

    @cached_property
    def durations(self) -> tuple[ex.DurationSymbol, ...]:
        """The timing constants, in order of first occurrence."""
        return tuple(symbol for symbol in self.symbols if isinstance(symbol, ex.DurationSymbol))

    @cached_property
    def definitions(self) -> tuple[ex.DefinitionSymbol, ...]:
        """The definitions, in order of first occurrence."""
        return tuple(symbol for symbol in self.symbols if isinstance(symbol, ex.DefinitionSymbol))

    @cached_property
    def index_sorts(self) -> tuple[ex.IndexSort, ...]:
        """The index sorts of parameters, of symbols' arguments and of their values."""
        sorts: dict[ex.IndexSort, None] = {}
        for symbol in self.symbols:
            for sort in (*getattr(symbol, "domain", ()), getattr(symbol, "sort", None)):
                if isinstance(sort, ex.IndexSort):
                    sorts.setdefault(sort)
        for node in self.formulas():
            for part in ex.walk(node):
                if isinstance(part, ex.ForAll | ex.Exists | ex.Count):
                    sorts.setdefault(part.param.sort)
        owned = [owner.params for owner in self.actions] + [owner.params for owner in self.deadlines]
        owned += [owner.params for owner in self.properties] + [owner.params for owner in self.axioms]
        owned += [owner.params for owner in self.definitions]
        for param in (param for params in owned for param in params):
            sorts.setdefault(param.sort)
        return tuple(sorts)

    def formulas(self) -> Iterator[ex.Expr]:
        """Every expression that says what the system does or must do; those in sentences and pictures are not among them."""
        for act in self.actions:
            yield from (guard.condition for guard in act.guards)
            for update in act.updates:
                yield from (update.where, *update.index, update.value)
        for dead in self.deadlines:
            yield from (dead.condition, dead.limit)
        for prop in self.properties:
            yield from (prop.body, prop.premise)
        yield from (rule.body for rule in self.axioms)
        yield from (definition.body for definition in self.definitions)
        yield from (clock.during for clock in self.clocks)
        yield from (variable.initial for variable in self.variables if variable.initial is not None)

    # --- the instance

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """What the instance does not give; a system with nothing missing is concrete and can be run."""
        given = self.instance
        lacks = [f"elements of sort {sort.name}" for sort in self.index_sorts if sort.name not in given.elements]
        unknown = [symbol for symbol in self.constants if symbol.name not in given.constants and symbol.default is None]
        lacks += [f"values of constant {symbol.name}" for symbol in unknown]
        lacks += [f"seconds of {symbol.name}" for symbol in self.durations if symbol.name not in given.durations]
        return tuple(lacks)

    def at(self, instance: Instance) -> System:
        """The same system with an instance, completed by the declarations' defaults. ModelError if it does not fit."""
        return replace(self, instance=instance)

    def elements(self, sort: ex.IndexSort) -> tuple[str, ...]:
        """The names of a sort's elements."""
        return self.instance.elements[sort.name]

    @property
    def checks(self) -> tuple[Property, ...]:
        """The properties to check: the system's own and, where there are deadlines, that they never stop time for good."""
        return (*self.properties, TIME_CAN_PASS) if self.deadlines else self.properties

    def named(self, name: str) -> Property:
        """The property of that name. KeyError if there is none."""
        for prop in self.checks:
            if prop.name == name:
                return prop
        raise KeyError(name)

    def _check_scopes(self) -> None:
        for act in self.actions:
            for guard in act.guards:
                _check_scope(f"the guard of action {act.name}", guard.condition, act.params, act.location)
            for update in act.updates:
                for node in (update.where, *update.index, update.value):
                    _check_scope(f"action {act.name}", node, (*act.params, *update.binders), act.location)
        for definition in self.definitions:
            _check_scope(f"definition {definition.name}", definition.body, definition.params, definition.location)
        for clock in self.clocks:
            _check_scope(f"clock {clock.name}", clock.during, clock.params, clock.location)
        for dead in self.deadlines:
            for node in (dead.condition, dead.limit):
                _check_scope(f"deadline {dead.name}", node, dead.params, dead.location)
        for prop in self.properties:
            for node in (prop.body, prop.premise):
                _check_scope(f"property {prop.name}", node, prop.params, prop.location)

    def _check_axioms(self) -> None:
        if self.missing:
            return
        world = ConstantsOnly(self.instance)
        for rule in self.axioms:
            for env in environments(rule.params, world):
                if not evaluate(rule.body, env, world):
                    named = ", ".join(f"{node.name} = {self.elements(node.sort)[at]}" for node, at in env.items())
                    where = f", for {named}" if named else ""
                    raise ModelError(f"the instance breaks axiom {rule.name} ({rule.statement}){where}.")

    # --- the hash

    @cached_property
    def text(self) -> str:
        """The whole system as text: the same text means the same system."""
        return "\n".join(_lines(self)) + "\n"

    @cached_property
    def hash(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 over `text`."""
        return hashlib.sha256(self.text.encode(errors="surrogatepass")).hexdigest()[:16]


_KINDS: dict[str, type] = {
    "actions": Action,
    "properties": Property,
    "deadlines": Deadline,
    "axioms": Axiom,
    "assumptions": str,
}


def _misplaced(item: object, where: str, kind: type) -> str:
    if isinstance(item, FunctionType):
        decorator = {Action: "@action", Property: "@invariant", Axiom: "@axiom"}.get(kind)
        right = f"put {decorator} above it" if decorator else f"a {kind.__name__} belongs there"
        return f"{item.__name__} stands among the {where}, and is a plain function; {right}."
    name = getattr(item, "name", None) or repr(item)
    return f"{name} stands among the {where}, and is of type {type(item).__name__}, not {kind.__name__}."


def _check_scope(what: str, node: ex.Expr, params: Iterable[ex.Param], where: Location | None = None) -> None:
    if stray := ex.free_params(node) - set(params):
        names = ", ".join(sorted(param.name for param in stray))
        raise ModelError(f"{what} uses {names} outside the loop or function that introduced it.", where)


def _lines(system: System) -> Iterator[str]:
    yield f"system {system.name!r}"
    yield from (f"assumes {line!r}" for line in system.assumptions)
    for sort in system.index_sorts:
        yield f"index {sort.name} {list(system.instance.elements.get(sort.name, ())) or 'any'}"
    for constant in system.constants:
        table = system.instance.constants.get(constant.name)
        values = "any" if table is None else str(sorted(table.items()))
        yield f"constant {constant.name} {_domain(constant.domain)} -> {_sort(constant.sort)} {values}"
    for duration in system.durations:
        time = system.instance.durations.get(duration.name)
        yield f"duration {duration.name} {'any' if time is None else time}"
    for variable in system.variables:
        names = naming(variable.params)
        start = "anything" if variable.initial is None else show(variable.initial, names)
        yield f"variable {variable.name} {_over(variable.params, names)} -> {_sort(variable.sort)} init {start}"
    for clock in system.clocks:
        names = naming(clock.params)
        yield f"clock {clock.name} {_over(clock.params, names)} during {show(clock.during, names)}"
    for definition in system.definitions:
        names = naming(definition.params)
        yield f"definition {definition.name} {_over(definition.params, names)} is {show(definition.body, names)}"
    for act in system.actions:
        yield from _action_lines(act)
    for dead in system.deadlines:
        names = naming(dead.params)
        kept = f"while {show(dead.condition, names)} keeps {show(dead.limit, names)}"
        yield f"deadline {dead.name} {_over(dead.params, names)} {kept}"
    for prop in system.properties:
        names = naming(prop.params)
        yield f"property {prop.name} {_over(prop.params, names)} . {show(prop.body, names)} premise {show(prop.premise, names)}"
    for rule in system.axioms:
        names = naming(rule.params)
        yield f"axiom {rule.name} {_over(rule.params, names)} . {show(rule.body, names)}"
    yield from (f"note {note!r}" for note in system.instance.notes)


def _action_lines(act: Action) -> Iterator[str]:
    names = naming(act.params)
    said = show_sentence(act.says, names)
    yield f"action {act.name} {_over(act.params, names)} by {act.by!r} fair {act.fairness.value} says {said!r}"
    for guard in act.guards:
        yield f"  when {show(guard.condition, names)}"
    for update in act.updates:
        inner = naming(update.binders, names)
        target = f"{update.target.name}[{', '.join(show(arg, inner) for arg in update.index)}]"
        every = f" for {_over(update.binders, inner)} where {show(update.where, inner)}" if update.binders else ""
        yield f"  {target} := {show(update.value, inner)}{every}"


def _domain(domain: tuple[ex.IndexSort, ...]) -> str:
    return "(" + ", ".join(sort.name for sort in domain) + ")"


def _over(params: tuple[ex.Param, ...], names: Names) -> str:
    return "(" + ", ".join(f"{names[param]}: {param.sort.name}" for param in params) + ")"


def _sort(sort: ex.Sort) -> str:
    if not isinstance(sort, ex.EnumSort):
        return str(sort)
    pairs = zip(sort.members, sort.words, strict=True)
    return f"{sort.name}{[name if name == words else f'{name}: {words}' for name, words in pairs]}"
