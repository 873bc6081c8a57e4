"""The manifest of small systems, re-run: by the engine, by the naive search, and by plain Python where that exists."""

import pytest
from tests.systems import KNOWN, Known, search

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits

NAIVE = 1_000  # states that the naive search may visit here

every = pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)


@every
def test_the_engine_finds_what_is_known(entry: Known) -> None:
    system = entry.build()
    result = Explore().verify(system, system.checks, Limits())
    assert result.complete
    assert (result.figures.states, result.figures.depth) == (entry.states, entry.depth)
    assert {verdict.property.name: verdict.outcome.value for verdict in result.verdicts} == dict(entry.verdicts)
    steps = {verdict.property.name: len(verdict.trace.steps) for verdict in result.verdicts if verdict.trace is not None}
    assert steps == dict(entry.steps)


@pytest.mark.parametrize("entry", [entry for entry in KNOWN if entry.states <= NAIVE], ids=lambda entry: entry.name)
def test_the_reference_semantics_says_the_same(entry: Known) -> None:
    found = search(entry.build())
    assert (len(found.states), found.depth) == (entry.states, entry.depth)
    assert found.violated == dict(entry.steps)
    assert {
        name for name, verdict in entry.verdicts.items() if verdict == "vacuous"
    } == entry.verdicts.keys() - found.reached.keys()


@pytest.mark.parametrize("entry", [entry for entry in KNOWN if entry.plain is not None], ids=lambda entry: entry.name)
def test_plain_python_counts_the_same(entry: Known) -> None:
    assert entry.plain is not None
    assert entry.plain() == (entry.states, entry.depth)


def test_every_entry_gives_its_reason() -> None:
    assert all(entry.reason for entry in KNOWN)
    assert len({entry.name for entry in KNOWN}) == len(KNOWN)
