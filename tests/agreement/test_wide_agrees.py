"""Long waits and negative integers: engines against the naive search, on random systems that have them.

The other random systems wait for a few ticks at most. Here some wait for forty, so that a wait has many bits and clocks count to
very different ends, and zones pay off within an abstraction too.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from tests.agreement.strategies import systems
from tests.agreement.test_explore_agrees import expected
from tests.systems import TooLarge, search
from tests.systems.results import lengths, outcomes

from udproof.engines.abstraction import Abstraction
from udproof.engines.bounded import Bounded
from udproof.engines.choice import choose
from udproof.engines.verdict import Limits
from udproof.engines.zones import Zones
from udproof.language import ModelError, System

NAIVE = 500  # states that the naive search may visit
DEPTH = 8
few = settings(max_examples=settings().max_examples // 7, suppress_health_check=list(HealthCheck))


def test_engines_agree_with_the_naive_search() -> None:
    seen: Counter[str] = Counter()

    @few
    @given(systems(wide=True))
    def agree(system: System) -> None:
        try:
            found = search(system, limit=NAIVE)
        except (TooLarge, ModelError):
            return
        wanted = expected(found, system)
        for engine in (Zones(), Bounded(DEPTH), Abstraction(look=0)):
            result = engine.verify(system, system.properties, Limits(seconds=20))
            for name, told in outcomes(result).items():
                assert told in (wanted[name], "unknown"), (engine.name, name, told)
            known = {verdict.property.name for verdict in result.verdicts if verdict.shortest}
            for name, steps in lengths(result).items():
                assert steps == found.violated[name] if name in known else steps >= found.violated[name], (engine.name, name)
        seen["compared"] += 1
        seen["zones pay off"] += isinstance(choose(system, Limits()).engine, Zones)
        seen["negative"] += any(slot < 0 for state in found.states for slot in state)

    agree()
    assert seen["compared"] >= few.max_examples / 2, seen
    assert seen["zones pay off"], seen
    assert seen["negative"], seen
