"""What is proved for every size is never broken in a small one, and every planted mistake keeps its property from being proved."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agreement.strategies import fleets
from tests.systems.lock import broken_lock, lock
from tests.systems.results import outcomes, shipped

from udproof.engines.explore import Explore
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits
from udproof.language import ModelError, System
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet
from udproof.protocol.mutant import Mutant
from udproof.protocol.mutants import ALL
from udproof.prover import store
from udproof.prover.houdini import Clockwork, GaveUp
from udproof.prover.recheck import check
from udproof.prover.theorem import Proof, formulas


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("build", [lock, broken_lock])
def test_a_proof_is_never_contradicted(build: object, workers: int) -> None:
    system: System = lock(workers) if build is lock else broken_lock()
    proved = {
        name for name, outcome in outcomes(Parametric().verify(system, system.checks, Limits())).items() if outcome == "proved"
    }
    seen = outcomes(Explore().verify(system, system.checks, Limits()))
    assert {name for name in proved if seen[name] == "violated"} == set()
    assert ("alone" in proved) is (build is lock)


@cache
def kept() -> Proof:
    [proof] = store.stored(formulas(shipped("default")))
    return proof


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(fleets(), st.data())
def test_the_protocols_theorem_is_true_of_random_fleets(fleet: Fleet, data: st.DataObject) -> None:
    system = protocol(fleet, CORE)
    if formulas(system).hash != kept().system.hash or not kept().applies(system.instance.durations):
        return
    seen = outcomes(Explore().verify(system, system.checks, Limits(seconds=5)))
    assert {name for name in kept().shown if seen[name] == "violated"} == set()


def _of_the_core(mutant: Mutant) -> bool:
    """Can the mistake be planted in the default fleet, and is the property that notices it one of the core?"""
    if mutant.breaks not in kept().shown:
        return False
    try:
        mutant.change(shipped("default"))
    except ModelError:
        return False
    return True


NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
OF_THE_CORE = [mutant for mutant in ALL if _of_the_core(mutant)]


def test_most_named_mistakes_of_the_core_are_looked_at() -> None:
    assert len(OF_THE_CORE) >= 18


@pytest.mark.parametrize("mutant", OF_THE_CORE if NIGHTLY else OF_THE_CORE[::2], ids=lambda mutant: mutant.name)
def test_the_lemmas_of_the_protocol_prove_no_mutant(mutant: Mutant) -> None:
    wrong = formulas(mutant.change(shipped("default")))
    proof = Proof(wrong, kept().lemmas, kept().times, kept().shown)
    with pytest.raises(GaveUp):
        check(proof, [mutant.breaks], Clockwork(query=1_000))
