"""A run of the protocol told by names: what is done, what is refused and why, and what the state then is."""

from __future__ import annotations

from dataclasses import replace

from tests.systems.results import shipped, violation

from udproof.language import System
from udproof.language import expressions as ex
from udproof.language.semantics import Firing, Semantics
from udproof.properties import of as properties_of
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet, Grouping, HostEntry, VmEntry
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.mutants import named

Host, Vm = tuple[str, str], tuple[str, str, str | None, int, bool]
TICK = 5  # seconds: every time of the teaching fleet is a multiple


def fleet(hosts: list[Host], vms: list[Vm], **more: object) -> Fleet:
    made = Fleet(
        "by-hand",
        Grouping.UPDATE_DOMAIN,
        read_fleet(path_of("teaching")).timing,  # notice 20, recovery 30, applying 5 to 20, watchdog 15, restoring and rollback 5
        attempts=2,
        approval="any",
        check_placement=True,
        hosts=tuple(HostEntry(*row) for row in hosts),
        vms=tuple(VmEntry(*row) for row in vms),
    )
    return replace(made, **more)  # type: ignore[arg-type]


class Story:
    """A run told by names: what is allowed, what is refused and why, and what the state then is."""

    def __init__(self, of: Fleet | System) -> None:
        self.system = of if isinstance(of, System) else protocol(of, properties_of(of))
        self.semantics = Semantics(self.system)
        assert self.semantics.time.unit == TICK
        [self.state] = self.semantics.initial()

    def _firing(self, name: str, names: tuple[str, ...]) -> Firing:
        for firing in self.semantics.firings:
            if firing.action.name == name and self._names(firing) == names:
                return firing
        raise KeyError((name, names))

    def _names(self, firing: Firing) -> tuple[str, ...]:
        pairs = zip(firing.action.params, firing.args, strict=True)
        return tuple(self.system.elements(node.sort)[at] for node, at in pairs)

    def do(self, name: str, *names: str) -> Story:
        """Fire an action that is not refused; every property holds afterwards."""
        self.tell(name, *names)
        assert self.broken() == set()
        return self

    def tell(self, name: str, *names: str) -> Story:
        """Fire an action that is not refused, whatever that breaks."""
        assert self.refused(name, *names) == []
        self.state = self.semantics.fire(self.state, self._firing(name, names))
        return self

    def wait(self, seconds: int) -> Story:
        """Let time pass; every property holds all along."""
        for _ in range(seconds // TICK):
            self.pass_time(TICK)
            assert self.broken() == set()
        return self

    def pass_time(self, seconds: int) -> Story:
        """Let time pass, whatever that breaks."""
        for _ in range(seconds // TICK):
            later = self.semantics.wait(self.state)
            assert later is not None, [due.name for due, _ in self.semantics.blocked_by(self.state)]
            self.state = later
        return self

    def broken(self) -> set[str]:
        """The properties that do not hold now."""
        return {prop.name for prop in self.system.checks if self.semantics.breaking(prop, self.state) is not None}

    def refused(self, name: str, *names: str) -> list[str]:
        return [guard.label for guard in self.semantics.refused(self.state, self._firing(name, names))]

    def can(self) -> set[str]:
        return {f"{firing.action.name} {' '.join(self._names(firing))}" for firing in self.semantics.enabled(self.state)}

    def held_by(self) -> set[str]:
        return {due.name for due, _ in self.semantics.blocked_by(self.state)}

    def __getitem__(self, key: tuple[str, ...]) -> str | int:
        """The value of a variable or clock: an enumeration's member by name, a clock in seconds."""
        name, *elements = key
        for place, slot in enumerate(self.semantics.layout.slots):
            symbol = slot.symbol
            of = tuple(self.system.elements(sort)[at] for sort, at in zip(symbol.domain, slot.args, strict=True))
            if symbol.name == name and of == tuple(elements):
                if isinstance(symbol, ex.ClockSymbol):
                    return self.state[place] * TICK
                return self._value(symbol.sort, self.state[place])
        raise KeyError(key)

    def _value(self, sort: ex.Sort, code: int) -> str | int:
        match sort:
            case ex.EnumSort(members=members):
                return members[code]
            case ex.IndexSort():
                return self.system.elements(sort)[code]
        return code

    def to_freeze(self, host_: str, step: str, *told: str) -> Story:
        self.do("announce", step)
        for event in told:
            self.do("approve", next(entry for entry in self.system.elements(sort_named(self.system, "Vm"))), event).do(
                "start", event
            )
        return self.do("begin", host_).do("freeze", host_)


def sort_named(system: System, name: str) -> ex.IndexSort:
    [sort] = [sort for sort in system.index_sorts if sort.name == name]
    return sort


def check_shortest(name: str, run: str) -> None:
    """A run by hand, "action element ...; wait seconds; ...", breaks the property of a mutant, at its end; and none is shorter."""
    mutant = named(name)
    story = Story(mutant.change(shipped(mutant.fleet)))
    steps = [step.split() for step in run.split("; ")]
    for action, *names in steps:
        assert mutant.breaks not in story.broken(), (action, *names)
        if action == "wait":
            story.pass_time(int(names[0]))
        else:
            story.tell(action, *names)
    assert mutant.breaks in story.broken()
    trace, prop = violation(name)
    assert (prop.name, len(trace.steps)) == (mutant.breaks, len(steps))
