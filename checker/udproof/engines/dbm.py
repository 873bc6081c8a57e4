"""Difference bound matrices: sets of clock readings, as a matrix of bounds on differences (Dill 1989; Bengtsson and Yi 2004).

A *zone* is what a conjunction of bounds on clocks and on differences of two clocks describes. With a reference clock 0 that always
reads zero, it is a square matrix: entry (i, j) bounds clock i minus clock j. A bound is one whole number: twice the value, plus one
if it may be reached; so the smaller number is the tighter bound, and `INFINITY` is none. A matrix is *closed* when no bound can be
tightened by adding two others; then two zones are equal, or one inside the other, exactly when their entries are.

This is the reference: matrices are lists of rows of plain integers, and every function says what it means in a line or two. The
compiled search (`zone_kernel`) does the same in WebAssembly, and a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Matrix: TypeAlias = list[list[int]]

INFINITY = 1 << 30
ZERO = 1  # "at most 0"
MOST = 1 << 26  # ticks that a constant may have, so that sums of a few stay below INFINITY


def bound(value: int, strict: bool) -> int:
    """The bound "less than value", or "at most value"."""
    return 2 * value + (0 if strict else 1)


def plus(a: int, b: int) -> int:
    """The sum of two bounds: strict if one of them is."""
    return INFINITY if INFINITY in (a, b) else a + b - ((a | b) & 1)


def negated(a: int) -> int:
    """The bound on j - i that says that i - j does not keep the bound a."""
    return 1 - a


def origin(clocks: int) -> Matrix:
    """All clocks at zero."""
    return [[ZERO] * (clocks + 1) for _ in range(clocks + 1)]


def close(zone: Matrix) -> None:
    """Tighten every bound as far as the others imply (Floyd and Warshall)."""
    size = range(len(zone))
    for k in size:
        for i in size:
            through = zone[i][k]
            if through != INFINITY:
                for j in size:
                    zone[i][j] = min(zone[i][j], plus(through, zone[k][j]))


def constrain(zone: Matrix, i: int, j: int, limit: int) -> bool:
    """Cut a closed zone down to where clock i minus clock j keeps the limit; closed again. False if nothing is left."""
    if plus(zone[j][i], limit) < ZERO:
        return False
    if limit < zone[i][j]:
        size = range(len(zone))
        for p in size:
            to_i = plus(zone[p][i], limit)
            for q in size:
                zone[p][q] = min(zone[p][q], plus(to_i, zone[j][q]))
    return True


def let_time_pass(zone: Matrix) -> None:
    """Every reading from which time leads on: no upper bound on any clock. Stays closed."""
    for row in zone[1:]:
        row[0] = INFINITY


def gathered(zone: Matrix, sources: Sequence[int]) -> Matrix:
    """The zone of new clocks, each of which reads what an old one reads; 0 stands for a clock at zero. Stays closed."""
    rows = (0, *sources)
    return [[zone[i][j] for j in rows] for i in rows]


def included(inner: Matrix, outer: Matrix) -> bool:
    """Is every reading of one closed zone in another?"""
    return all(a <= b for row, other in zip(inner, outer, strict=True) for a, b in zip(row, other, strict=True))


def extrapolate(zone: Matrix, lower: Sequence[int], upper: Sequence[int]) -> None:
    """Extra-LU-plus of Behrmann, Bouyer, Larsen and Pelanek (2006), closed again.

    `lower[i]` is the largest constant that clock i is still compared with from below (clock > or >= constant), `upper[i]` from
    above; -1 where there is none. Forgets what no such comparison can tell; finitely many zones remain.
    """
    size = len(zone)
    least = [-(zone[0][i] >> 1) for i in range(size)]  # no reading of clock i is below this
    old = [list(row) for row in zone]
    for j in range(1, size):
        if least[j] > upper[j]:
            zone[0][j] = min(bound(-upper[j], True), ZERO)
        for i in range(1, size):
            if i != j and (least[i] > lower[i] or least[j] > upper[j]):
                zone[i][j] = INFINITY
    for i in range(1, size):
        for j in range(size):
            if i != j and (least[i] > lower[i] or zone[i][j] >> 1 > lower[i]):
                zone[i][j] = INFINITY
    if zone != old:
        close(zone)


def subtracted(zone: Matrix, constraints: Sequence[tuple[int, int, int]]) -> Iterator[Matrix]:
    """What of a zone does not keep all of the constraints (i, j, limit): disjoint zones, in order."""
    rest = [list(row) for row in zone]
    for i, j, limit in constraints:
        outside = [list(row) for row in rest]
        if constrain(outside, j, i, negated(limit)):
            yield outside
        if not constrain(rest, i, j, limit):
            return


def cut(zone: Matrix, constraints: Iterable[tuple[int, int, int]]) -> Matrix | None:
    """The part of a zone that keeps all of the constraints; None if there is none."""
    new = [list(row) for row in zone]
    return new if all(constrain(new, i, j, limit) for i, j, limit in constraints) else None
