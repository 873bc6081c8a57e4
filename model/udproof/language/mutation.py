"""Small named changes to a system: how mistakes are planted.

A mutant is a system with one thing changed, made by the functions below from the correct one; it is never a second copy of the
model. Each function returns a new system and raises `ModelError` if there is nothing of that name to change, so that a mutant
cannot survive by having missed its target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from udproof.language import expressions as ex
from udproof.language.actions import Action, Update, trace
from udproof.language.claims import Deadline, Property
from udproof.language.drawing import Lanes
from udproof.language.errors import ModelError
from udproof.language.functions import location_of
from udproof.language.sentences import Sentence, sentence
from udproof.language.symbols import Definition
from udproof.language.system import System
from udproof.language.terms import Term, classes

Change = Callable[[System], System]


def without_guard(action: Action, label: str) -> Change:
    """Drop the conjunct of that label from an action's guard."""

    def change(system: System) -> System:
        found = _action(system, action.name)
        kept = tuple(guard for guard in found.guards if guard.label != label)
        if len(kept) == len(found.guards):
            raise ModelError(f"action {action.name} has no guard labelled {label!r} to drop.")
        return _with_action(system, replace(found, guards=kept))

    return change


def overriding(action: Action, says: Callable[..., str] | None = None) -> Callable[[Callable[..., None]], Change]:
    """Decorator: a function that is traced like an action tells in what an action is to differ; the rest of it stays.

    The function takes the action's parameters. A guard takes the place of that of the same label, an update that of the same
    variable or clock, or is added to the others; `says` is another sentence.
    """

    def override(function: Callable[..., None]) -> Change:
        sorts = [sort for _, sort in classes(function)]
        if [sort.domain() for sort in sorts] != [node.sort for node in action.params]:
            raise ModelError(f"{function.__name__} must take the parameters of action {action.name}.", location_of(function))
        terms = [sort(node) for sort, node in zip(sorts, action.params, strict=True)]
        draft = trace(function, terms)
        said = sentence(says, terms) if says else None

        def change(system: System) -> System:
            found = _action(system, action.name)
            guards, updates = {guard.label: guard for guard in draft.guards}, {update.target: update for update in draft.updates}
            if unknown := guards.keys() - {guard.label for guard in found.guards}:
                raise ModelError(f"action {action.name} has no guard labelled {min(unknown)!r} to replace.")
            other = replace(
                found,
                guards=tuple(guards.get(guard.label, guard) for guard in found.guards),
                updates=tuple(({update.target: update for update in found.updates} | updates).values()),
                says=said or found.says,
            )
            changed = _with_action(system, other)
            if changed.hash == system.hash:
                raise ModelError(f"what {function.__name__} says of action {action.name} is what it does already.")
            return changed

        return change

    return override


def without_action(action: Action) -> Change:
    """Take an action away."""

    def change(system: System) -> System:
        _action(system, action.name)
        return replace(system, actions=tuple(one for one in system.actions if one.name != action.name))

    return change


def without_deadline(*names: str) -> Change:
    """Take deadlines away: what they bounded may take for ever."""

    def change(system: System) -> System:
        for name in names:
            if all(one.name != name for one in system.deadlines):
                raise ModelError(f"there is no deadline {name!r} to drop.")
        return replace(system, deadlines=tuple(one for one in system.deadlines if one.name not in names))

    return change


def with_definition(old: Definition[Term], new: Definition[Term]) -> Change:
    """Give a definition another meaning, everywhere it is read."""

    def change(system: System) -> System:
        if old.symbol not in system.definitions:
            raise ModelError(f"definition {old.symbol.name} is read nowhere, so there is nothing to change.")
        changed = _Renaming({old.symbol: new.symbol}).system(system)
        if changed.hash == system.hash:
            raise ModelError(f"the other meaning given for definition {old.symbol.name} is the same as its own.")
        return changed

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(system: System) -> System:
        for one in changes:
            system = one(system)
        return system

    return change


def _action(system: System, name: str) -> Action:
    for action in system.actions:
        if action.name == name:
            return action
    raise ModelError(f"there is no action {name!r} to change.")


def _with_action(system: System, other: Action) -> System:
    return replace(system, actions=tuple(other if one.name == other.name else one for one in system.actions))


class _Renaming:
    """Reads of some definitions become reads of others, throughout a system; what reads them in its declaration is made anew."""

    def __init__(self, other: dict[ex.DefinitionSymbol, ex.DefinitionSymbol]) -> None:
        self._definitions = dict(other)
        self._clocks: dict[ex.ClockSymbol, ex.ClockSymbol] = {}

    def system(self, system: System) -> System:
        return replace(
            system,
            actions=tuple(self._action(action) for action in system.actions),
            deadlines=tuple(self._deadline(one) for one in system.deadlines),
            properties=tuple(self._property(prop) for prop in system.properties),
            axioms=tuple(replace(one, body=self.expression(one.body)) for one in system.axioms),
            picture=system.picture and self._picture(system.picture),
        )

    def _action(self, action: Action) -> Action:
        guards = tuple(replace(guard, condition=self.expression(guard.condition)) for guard in action.guards)
        updates = tuple(self._update(update) for update in action.updates)
        return replace(action, guards=guards, updates=updates, says=action.says and self._sentence(action.says))

    def _update(self, update: Update) -> Update:
        target = self._clock(update.target) if isinstance(update.target, ex.ClockSymbol) else update.target
        index = tuple(self.expression(arg) for arg in update.index)
        where, value = self.expression(update.where), self.expression(update.value)
        return replace(update, target=target, where=where, index=index, value=value)

    def _deadline(self, one: Deadline) -> Deadline:
        limit = self.expression(one.limit)
        assert isinstance(limit, ex.ClockIs)
        return replace(one, condition=self.expression(one.condition), limit=limit)

    def _property(self, prop: Property) -> Property:
        cause = prop.cause and self._sentence(prop.cause)
        return replace(prop, body=self.expression(prop.body), premise=self.expression(prop.premise), cause=cause)

    def _picture(self, picture: Lanes) -> Lanes:
        return replace(picture, bars=tuple(replace(bar, condition=self.expression(bar.condition)) for bar in picture.bars))

    def _sentence(self, said: Sentence) -> Sentence:
        return replace(said, parts=tuple(self.expression(part) for part in said.parts))

    def expression(self, node: ex.Expr) -> ex.Expr:
        changed = ex.rebuild(node, self.expression)
        match changed:
            case ex.Read(symbol=ex.DefinitionSymbol() as symbol):
                return replace(changed, symbol=self._definition(symbol))
            case ex.ClockIs(clock=clock) | ex.ClockValue(clock=clock):
                return replace(changed, clock=self._clock(clock))
        return changed

    def _definition(self, symbol: ex.DefinitionSymbol) -> ex.DefinitionSymbol:
        if symbol not in self._definitions:
            body = self.expression(symbol.body)
            self._definitions[symbol] = symbol if body == symbol.body else replace(symbol, body=body)
        return self._definitions[symbol]

    def _clock(self, symbol: ex.ClockSymbol) -> ex.ClockSymbol:
        if symbol not in self._clocks:
            during = self.expression(symbol.during)
            self._clocks[symbol] = symbol if during == symbol.during else replace(symbol, during=during)
        return self._clocks[symbol]
