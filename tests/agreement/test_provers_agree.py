"""What is proved for every size is never broken in a small one, and every planted mistake keeps its property from being proved."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agreement.strategies import fleets, systems
from tests.systems.lock import broken_lock, lock
from tests.systems.results import outcomes, shipped

from udproof.engines.explore import Explore
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits, Outcome
from udproof.language import ModelError, System
from udproof.properties import CORE
from udproof.protocol import mutants
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet
from udproof.protocol.mutant import Mutant
from udproof.protocol.mutants import ALL
from udproof.prover import store
from udproof.prover.cases import Given, Library, Step, steps_of
from udproof.prover.houdini import Clockwork, GaveUp, Houdini
from udproof.prover.lemmas import Lemma
from udproof.prover.logic import Logic
from udproof.prover.recheck import answers, check
from udproof.prover.smtlib import Writer
from udproof.prover.theorem import Proof, formulas

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"


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


@settings(max_examples=40 if NIGHTLY else 2, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(systems())
def test_what_is_proved_of_a_random_system_holds_in_it(system: System) -> None:
    """Whatever a system is: a proof is not contradicted by a search of it, nor by one of a smaller or larger instance."""
    try:
        proved = outcomes(Parametric(remember=False).verify(system, system.checks, Limits(seconds=20)))
        seen = outcomes(Explore().verify(system, system.checks, Limits(seconds=5)))
    except ModelError:  # outside the fragment, or a value leaves its range
        return
    for name, outcome in proved.items():
        assert (outcome, seen[name]) not in {("proved", "violated"), ("violated", "proved")}


# --- our own instantiation against the solver's quantifiers


def _ground(proof: Proof, assumed: Sequence[Lemma], step: Step) -> list[bool]:
    """Which lemmas the step keeps if these are assumed, by the instances that we pick."""
    given = Given.of(proof.system, proof.times)
    houdini = Houdini(Library(Logic(proof.system)), given, steps_of(proof.system), proof.lemmas, Clockwork())
    houdini.alive = dict.fromkeys(assumed)
    kept = []
    for lemma in proof.lemmas:
        question = houdini.question(step, lemma.signature)
        houdini.tell(question, assumed)
        asked = question.ready(houdini.logic.negated(question.case.goal(lemma)))
        kept.append(question.ask([asked, houdini.all_times, *map(houdini.library.selector, assumed)]) is None)
    return kept


def _quantified(proof: Proof, assumed: Sequence[Lemma], step: Step) -> list[str]:
    """The same by the script of a certificate, with its quantifiers; what is answered to each question."""
    writer = Writer(replace(proof, lemmas=tuple(assumed)))
    content = writer.time() if step.action is None else writer.action(step.action)
    return answers(writer.script([*content, *writer.goals(proof.lemmas)]), Clockwork(query=5_000))


def _same_answers(proof: Proof, without: Sequence[Lemma | None]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for missing in without:
        assumed = [lemma for lemma in proof.lemmas if lemma is not missing]
        for step in steps_of(proof.system):
            found = _quantified(proof, assumed, step)
            assert found == ["unsat" if kept else "sat" for kept in _ground(proof, assumed, step)]
            seen.update(found)
    return seen


def test_quantified_obligations_are_answered_like_our_instances_of_them() -> None:
    """Of a proof, and of what is left of it without one of its lemmas, when some steps break some."""
    engine = Parametric(remember=False)
    engine.verify(lock(), lock().checks, Limits())
    assert engine.proof is not None
    seen = _same_answers(engine.proof, [None, *engine.proof.lemmas])
    assert seen["sat"] > 0
    assert seen["unsat"] > seen["sat"]


@pytest.mark.skipif(not NIGHTLY, reason="some minutes")
def test_quantified_obligations_of_the_protocol_are_answered_like_our_instances_of_them() -> None:
    seen = _same_answers(kept(), [None, *kept().lemmas[::12]])
    assert seen["sat"] > 0


# --- mistakes


FEW = ("WatchdogStartsOver", "ClosedOnFirstReport", "EventSpansDomains")


@pytest.mark.parametrize("mutant", [m for m in mutants.CORE if NIGHTLY or m.name in FEW], ids=lambda mutant: mutant.name)
def test_every_mistake_in_the_core_is_shown_by_a_run_of_a_small_fleet_and_quickly(mutant: Mutant) -> None:
    system = mutant.change(shipped(mutant.fleet))
    began = time.process_time()
    engine = Parametric(remember=False)
    [verdict] = engine.verify(system, (system.named(mutant.breaks),), Limits()).verdicts
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    assert engine.proof is None
    assert time.process_time() - began < 30


OF_THE_CORE = [mutant for mutant in ALL if _of_the_core(mutant)]


def test_most_named_mistakes_of_the_core_are_looked_at() -> None:
    assert len(OF_THE_CORE) >= 18


@pytest.mark.parametrize("mutant", OF_THE_CORE if NIGHTLY else OF_THE_CORE[::2], ids=lambda mutant: mutant.name)
def test_the_lemmas_of_the_protocol_prove_no_mutant(mutant: Mutant) -> None:
    wrong = formulas(mutant.change(shipped("default")))
    proof = Proof(wrong, kept().lemmas, kept().times, kept().shown)
    with pytest.raises(GaveUp):
        check(proof, [mutant.breaks], Clockwork(query=1_000))
