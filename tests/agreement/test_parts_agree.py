"""The parts in the compiled search and in the reference semantics: the same states, the same depths, the same actions."""

from __future__ import annotations

import pytest
from tests.systems import search
from tests.systems.results import lengths, shipped

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits


@pytest.mark.parametrize("name", ["health", "second-job"])
def test_the_reference_semantics_finds_the_same(name: str) -> None:
    system = shipped(name)
    plain = search(system)
    result = Explore().verify(system, system.checks, Limits())
    assert (result.figures.states, result.figures.depth) == (len(plain.states), plain.depth)
    assert lengths(result) == plain.violated
    assert {action for action, count in result.fired.items() if count} == plain.fired
