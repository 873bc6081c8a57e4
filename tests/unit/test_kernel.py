"""The search kernel: exact counts, whatever the workers, batches and tables; what is seen; predecessors; the end of memory.

Two references that share nothing with it: the naive search through the semantics, and plain Python. A search up to symmetry is
held to the orbits of the full one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st
from tests.systems import KNOWN, Known, known, search

from udproof.engines.canonical import Canonical
from udproof.engines.emit import Model, emit
from udproof.engines.ground import GroundSystem
from udproof.engines.kernel import kernel, layout_of
from udproof.engines.machine import Machine, Status, Tuning
from udproof.engines.packing import ALWAYS, MARK, Packing
from udproof.engines.stored import stored, unstored
from udproof.engines.symmetry import Nest, Symmetry
from udproof.engines.table import COUNTERS, Layout
from udproof.language import System
from udproof.language.semantics import Semantics, State
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of

AT_ONCE = Tuning(team_frontier=1, team_states=1)  # a team from the first level on
Words = tuple[int, ...]


class Compiled:
    """A system as the kernel gets it."""

    def __init__(self, system: System, symmetric: bool = False) -> None:
        self.semantics = Semantics(system)
        self.ground = GroundSystem(self.semantics, system.checks)
        nest = Symmetry(self.semantics).slots(self.semantics) if symmetric else Nest(tuple(range(len(self.semantics.layout.slots))))
        self.packing = Packing(self.ground, nest)
        self.canonical = Canonical(nest, self.packing) if symmetric else None
        self.model = emit(self.ground, self.packing, self.canonical, COUNTERS)

    def initial(self) -> list[Words]:
        packed = [self.packing.pack(state) for state in self.semantics.initial()]
        return sorted({self.canonical.words(words) if self.canonical else words for words in packed})

    def next(self, state: State) -> set[State]:
        """What the reference semantics says may follow, in one step: a firing, or a wait of any length."""
        after = {self.semantics.fire(state, firing) for firing in self.semantics.enabled(state)}
        later = self.semantics.wait(state) if self.model.timed else None
        while later is not None and later != state and later not in after:
            after.add(later)
            state, later = later, self.semantics.wait(later)
        return after


@dataclass
class Searched:
    """What a search found."""

    states: int
    widths: list[int]
    counters: dict[str, int]
    seen: dict[int, tuple[int, Words]]  # bit -> level, state
    saved: list[bytes]


def drive(machine: Machine, initial: list[Words], budget: int = 1 << 20) -> Searched:
    """All levels."""
    widths: list[int] = []
    saved: list[bytes] = []
    seen: dict[int, tuple[int, Words]] = {}
    machine.add(initial)
    while width := machine.turn():
        widths.append(width)
        saved.append(b"".join(machine.frontier()))
        while (status := machine.run(budget)) is Status.MORE:
            pass
        assert status is Status.LEVEL_DONE
        new = machine.seen()
        seen |= {bit: (len(widths) - 1, words) for bit, words in new.items()}
        machine.know(sum(1 << bit for bit in new))
    return Searched(machine.states, widths, machine.counters(), seen, saved)


def searched(compiled: Compiled, workers: int = 1, tuning: Tuning | None = None, budget: int = 1 << 20) -> Searched:
    with Machine(compiled.model, workers, tuning=tuning) as machine:
        return drive(machine, compiled.initial(), budget)


def fleet(name: str) -> System:
    return protocol(read_fleet(path_of(name)), CORE)


@cache
def compiled_of(name: str) -> Compiled:
    """A known system, compiled once for several tests."""
    return Compiled(known(name).build())


# The walks with thousands of states take most of the time; one of them is enough where each entry is searched again and again.
few = pytest.mark.parametrize("entry", [entry for entry in KNOWN if entry.states < 10_000], ids=lambda entry: entry.name)
every = pytest.mark.parametrize("entry", [entry for entry in KNOWN if entry.states < 20_000], ids=lambda entry: entry.name)


# --- counts


@every
def test_states_and_levels_are_those_known(entry: Known) -> None:
    found = searched(Compiled(entry.build()))
    assert (found.states, len(found.widths) - 1) == (entry.states, entry.depth)
    assert sum(found.widths) == entry.states


@pytest.mark.parametrize(("name", "states"), [("lone-vm", 145), ("teaching", 4_685)])
def test_fleets(name: str, states: int) -> None:
    assert searched(Compiled(fleet(name))).states == states


@few
def test_neither_workers_nor_batches_nor_budgets_show(entry: Known) -> None:
    compiled = compiled_of(entry.name)
    plain = searched(compiled)
    for workers, tuning, budget in [
        (1, Tuning(batch=1), 7),
        (1, Tuning(slots=1 << 17), 1 << 20),  # large enough for buckets
        (2, AT_ONCE, 50),
        (2, Tuning(team_frontier=20, team_states=100), 1 << 20),  # a team in the middle of the search
        (3, replace(AT_ONCE, batch=3, slots=1), 1 << 20),
        (2, replace(AT_ONCE, slots=1 << 18), 1 << 20),
    ]:
        other = searched(compiled, workers, tuning, budget)
        assert (other.states, other.widths, other.counters, other.seen) == (plain.states, plain.widths, plain.counters, plain.seen)
        assert [kept(compiled.model, level) for level in other.saved] == [kept(compiled.model, level) for level in plain.saved]


def kept(model: Model, level: bytes) -> list[Words]:
    """The states of a level in a fixed order, as they are stored, without marks."""
    return sorted(unmarked(model, words) for words in entries(model, level))


def sets_of(compiled: Compiled, level: bytes) -> set[State]:
    return set(states_of(compiled, level))


def states_of(compiled: Compiled, level: bytes) -> Iterator[State]:
    for words in entries(compiled.model, level):
        yield compiled.packing.unpack(unstored(unmarked(compiled.model, words)))


def entries(model: Model, level: bytes) -> Iterator[Words]:
    return struct.iter_unpack(f"<{model.words}Q", level)


def unmarked(model: Model, words: Words) -> Words:
    return (*words[:-1], words[-1] & ~MARK) if model.timed else words


@every
def test_up_to_symmetry_the_states_are_the_orbits(entry: Known) -> None:
    compiled = Compiled(entry.build(), symmetric=True)
    assert compiled.canonical is not None
    found = searched(compiled)
    assert entry.orbits in (None, found.states)
    if entry.states > 5_000:
        return  # the reference takes long
    orbits = {compiled.canonical.words(compiled.packing.pack(state)) for state in search(entry.build()).states}
    assert found.states == len(orbits)
    kept = {unstored(unmarked(compiled.model, words)) for level in found.saved for words in entries(compiled.model, level)}
    assert kept == orbits


def test_a_table_that_grows_many_times_loses_nothing() -> None:
    bits = 17
    with Machine(counter(bits), tuning=Tuning(slots=1)) as machine:
        found = drive(machine, [(0,)])
    assert found.states == 1 << bits
    assert found.widths[:3] == [1, bits, bits * (bits - 1) // 2]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_through_buckets_nothing_is_lost_either(workers: int) -> None:
    bits = 19
    with Machine(counter(bits), workers, tuning=Tuning(team_frontier=20_000, team_states=50_000)) as machine:
        found = drive(machine, [(0,)], budget=30_000)
    assert found.states == 1 << bits
    assert found.counters == {"set": bits << (bits - 1)}


@pytest.mark.parametrize("words", [2, 3, 5])
def test_states_of_several_words(words: int) -> None:
    bits = 17
    with Machine(counter(bits, words)) as machine:
        assert drive(machine, [(0,) * (words - 1) + (ALWAYS,)]).states == 1 << bits


def counter(bits: int, words: int = 1) -> Model:
    """A model made by hand: sets any one bit, spread over all words, of those that are not set."""
    puts: list[str] = []
    for bit in range(bits):
        mask = f"(i64.const {1 << bit // words})"
        to = [f"(local.get $s{word})" for word in range(words)]
        place = bit % words
        to[place] = f"(i64.or {to[place]} {mask})"
        stores = "".join(f"(i64.store offset={8 * word} (local.get $o) {text})" for word, text in enumerate(to))
        count = f"(i64.store (i32.const {COUNTERS}) (i64.add (i64.load (i32.const {COUNTERS})) (i64.const 1)))"
        advance = f"(local.set $o (i32.add (local.get $o) (i32.const {8 * words})))"
        puts.append(f"(if (i64.eqz (i64.and (local.get $s{place}) {mask})) (then {stores} {advance} {count}))")
    return Model(words, False, " ".join(puts), "(i64.const 0)", "", "", bits, ("set",), ())


# --- the stored form


@given(st.lists(st.integers(0, (1 << 64) - 1), min_size=1, max_size=5))
def test_the_stored_form_is_a_bijection(words: list[int]) -> None:
    assert list(unstored(stored(words))) == words
    assert list(stored(unstored(words))) == words


def test_both_texts_of_the_stored_form_agree() -> None:
    compiled = Compiled(known("two-phase-commit").build(), symmetric=False)
    with Machine(compiled.model) as machine:
        saved = drive(machine, compiled.initial()).saved
    reference = search(known("two-phase-commit").build()).states
    assert {words for level in saved for words in entries(compiled.model, level)} == {
        stored(compiled.packing.pack(state)) for state in reference
    }


def test_regions_do_not_overlap() -> None:
    for words in (1, 2, 3, 20, 200):
        for fanout in (1, 5_000):
            layout = Layout(words, words > 1, fanout, 512)
            assert layout.stride & (layout.stride - 1) == 0
            ends = [(start, start + size) for start, size in layout.regions().values()]
            assert all(before[1] <= after[0] for before, after in pairwise(ends))
            assert layout.frontier >= ends[-1][1]


# --- marks


def test_marks_are_in_the_frontier_only_and_tell_nothing_apart() -> None:
    compiled = Compiled(fleet("teaching"))
    with Machine(compiled.model) as machine:
        found = drive(machine, compiled.initial())
        marked = sum(bool(words[-1] & MARK) for level in found.saved for words in entries(compiled.model, level))
        assert 0 < marked < found.states
        for level in found.saved:  # all known, with or without marks
            machine.load_level(level)
        assert machine.states == found.states
        assert machine.turn() == 0


def test_a_marked_state_does_not_wait_again() -> None:
    compiled = Compiled(fleet("lone-vm"))
    semantics, packing = compiled.semantics, compiled.packing
    for level in searched(compiled).saved[:12:3]:
        for state in states_of(compiled, level):
            fired = {semantics.fire(state, firing) for firing in semantics.enabled(state)}
            first, *others = stored(packing.pack(state))
            for mark, expected in ((0, compiled.next(state)), (MARK, fired)):
                with Machine(compiled.model) as machine:
                    machine.load_level(struct.pack("<2Q", first, others[0] | mark), frontier=True)
                    machine.turn()
                    assert machine.run(1) is Status.LEVEL_DONE
                    machine.turn()
                    assert sets_of(compiled, b"".join(machine.frontier())) == expected - {state}


# --- what is seen


@every
def test_the_smallest_state_of_its_level_is_seen(entry: Known) -> None:
    compiled = compiled_of(entry.name)
    if entry.states > 5_000:
        pytest.skip("the reference takes long")
    found = searched(compiled)
    semantics, pack = compiled.semantics, compiled.packing.pack
    for place, prop in enumerate(semantics.system.checks):
        for bit, shows in ((place, semantics.breaking), (32 + place, semantics.reaches)):
            per_level = [
                sorted(stored(pack(state)) for state in states_of(compiled, level) if shows(prop, state) is not None)
                for level in found.saved
            ]
            first = next((number for number, level in enumerate(per_level) if level), None)
            expected = None if first is None else (first, unstored(per_level[first][0]))
            assert found.seen.get(bit) == expected


# --- predecessors


@pytest.mark.parametrize("workers", [1, 2])
@few
def test_chains_of_predecessors_are_runs_of_the_semantics(entry: Known, workers: int) -> None:
    compiled = compiled_of(entry.name)
    with Machine(compiled.model, workers, tuning=AT_ONCE) as machine:
        found = drive(machine, compiled.initial())
        counters, states = machine.counters(), machine.states
        target = min(unstored(unmarked(compiled.model, words)) for words in entries(compiled.model, found.saved[-1]))
        chain = [target]
        for level in reversed(found.saved[:-1]):
            before = machine.predecessor([level], chain[-1])
            assert before is not None
            after = compiled.packing.unpack(chain[-1])
            few = states_of(compiled, level) if len(level) < 1_000 else ()  # the reference takes long
            leading = [state for state in few if after in compiled.next(state)]
            if leading:
                assert stored(before) == min(stored(compiled.packing.pack(state)) for state in leading)
            chain.append(before)
        assert (machine.counters(), machine.states) == (counters, states)
    run = [compiled.packing.unpack(words) for words in reversed(chain)]
    assert run[0] in set(compiled.semantics.initial())
    for before_state, after_state in pairwise(run):
        assert after_state in compiled.next(before_state)


# --- resuming


@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_goes_on_from_saved_levels(workers: int) -> None:
    compiled = Compiled(fleet("teaching"))
    whole = searched(compiled)
    for at in (0, 1, 30, len(whole.saved) - 1):
        with Machine(compiled.model, workers, tuning=AT_ONCE) as machine:
            for level in whole.saved[:at]:
                machine.load_level(level)
            machine.load_level(whole.saved[at], frontier=True)
            assert machine.states == sum(whole.widths[: at + 1])
            rest = drive(machine, [])
        assert rest.widths == whole.widths[at:]
        assert rest.states == whole.states


# --- the end of memory


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("limit", [3 << 20, 6 << 20, 16 << 20])
def test_memory_that_ends_is_said_and_stays_so(limit: int, workers: int) -> None:
    with Machine(counter(22), workers, limit, replace(AT_ONCE, team_frontier=10_000)) as machine:
        machine.add([(0,)])
        status = Status.LEVEL_DONE
        while status is Status.LEVEL_DONE:
            assert machine.turn()
            while (status := machine.run(10_000)) is Status.MORE:
                assert machine.memory() <= limit
        assert status is Status.OUT_OF_MEMORY
        assert machine.run(1) is Status.OUT_OF_MEMORY
        assert machine.states < 1 << 22
        with pytest.raises(MemoryError, match="limit"):
            machine.turn()


@pytest.mark.parametrize("limit", [0, 1 << 19, 1 << 20])
def test_no_room_for_a_first_state_is_said_at_once(limit: int) -> None:
    with Machine(counter(20), memory_limit=limit) as machine:
        with pytest.raises(MemoryError, match="limit"):
            machine.add([(0,)])
        assert machine.run(1) is Status.OUT_OF_MEMORY
        with pytest.raises(MemoryError, match="limit"):
            machine.turn()


def test_a_saved_level_that_does_not_fit_is_said_at_once() -> None:
    level = b"".join(stored((word,))[0].to_bytes(8, "little") for word in range(1 << 18))
    for frontier in (False, True):
        with Machine(counter(20), memory_limit=3 << 20) as machine, pytest.raises(MemoryError, match="limit"):
            machine.load_level(level, frontier)


def test_predecessors_are_found_when_memory_has_ended() -> None:
    with Machine(counter(20), memory_limit=6 << 20) as machine:
        machine.add([(0,)])
        levels: list[bytes] = []
        while machine.turn():
            levels.append(b"".join(machine.frontier()))
            if machine.run(1 << 20) is Status.OUT_OF_MEMORY:
                break
        assert machine.predecessor([levels[1]], (3,)) in {(1,), (2,)}


def test_a_limit_that_is_enough_is_no_limit() -> None:
    with Machine(counter(18)) as machine:
        drive(machine, [(0,)])
        held = machine.memory()
    with Machine(counter(18), memory_limit=held) as machine:
        assert drive(machine, [(0,)]).states == 1 << 18


def test_a_level_cannot_be_ended_early() -> None:
    with Machine(counter(10), tuning=Tuning(batch=1)) as machine:
        machine.add([(0,), (1,)])
        machine.turn()
        assert machine.run(1) is Status.MORE
        with pytest.raises(RuntimeError, match="run until"):
            machine.turn()


# --- the text


def test_the_module_is_valid_for_every_number_of_words() -> None:
    engine = wasmtime.Engine()
    for words in (1, 2, 7, 20):
        model = counter(3, words)
        for timed in {False, words > 1}:
            module = replace(model, timed=timed)
            wasmtime.Module.validate(engine, wasmtime.wat2wasm(kernel(module, layout_of(module))))
