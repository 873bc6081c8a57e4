"""What `integers` shortens means the same for every state within its ranges, and what the search needs decided is decided."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from udproof.engines.algebra import At, Ground, Op, add, at_most, choose, conjoin, disjoin, equal, negate
from udproof.engines.integers import Integers

SPANS = {0: (0, 3), 1: (-1, 1), 2: (0, 1), 3: (2, 2)}
SHORT = Integers(SPANS.__getitem__).short


def value(a: Ground, state: dict[int, int]) -> int:
    """The definition of every operator, by itself."""
    match a:
        case int():
            return a
        case At(slot=slot):
            return state[slot]
    args = [value(arg, state) for arg in a.args]
    match a.operator:
        case "not":
            return 1 - args[0]
        case "and":
            return int(all(args))
        case "or":
            return int(any(args))
        case "eq":
            return int(args[0] == args[1])
        case "le":
            return int(args[0] <= args[1])
        case "add":
            return args[0] + args[1]
        case "sub":
            return args[0] - args[1]
        case "ite":
            return args[1] if args[0] else args[2]


numbers = st.recursive(
    st.integers(-2, 4) | st.sampled_from([At(slot) for slot in SPANS]),
    lambda inner: st.builds(add, inner, inner, st.sampled_from((1, -1))),
    max_leaves=3,
)
bounds = st.builds(at_most, numbers, numbers) | st.builds(equal, numbers, numbers)
choices = st.builds(lambda c, a, b, k: at_most(choose(c, a, b), k), bounds, numbers, numbers, st.integers(-2, 4))
formulas = st.recursive(
    bounds | choices | st.just(At(2)),
    lambda inner: (
        st.builds(negate, inner)
        | st.builds(conjoin, st.lists(inner, max_size=4))
        | st.builds(disjoin, st.lists(inner, max_size=3))
        | st.builds(at_most, inner, inner | st.integers(-1, 1))
        | st.builds(at_most, st.integers(-1, 1), inner)
    ),
    max_leaves=10,
)


@given(formulas)
def test_a_shortened_formula_means_the_same(formula: Ground) -> None:
    short = SHORT(formula)
    for values in product(*(range(low, high + 1) for low, high in SPANS.values())):
        state = dict(zip(SPANS, values, strict=True))
        assert value(short, state) == value(formula, state), state


@given(numbers)
def test_a_span_holds_every_value(number: Ground) -> None:
    low, high = Integers(SPANS.__getitem__).span(number)
    for values in product(*(range(least, most + 1) for least, most in SPANS.values())):
        assert low <= value(number, dict(zip(SPANS, values, strict=True))) <= high


def test_what_is_certain_is_decided() -> None:
    x, p = At(0), At(2)
    below = at_most(x, 2)
    counted = choose(conjoin([p, below]), add(x, 1, 1), x)  # counts up to 3 and stays there
    assert SHORT(at_most(counted, 3)) == 1
    assert SHORT(at_most(0, counted)) == 1
    assert SHORT(at_most(3, x)) == negate(below)  # "3 <= x" as "not x <= 2"
    assert SHORT(at_most(add(x, 1, 1), 3)) == below
    assert SHORT(disjoin([negate(conjoin([p, below])), below])) == 1
    assert SHORT(equal(x, 4)) == 0
    # of two bounds with the same alternatives the tighter one says it all; what it says cannot be denied
    assert SHORT(conjoin([disjoin([p, at_most(x, 1)]), disjoin([p, below])])) == disjoin([p, at_most(x, 1)])
    assert SHORT(conjoin([at_most(x, 1), negate(conjoin([below]))])) == 0
    assert SHORT(Op("and", (p, negate(p)))) == 0
