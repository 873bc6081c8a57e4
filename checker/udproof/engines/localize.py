"""A system cut down to some of its variables and clocks: localization (Kurshan 1994), as a transformation of systems.

Some variables and clocks stay *visible*, the others are taken away. What is left is an ordinary `System`:

- a conjunct of a guard that reads something invisible becomes weaker: each smallest condition in it that does is taken for true,
  or for false under a negation (`weakened`); what becomes true of itself falls away;
- an update of something invisible falls away, and an action of which no update is left too: nobody sees it happen;
- a deadline binds only where a condition that implies its own, and reads what is visible only, holds; with an invisible clock it
  binds never;
- actions of which the same is left are one;
- axioms, constants and initial values stay, and parameters that nothing speaks of any more go, with sorts that nothing speaks of.

**Theorem.** Let the set of visible variables and clocks be *closed*: an update of something visible reads (in its value, index and
condition) visible variables only, and a visible clock runs during a condition on visible variables. Then the projection of every
run of the system, in dense time, to what is visible is a run of the abstract system, with a step that changes nothing visible left
out. So a formula over visible variables and clocks that holds in every reachable state of the abstract system holds in every
reachable state of the system.

By induction over the run. Initial values do not depend on each other. An action that fires has a true guard, so its weaker guard
is true; its visible updates compute the same values from the same readings; visible clocks settle alike. If time passes, no
deadline of the system forbids it, so none of the abstract system does, whose conditions are stronger; and the same visible clocks
run. The other direction is false: the abstract system may do more, which is what refinement is for
(`udproof.engines.abstraction`).

An invariant of the system, proved elsewhere (a `Lemma`), may stand in for what a guard loses: it is true before every step.

The conditions are checked where a `Localized` is made. Not preserved, and refused: that some action *can* happen
(*time-can-pass*); what stands for it are invariants about given actions (`udproof.engines.timelock`). An action that would take
an integer out of its range is an error of the system, and no step of any run; the abstract system says this as a guard
(`in_range`), so that it has no run either that goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from typing import TypeAlias

from udproof.language import ModelError, Property, System
from udproof.language import expressions as ex
from udproof.language.actions import Action, Fairness, Guard, Update
from udproof.language.claims import Axiom, Deadline
from udproof.language.evaluation import Env, Structure, evaluate

Seen: TypeAlias = ex.VariableSymbol | ex.ClockSymbol
Set: TypeAlias = frozenset[Seen]
Price = Callable[[Set], tuple[object, ...]]

NOTHING: Set = frozenset()
FALSE = ex.Lit(0, ex.BOOL)
IN_RANGE = "every integer stays in its range"
IDLE = "idle"  # the action of an abstract system that no other is left of: it does nothing


# --- what an expression reads


def reads(node: ex.Expr) -> Set:
    """The variables and clocks that an expression reads, those inside definitions included."""
    found: set[Seen] = set()
    for part in ex.walk(node):
        match part:
            case ex.ClockIs(clock=clock):
                found.add(clock)
            case ex.Read(symbol=ex.VariableSymbol() as symbol):
                found.add(symbol)
            case ex.Read(symbol=ex.DefinitionSymbol(body=body)):
                found |= reads(body)
    return frozenset(found)


def support(prop: Property) -> Set:
    """What must be visible for a property to be said at all."""
    return reads(prop.body)


def closed(system: System, seeds: Set) -> Set:
    """The smallest set with these that is closed in the sense of the theorem."""
    needs = _needs(_Identity(system))
    found, waiting = set(seeds), list(seeds)
    while waiting:
        for symbol in needs.get(waiting.pop(), ()):
            if symbol not in found:
                found.add(symbol)
                waiting.append(symbol)
    return frozenset(found)


class _Identity:
    """A system as a key: itself, and not what is equal to it, which takes long to find out."""

    def __init__(self, system: System) -> None:
        self.system = system

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.system is other.system

    def __hash__(self) -> int:
        return id(self.system)


@lru_cache(maxsize=8)
def _needs(key: _Identity) -> Mapping[Seen, Set]:
    """What the updates of a variable read, and what says when a clock runs."""
    system = key.system
    needs: dict[Seen, Set] = {clock: reads(clock.during) for clock in system.clocks}
    for act in system.actions:
        for update in act.updates:
            read = (reads(part) for part in (update.where, *update.index, update.value))
            needs[update.target] = needs.get(update.target, NOTHING).union(*read)
    return needs


def in_order(system: System, symbols: Iterable[Seen]) -> tuple[Seen, ...]:
    """Variables and clocks in the order in which the system declares them."""
    wanted = set(symbols)
    return tuple(symbol for symbol in (*system.variables, *system.clocks) if symbol in wanted)


# --- weaker and stronger conditions


@dataclass(frozen=True, slots=True)
class Lemma:
    """An invariant of the system: where the truth `premise` holds, `conclusion`, over the same elements, has (or lacks) a value."""

    premise: ex.VariableSymbol
    conclusion: ex.VariableSymbol
    value: ex.Lit
    positive: bool

    def told(self, args: tuple[ex.Expr, ...]) -> ex.Expr:
        """The conclusion about some elements."""
        read = ex.Read(self.conclusion, args)
        equal: ex.Expr = read if isinstance(self.value.sort, ex.BoolSort) and self.value.value else ex.Eq(read, self.value)
        return equal if self.positive else ex.Not(equal)

    def property(self, name: str) -> Property:
        """The same as a property."""
        params = self.premise.params
        body = ex.Or((ex.Not(ex.Read(self.premise, params)), self.told(params)))
        return Property(name, name, "", params, body, ex.TRUE, None, None)


def weakened(node: ex.Expr, visible: Collection[Seen], up: bool = True, lemmas: tuple[Lemma, ...] = ()) -> ex.Expr:
    """A condition on what is visible that follows from this one and the lemmas (`up`), or that implies it."""
    if reads(node) <= frozenset(visible):
        return node
    trivial = ex.TRUE if up else FALSE
    match node:
        case ex.Not(body=body):
            inner = weakened(body, visible, not up, lemmas)
            return trivial if inner in (ex.TRUE, FALSE) else ex.Not(inner)
        case ex.And(parts=parts) | ex.Or(parts=parts):
            weaker = [weakened(part, visible, up, lemmas) for part in parts]
            neutral, absorbing = (ex.TRUE, FALSE) if isinstance(node, ex.And) else (FALSE, ex.TRUE)
            if absorbing in weaker:
                return absorbing
            left = tuple(part for part in weaker if part != neutral)
            return replace(node, parts=left) if len(left) > 1 else left[0] if left else neutral
        case ex.ForAll(body=body) | ex.Exists(body=body):
            inner = weakened(body, visible, up, lemmas)
            return trivial if inner == trivial else replace(node, body=inner)
        case ex.Ite(sort=ex.BoolSort()):
            return weakened(_cases(node), visible, up, lemmas)
        case ex.Read(symbol=ex.DefinitionSymbol(sort=ex.BoolSort())):
            return weakened(_opened(node), visible, up, lemmas)
        case ex.Read(symbol=ex.VariableSymbol() as symbol, args=args) if up and all(
            reads(arg) <= frozenset(visible) for arg in args
        ):
            return ex.conjunction([one.told(args) for one in lemmas if one.premise is symbol and one.conclusion in visible])
    return trivial


def blame(node: ex.Expr, env: Env, world: Structure, visible: Set, price: Price, up: bool = True) -> Set:
    """What, if it were visible too, would make the weaker condition false here, where the condition itself is (`up`).

    For the stronger condition (not `up`): what would make it true here, where the condition is. Of several such sets one of the
    least price.
    """
    missing = reads(node) - visible
    if not missing:
        return NOTHING
    match node:
        case ex.Not(body=body):
            return blame(body, env, world, visible, price, not up)
        case ex.And(parts=parts) | ex.Or(parts=parts):
            decisive = [part for part in parts if evaluate(part, env, world) != up]
            found = [blame(part, env, world, visible, price, up) for part in decisive]
            return min(found, key=price) if isinstance(node, ex.And) == up else NOTHING.union(*found)
        case ex.ForAll(param=param, body=body) | ex.Exists(param=param, body=body):
            places = [{**env, param: place} for place in range(world.size(param.sort))]
            found = [blame(body, one, world, visible, price, up) for one in places if evaluate(body, one, world) != up]
            return min(found, key=price) if isinstance(node, ex.ForAll) == up else NOTHING.union(*found)
        case ex.Ite(sort=ex.BoolSort()):
            return blame(_cases(node), env, world, visible, price, up)
        case ex.Read(symbol=ex.DefinitionSymbol(sort=ex.BoolSort())):
            return blame(_opened(node), env, world, visible, price, up)
    return missing


def _cases(node: ex.Ite) -> ex.Expr:
    """A choice between two truths, as a conjunction."""
    return ex.And((ex.Or((ex.Not(node.condition), node.then)), ex.Or((node.condition, node.other))))


def _opened(node: ex.Read) -> ex.Expr:
    """What a use of a definition says."""
    assert isinstance(node.symbol, ex.DefinitionSymbol)
    return substituted(node.symbol.body, dict(zip(node.symbol.params, node.args, strict=True)))


def substituted(node: ex.Expr, env: Mapping[ex.Param, ex.Expr]) -> ex.Expr:
    """The node with expressions for its parameters."""
    if isinstance(node, ex.Param):
        return env.get(node, node)
    return ex.rebuild(node, lambda part: substituted(part, env))


# --- the abstract system


@dataclass(frozen=True)
class Localized:
    """A system cut down to what is visible. ModelError if the set is not closed."""

    system: System
    visible: Set
    lemmas: tuple[Lemma, ...] = ()  # invariants of the system

    def __post_init__(self) -> None:
        if closed(self.system, self.visible) != self.visible:
            raise AssertionError("a set of visible variables that is not closed")

    @cached_property
    def seen(self) -> Mapping[str, Action]:
        """What is left of each action that something is left of, by its name."""
        touching = (act for act in self.system.actions if any(update.target in self.visible for update in act.updates))
        return {act.name: self._action(act) for act in touching}

    @cached_property
    def alike(self) -> Mapping[str, tuple[str, ...]]:
        """Actions of which the same is left, by the name of the first of them."""
        found: dict[object, list[str]] = {}
        for name, act in self.seen.items():
            found.setdefault((act.params, tuple(part.condition for part in act.guards), act.updates), []).append(name)
        return {names[0]: tuple(names) for names in found.values()}

    @cached_property
    def actions(self) -> Mapping[str, Action]:
        """The actions that are left, each once."""
        return {name: self.seen[name] for name in self.alike}

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The names of the actions that nobody sees."""
        return frozenset(act.name for act in self.system.actions) - frozenset(self.seen)

    def kept(self, name: str) -> tuple[int, ...]:
        """The places of an action's parameters that are left."""
        full = next(act for act in self.system.actions if act.name == name).params
        return tuple(full.index(param) for param in self.seen[name].params)

    def with_properties(self, properties: tuple[Property, ...]) -> System:
        """The abstract system with properties of the system. ModelError for one that it does not preserve."""
        for prop in properties:
            if prop.watches_time or not support(prop) <= self.visible:
                raise ModelError(f"property {prop.name} is not preserved when the system is cut down to what is visible")
        actions = tuple(self.actions.values()) or (idle(),)
        deadlines = tuple(dead for one in self.system.deadlines if (dead := self._deadline(one)) is not None)
        made = replace(
            self.system,
            actions=actions,
            deadlines=deadlines,
            properties=(*map(self._property, properties), *self._staying()),
            axioms=(),
            picture=None,
            assumptions=(),
        )
        return replace(made, axioms=tuple(rule for rule in self.system.axioms if _concerns(rule, made)))

    def _property(self, prop: Property) -> Property:
        return replace(prop, premise=weakened(prop.premise, self.visible), cause=None, lemmas=())

    def _action(self, act: Action) -> Action:
        updates = tuple(update for update in act.updates if update.target in self.visible)
        guards = tuple(
            Guard(guard.label, weaker)
            for guard in act.guards
            if (weaker := weakened(guard.condition, self.visible, True, self.lemmas)) != ex.TRUE
        )
        ranged = tuple(Guard(IN_RANGE, condition) for update in updates if (condition := in_range(update)) != ex.TRUE)
        made = replace(act, guards=(*guards, *ranged), updates=updates, says=None, fairness=Fairness.NONE)
        return replace(made, params=tuple(param for param in act.params if param in _spoken_of(made)))

    def _deadline(self, dead: Deadline) -> Deadline | None:
        if not reads(dead.limit) <= self.visible:
            return None
        condition = weakened(dead.condition, self.visible, up=False)
        return None if condition == FALSE else replace(dead, condition=condition)

    def _staying(self) -> tuple[Property, ...]:
        """That no action is kept from happening by the range of an integer, as a property; none where that is plain."""
        said: list[ex.Expr] = []
        for act in self.actions.values():
            may = [guard.condition for guard in act.guards if guard.label != IN_RANGE]
            for guard in act.guards:
                if guard.label == IN_RANGE:
                    stays: ex.Expr = ex.Or((ex.Not(ex.And(tuple(may))), guard.condition))
                    said.append(reduce(lambda body, param: ex.ForAll(param, body), act.params, stays))
        if not said:
            return ()
        return (Property(IN_RANGE, IN_RANGE, "", (), ex.And(tuple(said)), ex.TRUE, None, None),)


def in_range(update: Update) -> ex.Expr:
    """That an update leaves its integer in its range; true if that is plain from the ranges of what it reads."""
    target = update.target.sort if isinstance(update.target, ex.VariableSymbol) else None
    value = update.value.sort
    if not isinstance(target, ex.IntSort) or not isinstance(value, ex.IntSort):
        return ex.TRUE
    bounds: list[ex.Expr] = []
    if value.low < target.low:
        bounds.append(ex.Le(ex.Lit(target.low, ex.IntSort(target.low, target.low)), update.value))
    if value.high > target.high:
        bounds.append(ex.Le(update.value, ex.Lit(target.high, ex.IntSort(target.high, target.high))))
    if not bounds:
        return ex.TRUE
    stays: ex.Expr = ex.conjunction(bounds)
    if update.where != ex.TRUE:
        stays = ex.Or((ex.Not(update.where), stays))
    return reduce(lambda body, param: ex.ForAll(param, body), update.binders, stays)


def _spoken_of(act: Action) -> frozenset[ex.Param]:
    nodes = [guard.condition for guard in act.guards]
    nodes += [node for update in act.updates for node in (update.where, *update.index, update.value)]
    return frozenset().union(*map(ex.free_params, nodes))


def _concerns(rule: Axiom, system: System) -> bool:
    """Does the axiom speak of a constant that the system reads?"""
    constants = {part.symbol for part in ex.walk(rule.body) if isinstance(part, ex.Read)}
    return bool(constants & set(system.constants))


def idle() -> Action:
    """An action for a system that no other is left of."""
    return Action(IDLE, (), (), (), "nobody", None, "Nothing that is visible ever changes.", Fairness.NONE, None)


__all__ = [
    "IN_RANGE",
    "NOTHING",
    "Lemma",
    "Localized",
    "Price",
    "Seen",
    "Set",
    "blame",
    "closed",
    "idle",
    "in_order",
    "reads",
    "substituted",
    "support",
    "weakened",
]
