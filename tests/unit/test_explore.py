"""The exhaustive search keeps every promise of an engine, and counts what it says that it counts."""

import pytest
from tests.contract import EngineContract

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import Bool, Index, System, Variable, action, invariant


class TestExplore(EngineContract):
    engine = Explore()


def lamps(number: int) -> System:
    """So many lamps, each of which is switched on and off."""

    class Lamp(Index, size=number):
        pass

    lit = Variable("lit", Lamp, to=Bool, init=False)

    @action
    def switch(lamp: Lamp) -> None:
        lit[lamp] = ~lit[lamp]

    @invariant(premise=lambda lamp: lit[lamp])
    def some(lamp: Lamp) -> Bool:
        """A lamp is lit or not."""
        return lit[lamp] | ~lit[lamp]

    @invariant(premise=lambda one, other: lit[one] & lit[other] & (one != other))
    def two(one: Lamp, other: Lamp) -> Bool:
        """Two lamps are lit or not."""
        return lit[one] | ~lit[one] | lit[other]

    @invariant
    def always(lamp: Lamp) -> Bool:
        """What every state puts to the test."""
        return lit[lamp] | ~lit[lamp]

    @invariant(premise=lambda lamp: lit[lamp] & ~lit[lamp])
    def never(lamp: Lamp) -> Bool:
        """What no state puts to the test."""
        return lit[lamp] | ~lit[lamp]

    return System("lamps", (switch,), properties=(some, two, always, never))


CASES = [(number, symmetry) for number in (1, 2, 3, 10) for symmetry in (True, False)]


@pytest.mark.parametrize(("number", "symmetry"), [*CASES, (100, True)])  # 2^100 states: their orbits are counted by remainders
def test_it_is_counted_in_how_many_states_a_premise_holds(number: int, symmetry: bool) -> None:
    system = lamps(number)
    result = Explore().verify(system, system.checks, Limits(symmetry=symmetry))
    states = 2**number
    assert result.figures.states == states
    assert result.figures.stored == (number + 1 if symmetry else states)
    reached = {verdict.property.name: verdict.reached for verdict in result.verdicts}
    assert reached == {"some": states - 1, "two": states - 1 - number, "always": states, "never": 0}
