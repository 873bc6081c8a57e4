"""The exhaustive search keeps every promise of an engine."""

from tests.contract import EngineContract

from udproof.engines.explore import Explore


class TestExplore(EngineContract):
    engine = Explore()
