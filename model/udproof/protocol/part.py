"""How a part joins the protocol: by changes to the system, each of one thing.

The core (walk, events, host, vm) is a system of its own. Every further part is a list of changes to it, of the same kind as
those that plant mistakes: it adds actions and deadlines, joins an action of the core with more guards and updates, suspends a
deadline, gives a definition a wider meaning. So a part that is switched off is not there at all: it has no variable, and costs
no state. Parts are joined in the order in which `assembly` lists them, and each finds what the ones before it have left.

The same changes serve a controller of your own: take `protocol(fleet)`, and join, replace or drop what is different in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from udproof.language import Action, Bool, Deadline, Definition, ModelError, System, Variable
from udproof.language import expressions as ex
from udproof.language.actions import trace
from udproof.language.drawing import Bar, BarRule
from udproof.language.mutation import Change, with_definition
from udproof.language.sentences import sentence
from udproof.language.terms import classes
from udproof.protocol.placement import Vm


@dataclass(frozen=True, slots=True)
class Part:
    """A part that a fleet may switch on. `name` is that of its module, `changes` join it to a system, one after the other."""

    name: str
    changes: tuple[Change, ...]

    def join(self, system: System) -> System:
        """The system with this part. ModelError if something that the part changes is not there."""
        for change in self.changes:
            system = change(system)
        return system


def adding(*actions: Action, deadlines: Iterable[Deadline] = ()) -> Change:
    """Further actions, and what must happen in time."""
    more = tuple(deadlines)
    return lambda system: replace(system, actions=(*system.actions, *actions), deadlines=(*system.deadlines, *more))


def joining(
    action: Action,
    without: tuple[str, ...] = (),
    leaving: tuple[Variable[Any], ...] = (),
    says: Callable[..., str] | None = None,
) -> Callable[[Callable[..., None]], Change]:
    """Decorator: what a part adds to an action. The function is traced like an action, with the same parameters.

    A guard takes the place of that of the same label, or is one more; an update takes the place of that of the same variable or
    clock, or is one more. `without` are the labels of guards that fall away, `leaving` the variables that are not updated any more;
    `says` is another sentence.
    """

    def join(function: Callable[..., None]) -> Change:
        terms = [sort(node) for (_, sort), node in zip(classes(function), action.params, strict=True)]
        draft = trace(function, terms)
        said = sentence(says, terms) if says else None

        def change(system: System) -> System:
            found = _action(system, action.name)
            guards = {guard.label: guard for guard in found.guards}
            for label in without:
                if guards.pop(label, None) is None:
                    raise ModelError(f"action {action.name} has no guard labelled {label!r} that could fall away.")
            guards |= {guard.label: guard for guard in draft.guards}
            updates = {update.target: update for update in found.updates}
            for variable in leaving:
                if updates.pop(variable.symbol, None) is None:
                    raise ModelError(f"action {action.name} does not update {variable.symbol.name}, and cannot leave that out.")
            updates |= {update.target: update for update in draft.updates}
            other = replace(found, guards=tuple(guards.values()), updates=tuple(updates.values()), says=said or found.says)
            return replace(system, actions=tuple(other if one.name == other.name else one for one in system.actions))

        return change

    return join


def suspending(*names: str) -> Callable[[Callable[..., Bool]], Change]:
    """Decorator: the condition, over the deadlines' parameter, under which the deadlines of these names bind nobody."""

    def suspend(condition: Callable[..., Bool]) -> Change:
        def change(system: System) -> System:
            deadlines = []
            for one in system.deadlines:
                if one.name in names:
                    bound = Bool(one.condition) & ~_at(condition, one.params)
                    deadlines.append(replace(one, condition=bound.node))
                else:
                    deadlines.append(one)
            if missing := sorted(set(names) - {one.name for one in system.deadlines}):
                raise ModelError(f"there is no deadline {missing[0]!r} to suspend.")
            return replace(system, deadlines=tuple(deadlines))

        return change

    return suspend


def meaning(old: Definition[Bool], also: Callable[..., Bool] | None = None, never: Callable[..., Bool] | None = None) -> Change:
    """A definition's meaning where the part takes part: what it was, `also` something, and `never` something else.

    Both are annotated functions of the definition's parameters. Where nothing reads the definition, nothing changes.
    """

    def change(system: System) -> System:
        for symbol in system.definitions:
            if symbol.name == old.symbol.name:
                body = Bool(symbol.body)
                if also is not None:
                    body = body | _at(also, symbol.params)
                if never is not None:
                    body = body & ~_at(never, symbol.params)
                other = Definition(replace(symbol, body=body.node), Bool)
                return with_definition(Definition(symbol, Bool), other)(system)
        return system

    return change


def _at(condition: Callable[..., Bool], params: tuple[ex.Param, ...]) -> Bool:
    return condition(*(sort(node) for (_, sort), node in zip(classes(condition), params, strict=True)))


def drawing(*bars: Bar) -> Change:
    """Further bars for the lanes of the picture, before those that there are. A system without a picture stays without."""

    def change(system: System) -> System:
        picture = system.picture
        if picture is None:
            return system
        rules = []
        for label, kind, condition, limit in bars:
            shown = condition(Vm(picture.lane))
            rules.append(BarRule(label, kind, shown.node, None if limit is None else limit.symbol))
        return replace(system, picture=replace(picture, bars=(*rules, *picture.bars)))

    return change


def assuming(*sentences: str, instead_of: tuple[str, ...] = ()) -> Change:
    """Other sentences among the assumptions. ModelError if one that falls away was not there."""

    def change(system: System) -> System:
        if missing := set(instead_of) - set(system.assumptions):
            raise ModelError(f"{min(missing)!r} is no assumption of {system.name}.")
        kept = tuple(one for one in system.assumptions if one not in instead_of)
        return replace(system, assumptions=(*kept, *sentences))

    return change


def _action(system: System, name: str) -> Action:
    for action in system.actions:
        if action.name == name:
            return action
    raise ModelError(f"there is no action {name!r} to join.")
