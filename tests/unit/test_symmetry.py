"""Interchangeable elements, packed states and their canonical form.

Expected groups are of fleets made by hand; the numbers of orbits of the reference walk are published in issue 3.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations

import pytest
import wasmtime
from tests.systems import known, search, timed, untimed
from tests.systems.results import shipped

from udproof.engines.canonical import Canonical
from udproof.engines.ground import GroundSystem
from udproof.engines.packing import Packing
from udproof.engines.symmetry import Block, Symmetry
from udproof.language import (
    Bool,
    Clock,
    Constant,
    Index,
    Instance,
    Int,
    System,
    Variable,
    action,
    deadline,
    exists,
    invariant,
    require,
)
from udproof.language import expressions as ex
from udproof.language.semantics import Semantics, State
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet, Grouping, HostEntry, VmEntry
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of


class Reduced:
    """A system with all that the reduction needs."""

    def __init__(self, system: System) -> None:
        self.semantics = Semantics(system)
        self.ground = GroundSystem(self.semantics, system.checks)
        self.symmetry = Symmetry(self.semantics)
        nest = self.symmetry.slots(self.semantics)
        self.packing = Packing(self.ground, nest)
        self.canonical = Canonical(nest, self.packing)

    def form(self, state: State) -> tuple[int, ...]:
        return self.canonical.words(self.packing.pack(state))


def groups(system: System) -> set[frozenset[frozenset[str]]]:
    """Every group of interchangeable blocks, at any depth, as sets of the names of their elements."""
    symmetry = Symmetry(Semantics(system))
    found: set[frozenset[frozenset[str]]] = set()

    def visit(block: Block) -> None:
        for group in block.groups:
            found.add(frozenset(frozenset(_name(system, element) for element in member.elements()) for member in group))
            for member in group:
                visit(member)

    visit(symmetry.root)
    return found


def _name(system: System, element: tuple[str, int]) -> str:
    sort, place = element
    return system.instance.elements[sort][place]


def fleet(hosts: list[tuple[str, str]], vms: list[tuple[str, str, str | None, int, bool]]) -> System:
    base = read_fleet(path_of("teaching"))
    made = Fleet(
        "by-hand",
        Grouping.UPDATE_DOMAIN,
        base.timing,
        attempts=1,
        approval="any",
        check_placement=True,
        hosts=tuple(HostEntry(*row) for row in hosts),
        vms=tuple(VmEntry(*row) for row in vms),
    )
    return protocol(made, CORE)


def group(*blocks: set[str]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(block) for block in blocks)


# --- which elements are interchangeable


def test_two_vms_on_one_host_are_interchangeable() -> None:
    system = fleet([("a", "s")], [("v", "a", "web", 0, True), ("w", "a", "web", 0, True)])
    assert groups(system) == {group({"v"}, {"w"})}


def test_an_ineligible_vm_is_not_like_an_eligible_one() -> None:
    system = fleet([("a", "s")], [("v", "a", "web", 0, True), ("w", "a", "web", 0, False)])
    assert groups(system) == set()


def test_vms_of_two_sets_on_one_host_go_with_their_sets_and_events() -> None:
    system = fleet([("a", "s")], [("v", "a", "web", 0, True), ("w", "a", "db", 0, True)])
    assert groups(system) == {group({"v", "web", "web@s"}, {"w", "db", "db@s"})}


def test_hosts_of_a_step_with_their_vms() -> None:
    rows = [("v", "a", "web", 0, True), ("w", "b", "web", 0, True)]
    assert groups(fleet([("a", "s"), ("b", "s")], rows)) == {group({"a", "v"}, {"b", "w"})}


def test_steps_with_everything_in_them_and_hosts_and_vms_inside() -> None:
    hosts = [(f"h{d}{n}", f"step-{d}") for d in range(2) for n in range(2)]
    vms = [(f"v{d}{n}{k}", f"h{d}{n}", "web", d, True) for d in range(2) for n in range(2) for k in range(2)]
    found = groups(fleet(hosts, vms))

    def of_host(d: int, n: int) -> set[str]:
        return {f"h{d}{n}", f"v{d}{n}0", f"v{d}{n}1"}

    def of_step(d: int) -> set[str]:
        return {f"step-{d}", f"UD {d}", f"web@step-{d}"} | of_host(d, 0) | of_host(d, 1)

    expected = {group(of_step(0), of_step(1))}
    expected |= {group(of_host(d, 0), of_host(d, 1)) for d in range(2)}
    expected |= {group({f"v{d}{n}0"}, {f"v{d}{n}1"}) for d in range(2) for n in range(2)}
    assert found == expected


def test_unlike_steps_are_told_apart() -> None:
    rows = [("v", "a", "web", 0, True), ("w", "b", "web", 1, True), ("x", "b", "web", 1, True)]
    assert groups(fleet([("a", "s"), ("b", "t")], rows)) == {group({"w"}, {"x"})}


def test_an_element_that_a_formula_names_stays_where_it_is() -> None:
    found = groups(untimed.wolf_goat_cabbage())
    assert found == set()


def test_the_value_of_a_variable_pins_its_sort() -> None:
    assert groups(untimed.peterson()) == set()


def test_bits_are_all_interchangeable() -> None:
    system = untimed.independent_bits(4)
    assert groups(system) == {group({"bit0"}, {"bit1"}, {"bit2"}, {"bit3"})}
    assert not Symmetry(Semantics(system)).trivial


def test_a_ring_is_left_alone_and_says_so() -> None:
    symmetry = Symmetry(Semantics(untimed.philosophers(4)))
    assert symmetry.trivial
    assert symmetry.notes


def test_a_relation_between_interchangeable_elements_is_left_alone_and_says_so() -> None:
    symmetry = Symmetry(Semantics(untimed.grid(2, 2)))
    assert symmetry.trivial
    assert any("lit" in note for note in symmetry.notes)


def _with_deadline(named: bool) -> System:
    class Worker(Index, size=2):
        pass

    busy = Variable("busy", Worker, to=Bool, init=False)
    since = Clock("since", Worker, during=lambda q: busy[q])

    @action
    def work(q: Worker) -> None:
        require(~busy[q])
        busy[q] = True

    @action
    def rest(q: Worker) -> None:
        require(busy[q])
        busy[q] = False

    @invariant(premise=lambda q: busy[q])
    def short(q: Worker) -> Bool:
        """At most 4 s."""
        return since[q] <= 4

    if named:
        due = deadline("due", during=lambda: exists(Worker, lambda q: busy[q]), limit=lambda: since["worker0"] <= 3)
    else:
        due = deadline("due", Worker, during=lambda q: busy[q], limit=lambda q: since[q] <= 3)
    return System("workers", (work, rest), (short,), (due,))


def test_workers_with_the_same_deadline_are_interchangeable() -> None:
    assert groups(_with_deadline(named=False)) == {group({"worker0"}, {"worker1"})}


def test_an_element_that_a_deadline_names_stays_where_it_is() -> None:
    assert groups(_with_deadline(named=True)) == set()


def _with_leader(places: int) -> System:
    class Node(Index, size=places):
        pass

    leader = Constant("leader", to=Node, values=lambda: 0)
    up = Variable("up", Node, to=Bool, init=False)

    @action
    def rise(n: Node) -> None:
        require(up[leader.value] | (n == leader.value))
        up[n] = True

    return System("leader", (rise,))


def test_a_constant_leader_is_not_exchanged() -> None:
    assert groups(_with_leader(2)) == set()


def test_the_followers_of_a_leader_are_interchangeable() -> None:
    assert groups(_with_leader(3)) == {group({"node1"}, {"node2"})}


# --- the canonical form


def automorphisms(system: System) -> Iterator[dict[str, tuple[int, ...]]]:
    """Every permutation of the elements of all sorts that keeps every constant, by brute force; small systems only."""
    sorts = system.index_sorts
    choices: list[dict[str, tuple[int, ...]]] = [{}]
    for sort in sorts:
        choices = [{**chosen, sort.name: order} for chosen in choices for order in permutations(range(len(system.elements(sort))))]
    for chosen in choices:
        if all(
            system.instance.constants[constant.name][tuple(chosen[s.name][at] for s, at in zip(constant.domain, args, strict=True))]
            == (chosen[constant.sort.name][value] if isinstance(constant.sort, ex.IndexSort) else value)
            for constant in system.constants
            for args, value in system.instance.constants[constant.name].items()
        ):
            yield chosen


def moved(semantics: Semantics, chosen: dict[str, tuple[int, ...]], state: State) -> State:
    after = list(state)
    for place, slot in enumerate(semantics.layout.slots):
        args = tuple(chosen[sort.name][at] for sort, at in zip(slot.symbol.domain, slot.args, strict=True))
        after[semantics.layout.position[slot.symbol, args]] = state[place]
    return tuple(after)


SYMMETRIC = {
    "two hosts": lambda: fleet([("a", "s"), ("b", "s")], [("v", "a", "web", 0, True), ("w", "b", "web", 0, True)]),
    "two steps": lambda: fleet([("a", "s"), ("b", "t")], [("v", "a", "web", 0, True), ("w", "b", "web", 1, True)]),
    "a pair": lambda: fleet([("a", "s"), ("b", "t")], [("v", "a", "web", 0, True), ("w", "a", "web", 0, True)]),
    "walk": lambda: timed.walk(2, 2),
    "bits": lambda: untimed.independent_bits(4),
    "workers": lambda: _with_deadline(named=False),
}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_the_canonical_form_is_the_same_for_a_whole_orbit_and_of_it(name: str) -> None:
    reduced = Reduced(SYMMETRIC[name]())
    every = list(automorphisms(reduced.semantics.system))
    assert len(every) > 1
    dice = random.Random(name)
    for state in dice.choices(sorted(search(reduced.semantics.system, ()).states), k=60):
        form = reduced.form(state)
        orbit = {moved(reduced.semantics, chosen, state) for chosen in every}
        assert {reduced.form(one) for one in orbit} == {form}
        assert reduced.packing.unpack(form) in orbit
        assert reduced.canonical.words(form) == form


@pytest.mark.parametrize(("domains", "hosts"), [(2, 2), (3, 3), (5, 2), (2, 4)])
def test_the_reference_walk_has_the_published_number_of_orbits(domains: int, hosts: int) -> None:
    entry = known(f"walk-{domains}-{hosts}")
    reduced = Reduced(entry.build())
    assert _orbits(reduced) == entry.orbits


def _orbits(reduced: Reduced) -> int:
    """One state of each orbit, by a search that goes on from canonical states only."""
    semantics, packing = reduced.semantics, reduced.packing
    seen = {reduced.form(state) for state in semantics.initial()}
    todo = list(seen)
    while todo:
        state = packing.unpack(todo.pop())
        for firing in semantics.enabled(state):
            form = reduced.form(semantics.fire(state, firing))
            if form not in seen:
                seen.add(form)
                todo.append(form)
    return len(seen)


@pytest.mark.parametrize("name", ["two hosts", "two steps", "workers"])
def test_orbits_are_as_many_as_brute_force_finds(name: str) -> None:
    reduced = Reduced(SYMMETRIC[name]())
    every = list(automorphisms(reduced.semantics.system))
    states = search(reduced.semantics.system, ()).states
    orbits = {frozenset(moved(reduced.semantics, chosen, state) for chosen in every) for state in states}
    assert len({reduced.form(state) for state in states}) == len(orbits)


# --- packing


PACKED = ["fischer", "peterson", "two-phase-commit", "any-start", "round-trip", "walk-2-2", "grid", "timelock"]


@pytest.mark.parametrize("name", PACKED)
def test_packing_gives_back_every_reachable_state(name: str) -> None:
    reduced = Reduced(known(name).build())
    states = search(reduced.semantics.system, ()).states
    words = {reduced.packing.pack(state): state for state in states}
    assert len(words) == len(states)
    assert all(reduced.packing.unpack(packed) == state for packed, state in words.items())
    assert all(0 <= word < 1 << 64 for packed in words for word in packed)


@pytest.mark.parametrize("name", ["teaching", "default", "two-sets"])
def test_packing_gives_back_random_runs_of_fleets(name: str) -> None:
    reduced = Reduced(shipped(name))
    packing = reduced.packing
    dice = random.Random(name)
    for state in _run(reduced.semantics, dice, 60 if name == "teaching" else 12):
        packed = packing.pack(state)
        assert packing.unpack(packed) == state
        form = reduced.canonical.words(packed)
        assert reduced.canonical.words(form) == form
        assert sorted(packing.unpack(form)) == sorted(state)  # exchanging blocks moves values, it makes none


def _run(semantics: Semantics, dice: random.Random, steps: int) -> Iterator[State]:
    state = next(semantics.initial())
    for _ in range(steps):
        yield state
        later = semantics.wait(state)
        options = [semantics.fire(state, firing) for firing in semantics.enabled(state)] + ([later] if later is not None else [])
        if not options:
            return
        state = dice.choice(options)


def test_fields_do_not_overlap_and_do_not_straddle_words() -> None:
    packing = Reduced(shipped("default")).packing
    used: dict[int, int] = {}
    for field in packing.fields.values():
        assert field.shift + field.bits <= 64
        assert not used.get(field.word, 0) & field.mask
        used[field.word] = used.get(field.word, 0) | field.mask


def test_a_slot_that_never_changes_takes_no_bits() -> None:
    still = Variable("still", to=Int.between(0, 7), init=5)
    moving = Variable("moving", to=Bool, init=False)

    @action
    def go() -> None:
        require(still.value == 5)
        moving.value = True

    reduced = Reduced(System("still", (go,)))
    assert reduced.packing.bits == 1
    state = next(reduced.semantics.initial())
    assert reduced.packing.unpack(reduced.packing.pack(state)) == state


def test_negative_integers_are_packed() -> None:
    depth = Variable("depth", to=Int.between(-3, -1), init=-2)

    @action
    def sink() -> None:
        require(depth.value >= -2)
        depth.value = depth.value - 1

    @action
    def rise() -> None:
        require(depth.value <= -2)
        depth.value = depth.value + 1

    packing = Reduced(System("depth", (sink, rise))).packing
    assert packing.bits == 2
    assert [packing.unpack(packing.pack((value,))) for value in (-3, -2, -1)] == [(-3,), (-2,), (-1,)]


class Sorter:
    """The compiled canonical form of a system by itself: a state in, its canonical form out."""

    def __init__(self, reduced: Reduced) -> None:
        self.packing, canonical = reduced.packing, reduced.canonical
        everything = range(reduced.packing.size)
        blocks = "\n".join(
            f"""(func (export "move{group.number}_{place}") (param $p i32) {canonical.sorted(inside, "p")})"""
            for group in canonical.groups
            for place, inside in enumerate(group.member_slots)
        )
        weights = "\n".join(
            f"(i64.store offset={8 * place} (i32.const 4096) {weight})" for place, weight in enumerate(canonical.weights())
        )
        text = f"""(module (memory (export "memory") 1) {canonical.functions()} {blocks}
            (func (export "sort") (param $p i32) {canonical.sorted(everything, "p")})
            (func (export "weight") (param $s i32) {canonical.locals()} {weights}))"""
        self.canonical = canonical
        self.store = wasmtime.Store()
        self.exports = wasmtime.Instance(self.store, wasmtime.Module(self.store.engine, text), []).exports(self.store)
        self.memory = self.exports["memory"]

    def call(self, name: str, words: tuple[int, ...]) -> tuple[tuple[int, ...], int | None]:
        form = f"<{self.packing.words}Q"
        self.memory.write(self.store, struct.pack(form, *words), 0)
        result = self.exports[name](self.store, 0)
        return struct.unpack(form, self.memory.read(self.store, 0, 8 * self.packing.words)), result

    def weight(self, words: tuple[int, ...]) -> int:
        """The size of the orbit of a canonical state, as the compiled code adds it up."""
        self.call("weight", words)
        parts = len(self.canonical.moduli) or 1
        return self.canonical.total(struct.unpack(f"<{parts}Q", self.memory.read(self.store, 4096, 4096 + 8 * parts)))


def _grouped(members: int, values: int, pieces: int) -> System:
    """`members` interchangeable cells with `pieces` numbers each, and inside each a pair of interchangeable bits."""

    class Cell(Index, size=members):
        pass

    class Half(Index, size=2 * members):
        pass

    cell_of = Constant("cell_of", Half, to=Cell, values=lambda h: h // 2)
    numbers = [Variable(f"number{piece}", Cell, to=Int.between(0, values - 1), init=0) for piece in range(pieces)]
    lit = Variable("lit", Half, to=Bool, init=False)

    @action
    def step(h: Half) -> None:
        lit[h] = ~lit[h]
        for number in numbers:
            number[cell_of[h]] = values - 1 - number[cell_of[h]]

    return System("grouped", (step,))


# the last two are counted by remainders
GROUPED = [(1, 2, 1), (2, 2, 1), (3, 3, 2), (5, 4, 1), (4, 2**20, 3), (4, 2**16, 9), (13, 4, 1), (16, 2, 2), (24, 3, 1)]


@pytest.mark.parametrize(("members", "values", "pieces"), GROUPED)
def test_compiled_and_plain_canonical_forms_agree(members: int, values: int, pieces: int) -> None:
    reduced = Reduced(_grouped(members, values, pieces))
    sorter, packing, canonical = Sorter(reduced), reduced.packing, reduced.canonical
    assert len(canonical.groups) == members + (members > 1)
    dice = random.Random(members)
    sizes = [len(reduced.semantics.values(slot.symbol.sort)) for slot in reduced.semantics.layout.slots]  # type: ignore[union-attr]
    few = [dice.randrange(size) for size in sizes]

    def anything() -> State:
        return tuple(dice.choice((0, size - 1, fixed, dice.randrange(size))) for size, fixed in zip(sizes, few, strict=True))

    for _ in range(60):
        words = packing.pack(anything())
        form, _ = sorter.call("sort", words)
        assert form == canonical.words(words)
        assert sorter.weight(form) == canonical.stands_for(form)
        group = dice.choice(canonical.groups)
        place = dice.randrange(len(group.members))
        state, other = list(packing.unpack(form)), anything()
        for slot in group.member_slots[place]:  # one block of a canonical state changes
            state[slot] = other[slot]
        changed = packing.pack(tuple(state))
        assert sorter.call(f"move{group.number}_{place}", changed)[0] == canonical.words(changed)


def test_instances_with_other_names_have_the_same_symmetry() -> None:
    system = timed.walk(2, 2)
    renamed = system.at(
        Instance(elements={"Domain": ("x", "y"), "Host": ("p", "q", "r", "s")}, constants=dict(system.instance.constants))
    )
    assert len(groups(renamed)) == len(groups(system)) == 3
    assert Fraction(1) == Semantics(renamed).time.unit
