"""Exhaustive search in dense time: states of the variables with zones of clock readings, breadth first, exact, compiled.

A wait of 15 minutes costs one state here, whatever the unit of time: the readings that it leads to are one zone (Dill 1989). The
system is taken apart into variables and bounds on clocks (`zone_system`), the constants that matter are found (`bounds`), states
are packed and brought into order as in the search in ticks, and WebAssembly made for the system searches (`zone_emit`,
`zone_kernel`, `zone_machine`). Time is dense, so guards may compare strictly, and "time can pass" is decided for every instant
and not for whole ticks only.

The number of zones depends on what is forgotten: LU-extrapolation with bounds by state (Behrmann, Bouyer, Larsen, Pelanek 2006),
and a zone inside another is not kept. Which states of the variables are reached does not depend on that: `Figures.states` counts
them, `Figures.stored` the zones. The forgetting is exact for what is asked here: clocks are compared with constants only, and
every bound in a property is among those that are not forgotten.

One search decides: it holds all readings that waiting leads to together. If it finds a violation, a second one takes waiting as a
step, as runs count it, and finds a run of the fewest steps; or, where that is asked for, further ones find a run of the least time
(`zone_fastest`). A run is made concrete by `zone_runs` and replayed by the reference semantics.
"""

from __future__ import annotations

from dataclasses import dataclass

from udproof.counterexamples.explain import duration
from udproof.counterexamples.trace import Trace
from udproof.engines.limits import Stop, Watch, check_request, resident_memory
from udproof.engines.overflow import raise_overflow
from udproof.engines.verdict import Figures, Limits, Minimum, Outcome, Progress, Result, Verdict, breaks, length
from udproof.engines.zone_emit import OVERFLOW, PREMISE, STUCK
from udproof.engines.zone_fastest import sooner
from udproof.engines.zone_machine import ZoneMachine
from udproof.engines.zone_search import Prepared, Search
from udproof.language import ModelError, Property, System

ABSTRACTION = "LU-extrapolation, inclusion"


class Zones:
    """The engine; see the module."""

    name = "zones"

    def __init__(self, minimum: Minimum = "steps") -> None:
        """`minimum` says what a run that breaks a property has the least of."""
        self._minimum = minimum

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Decide the properties in dense time. ModelError if the system has no zones, or for a limit that is not kept here."""
        check_request(system, properties)
        if limits.checkpoints is not None:
            raise ModelError("the search by zones keeps no checkpoints; leave them out, or search in ticks (engine explore)")
        watch = Watch(limits, progress)
        run = _Run(system, properties, limits, watch, self._minimum)
        try:
            run.search()
        except Stop as reason:
            run.stopped = str(reason)
        except KeyboardInterrupt:
            run.stopped, run.interrupted = "it was interrupted", True
        try:
            return run.result()
        finally:
            run.close()


@dataclass(frozen=True, slots=True)
class _Broken:
    """A run that breaks a property, what is said of it, and whether no run with fewer steps does."""

    trace: Trace
    reason: str
    shortest: bool


@dataclass(slots=True)
class _Run:
    """One call of the engine: the search that decides, and what came out of it."""

    system: System
    properties: tuple[Property, ...]
    limits: Limits
    watch: Watch
    minimum: Minimum
    code: Prepared | None = None
    first: Search | None = None
    stopped: str | None = None
    interrupted: bool = False

    def close(self) -> None:
        """Give memory back."""
        if self.first is not None:
            self.first.machine.close()

    def search(self) -> None:
        """Decide. Stop if something ends the work early."""
        self.watch.look()
        self.code = Prepared(self.system, self.properties, self.limits, self.watch)
        self.first = Search(self.code, self.watch, ZoneMachine(self.code.code, True, self.watch.room), True)
        for _ in self.first.levels():
            if OVERFLOW in self.first.found:
                raise_overflow(self.first.trace(OVERFLOW))
            violated = self.violated
            if violated and self.limits.stop_at_first:
                raise Stop("it was told to stop at the first violation")
            if len(violated) == len(self.properties):
                raise Stop("every property is violated")

    @property
    def violated(self) -> dict[int, int]:
        """The numbers of the violated properties, each with the bit that showed it."""
        if self.first is None:
            return {}
        bits = {place: STUCK if prop.watches_time else place for place, prop in enumerate(self.properties)}
        return {place: bit for place, bit in bits.items() if bit in self.first.found}

    # --- the answer

    def result(self) -> Result:
        """What is known."""
        figures = Figures(0, 0, 0, 0, self.watch.seconds, 0, resident_memory())
        fired = dict.fromkeys((act.name for act in self.system.actions), 0)
        notes: tuple[str, ...] = ()
        if self.first is not None and self.code is not None:
            self.first.note()
            figures = self.first.figures()
            fired |= self.first.machine.counters()
            notes = (*self.code.notes, f"{figures.stored} zones over {figures.states} states of the variables ({ABSTRACTION})")
        violated = self.violated
        traces = self._traces(violated)
        return Result(
            engine=Zones.name,
            scope="this fleet",
            verdicts=tuple(self._verdict(place, figures, traces.get(place)) for place in range(len(self.properties))),
            figures=figures,
            complete=self.stopped is None,
            fired=fired,
            stopped=self.stopped,
            interrupted=self.interrupted,
            notes=notes,
            symmetry=self.limits.symmetry,
            minimum=self.minimum,
        )

    def _traces(self, violated: dict[int, int]) -> dict[int, _Broken]:
        """A run of the least steps, or time, for each violated property; if a limit ends the search for it, the best found."""
        return {} if not violated else self._shortest(violated) if self.minimum == "steps" else self._soonest(violated)

    def _shortest(self, violated: dict[int, int]) -> dict[int, _Broken]:
        assert self.code is not None and self.first is not None
        found: dict[int, _Broken] = {}
        problem = ""
        try:
            with ZoneMachine(self.code.code, False, self.watch.room) as machine:
                second = Search(self.code, self.watch, machine, False)
                try:
                    for _ in second.levels():
                        if all(bit in second.found for bit in violated.values()):
                            break
                except (Stop, KeyboardInterrupt) as reason:
                    problem = self._problem(reason)
                for place, bit in violated.items():
                    if bit in second.found:
                        trace = second.trace(bit)
                        found[place] = _Broken(trace, breaks(trace), True)
        except MemoryError:
            problem = self.watch.memory_reached()
        for place, bit in violated.items():
            if place not in found:
                trace = self.first.trace(bit)
                said = f"a run that breaks it has {length(trace)}; the search for a shorter one ended: {problem}"
                found[place] = _Broken(trace, said, False)
        return found

    def _soonest(self, violated: dict[int, int]) -> dict[int, _Broken]:
        assert self.first is not None
        found: dict[int, _Broken] = {}
        for place, bit in violated.items():
            trace, problem = self.first.trace(bit), ""
            try:
                for better in sooner(self.system, self.properties[place], trace, self.limits, self.watch):
                    trace = better
            except (Stop, KeyboardInterrupt, MemoryError) as reason:
                problem = self._problem(reason)
            taken, steps = duration(trace.seconds(trace.steps[-1].time if trace.steps else 0)), length(trace)
            if problem:
                said = f"a run that breaks it takes {taken} and {steps}; the search for a sooner one ended: {problem}"
            else:
                said = f"a soonest run that breaks it takes {taken}, and of those the shortest has {steps}"
            found[place] = _Broken(trace, said, False)
        return found

    def _problem(self, reason: BaseException) -> str:
        match reason:
            case KeyboardInterrupt():
                return "it was interrupted"
            case MemoryError():
                return self.watch.memory_reached()
        return str(reason)

    def _verdict(self, place: int, figures: Figures, broken: _Broken | None) -> Verdict:
        prop = self.properties[place]
        search = self.first
        witness = None
        if search is not None and PREMISE + place in search.found:
            witness = search.trace(PREMISE + place)
        if broken is not None:
            if broken.trace.semantics.breaking(prop, broken.trace.last) is None:
                raise AssertionError(f"the search says that {prop.name} is violated, the reference semantics that it holds")
            return Verdict(prop, Outcome.VIOLATED, broken.reason, broken.trace, witness, shortest=broken.shortest)
        counted = f"{figures.stored} zones, over {figures.states} states of the variables"
        if self.stopped is not None:
            reason = f"not decided: in {counted}, to depth {figures.depth}, it is not broken, then {self.stopped}"
            return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
        if witness is None:
            return Verdict(prop, Outcome.VACUOUS, f"its premise holds in none of the {counted}, so nothing was tested")
        return Verdict(prop, Outcome.PROVED, f"it holds in all {counted} ({ABSTRACTION})", None, witness)
