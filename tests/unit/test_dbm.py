"""Difference bound matrices against sets of readings: every operation, checked on a grid of quarters."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from udproof.engines import dbm
from udproof.engines.dbm import INFINITY, ZERO, Matrix, bound

CLOCKS, MOST = 2, 3
GRID = [Fraction(n, 4) for n in range(4 * (MOST + 2) + 1)]
few = settings(max_examples=max(settings().max_examples // 4, 1))


def holds(zone: Matrix, readings: tuple[Fraction, ...]) -> bool:
    """Are these readings in the zone?"""
    values = (Fraction(0), *readings)
    return all(
        limit == INFINITY or values[i] - values[j] < limit >> 1 or (limit & 1 == 1 and values[i] - values[j] == limit >> 1)
        for i, row in enumerate(zone)
        for j, limit in enumerate(row)
    )


def points(zone: Matrix) -> set[tuple[Fraction, ...]]:
    return {readings for readings in product(GRID, repeat=CLOCKS) if holds(zone, readings)}


@st.composite
def zones(draw: st.DrawFn) -> Matrix:
    """A closed zone that is not empty: what waiting and cuts make of the origin."""
    zone = dbm.origin(CLOCKS)
    for _ in range(draw(st.integers(1, 3))):
        dbm.let_time_pass(zone)
        for i, j, limit in draw(st.lists(cuts(), max_size=2)):
            assume(dbm.constrain(zone, i, j, limit))
        clock = draw(st.integers(0, CLOCKS))
        zone = dbm.gathered(zone, [0 if row == clock else row for row in range(1, CLOCKS + 1)])
    return zone


def cuts() -> st.SearchStrategy[tuple[int, int, int]]:
    upper = st.tuples(st.integers(1, CLOCKS), st.just(0), st.builds(bound, st.integers(0, MOST), st.booleans()))
    lower = st.tuples(st.just(0), st.integers(1, CLOCKS), st.builds(bound, st.integers(-MOST, 0), st.booleans()))
    return upper | lower


def test_bounds_are_numbers_in_order() -> None:
    assert bound(3, True) < bound(3, False) < bound(4, True) < INFINITY
    assert dbm.plus(bound(1, False), bound(2, False)) == bound(3, False)
    assert dbm.plus(bound(1, True), bound(2, False)) == dbm.plus(bound(1, True), bound(2, True)) == bound(3, True)
    assert dbm.plus(INFINITY, bound(-5, True)) == INFINITY
    assert dbm.negated(bound(3, False)) == bound(-3, True)
    assert dbm.negated(bound(3, True)) == bound(-3, False)


@few
@given(zones(), cuts())
def test_a_cut_keeps_what_keeps_the_bound(zone: Matrix, cut: tuple[int, int, int]) -> None:
    i, j, limit = cut
    new = [list(row) for row in zone]
    left = dbm.constrain(new, i, j, limit)
    bare = [[INFINITY] * (CLOCKS + 1) for _ in range(CLOCKS + 1)]
    bare[i][j] = limit
    wanted = {readings for readings in points(zone) if holds(bare, readings)}
    assert wanted == (points(new) if left else set())
    if left:
        again = [list(row) for row in new]
        dbm.close(again)
        assert again == new
    rest = [part for piece in dbm.subtracted(zone, [cut]) for part in points(piece)]
    assert sorted([*rest, *wanted]) == sorted(points(zone))


@few
@given(zones())
def test_waiting_leads_to_every_later_reading(zone: Matrix) -> None:
    later = [list(row) for row in zone]
    dbm.let_time_pass(later)
    before = points(zone)
    for readings in points(later):
        back = (tuple(value - Fraction(n, 8) for value in readings) for n in range(8 * (MOST + 3)))
        assert any(holds(zone, earlier) for earlier in back if min(earlier) >= 0)
    assert before <= points(later)
    assert dbm.included(zone, later)


def _simulated(a: tuple[Fraction, ...], b: tuple[Fraction, ...], lower: list[int], upper: list[int]) -> bool:
    """Can readings b do whatever a can, as far as comparisons below these bounds tell? (the LU-preorder of Behrmann et al.)"""
    pairs = zip(a, b, lower[1:], upper[1:], strict=True)
    return all(x == y or (low < y < x) or (x < y and up < x) for x, y, low, up in pairs)


@few
@given(zones(), st.lists(st.integers(-1, MOST), min_size=2 * CLOCKS, max_size=2 * CLOCKS))
def test_forgetting_adds_only_readings_that_something_in_the_zone_can_stand_for(zone: Matrix, bounds: list[int]) -> None:
    lower, upper = [0, *bounds[:CLOCKS]], [0, *bounds[CLOCKS:]]
    new = [list(row) for row in zone]
    dbm.extrapolate(new, lower, upper)
    assert dbm.included(zone, new)
    again = [list(row) for row in new]
    dbm.close(again)
    assert again == new
    fine = [Fraction(n, 8) for n in range(8 * (2 * MOST + 3))]
    inside = [readings for readings in product(fine[::2], repeat=CLOCKS) if holds(zone, readings)]
    inside += [readings for readings in product(fine[1::2], repeat=CLOCKS) if holds(zone, readings)]
    assume(inside)
    for readings in list(_some(points(new) - points(zone))):
        standing = [other for other in inside if _simulated(readings, other, lower, upper)]
        assert standing or not _on_the_fine_grid(zone)


def _some(found: set[tuple[Fraction, ...]]) -> Iterator[tuple[Fraction, ...]]:
    yield from sorted(found)[:: max(1, len(found) // 20)]


def _on_the_fine_grid(zone: Matrix) -> bool:
    """Is the zone wide enough to have readings on the grid near each of its corners?"""
    return all(limit == INFINITY or dbm.plus(limit, zone[j][i]) > ZERO for i, row in enumerate(zone) for j, limit in enumerate(row))


@pytest.mark.parametrize(("inner", "outer", "answer"), [(2, 3, True), (3, 2, False), (3, 3, True)])
def test_one_zone_inside_another(inner: int, outer: int, answer: bool) -> None:
    def up_to(most: int) -> Matrix:
        zone = dbm.origin(1)
        dbm.let_time_pass(zone)
        assert dbm.constrain(zone, 1, 0, bound(most, False))
        return zone

    assert dbm.included(up_to(inner), up_to(outer)) is answer
