"""Proofs for every size: what is proved, on what it rests, and what never becomes a proof."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.systems.lock import broken_lock, impossible, lock, outside
from tests.systems.results import outcomes, shipped

from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits, Outcome
from udproof.language import Instance, ModelError, System
from udproof.prover import recheck, store
from udproof.prover.houdini import Clockwork, GaveUp
from udproof.prover.lemmas import Names, show_lemma, to_json
from udproof.prover.recheck import check
from udproof.prover.theorem import Proof, formulas

PROVED = dict.fromkeys(("alone", "short", "held", "time-can-pass"), "proved")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _at(system: System, **seconds: int) -> System:
    given = system.instance
    return system.at(replace(given, durations={**given.durations, **{name: Fraction(s) for name, s in seconds.items()}}))


def test_a_lock_is_proved_for_any_number_of_workers() -> None:
    system = lock()
    result = Parametric().verify(system, system.checks, Limits())
    assert outcomes(result) == PROVED
    assert result.scope == "any fleet"
    [proof] = store.stored(formulas(system))
    assert {str(one) for one in proof.times} == {"most < limit", "least <= most"}
    assert "for every x0: Worker: busy[x0] => taken.value" in {show_lemma(lemma) for lemma in proof.lemmas}


def test_lemmas_are_kept_and_serve_any_number_of_workers_and_other_times() -> None:
    engine = Parametric()
    first = engine.verify(lock(), lock().checks, Limits())
    other = _at(lock(7), most=4, limit=9)
    again = Parametric(remember=False).verify(other, other.checks, Limits())
    assert outcomes(again) == outcomes(first) == PROVED
    for one, other_one in zip(again.verdicts, first.verdicts, strict=True):
        assert one.reason.split(";")[0] == other_one.reason.split(";")[0]  # the same lemmas


def test_a_kept_proof_is_not_used_where_its_inequalities_are_false() -> None:
    system = lock()
    Parametric().verify(system, system.checks, Limits())
    late = _at(lock(), limit=2)
    result = Parametric(remember=False).verify(late, (late.named("short"), late.named("alone")), Limits())
    assert outcomes(result) == {"short": "violated", "alone": "proved"}


def test_a_mistake_is_shown_where_it_is_and_blocks_the_proof() -> None:
    system = broken_lock()
    result = Parametric().verify(system, (system.named("alone"),), Limits())
    assert outcomes(result) == {"alone": "violated"}
    one = system.at(Instance({"Worker": ("worker0",)}))
    engine = Parametric()
    verdict = engine.verify(one, (one.named("alone"),), Limits()).verdicts[0]
    assert verdict.outcome is Outcome.UNKNOWN
    assert "not for every fleet" in verdict.reason
    [found] = engine.elsewhere
    assert len(found.trace.steps) == 2
    assert found.trace.semantics.breaking(system.named("alone"), found.trace.last) is not None


def test_the_same_lemmas_are_found_again() -> None:
    system, found = lock(), []
    for _ in range(2):
        Parametric().verify(system, system.checks, Limits())
        [proof] = store.stored(formulas(system))
        found.append([show_lemma(lemma) for lemma in proof.lemmas])
        (store.cache() / f"{formulas(system).hash}.json").unlink()
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("what", "words"), [("cycle", "Worker to Worker"), ("count", "counts"), ("dependent", "depends on another")]
)
def test_a_system_outside_the_fragment_is_refused_with_the_reason(what: str, words: str) -> None:
    system = outside(what)
    with pytest.raises(ModelError, match=words):
        Parametric().verify(system, system.checks, Limits())


# --- nothing becomes a proof that is none


def test_contradictory_axioms_prove_nothing() -> None:
    system = formulas(impossible())
    with pytest.raises(ModelError, match="contradict"):
        check(Proof(system, (), (), ("wrong",)), ["wrong"], Clockwork())


def test_no_lemmas_are_no_proof() -> None:
    with pytest.raises(GaveUp, match="property-alone"):
        check(Proof(formulas(lock()), (), (), ("alone",)), ["alone"], Clockwork())


@pytest.mark.parametrize("answer", ["unknown", "timeout", '(error "out of memory")', "sat"])
def test_a_solver_that_gives_up_proves_nothing(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system = lock()
    Parametric().verify(system, system.checks, Limits())
    monkeypatch.setattr(recheck, "answers", lambda script, clockwork: [answer])
    [proof] = store.stored(formulas(system))
    with pytest.raises(GaveUp):
        check(proof, ["alone"], Clockwork())


def test_a_lemma_left_out_is_missed() -> None:
    system = lock()
    Parametric().verify(system, system.checks, Limits())
    [proof] = store.stored(formulas(system))
    for lemma in proof.lemmas:
        fewer = replace(proof, lemmas=tuple(one for one in proof.lemmas if one is not lemma))
        with pytest.raises(GaveUp):
            check(fewer, list(proof.shown), Clockwork())


def test_no_time_leaves_everything_unknown() -> None:
    system = lock()
    result = Parametric().verify(system, system.checks, Limits(seconds=0))
    assert set(outcomes(result).values()) == {"unknown"}
    assert result.stopped
    assert not result.complete


def test_a_damaged_store_is_as_good_as_none(tmp_path: Path) -> None:
    system = formulas(lock())
    path = store.cache() / f"{system.hash}.json"
    path.parent.mkdir(parents=True)
    for text in ("", "[]", '{"format": 1}', '{"format": 1, "formulas": "x", "lemmas": []}'):
        path.write_text(text)
        assert list(store.stored(system)) == []


def test_lemmas_survive_a_file() -> None:
    system = lock()
    Parametric().verify(system, system.checks, Limits())
    [proof] = store.stored(formulas(system))
    names = Names(formulas(system))
    assert [to_json(names.lemma(to_json(lemma))) for lemma in proof.lemmas] == [to_json(lemma) for lemma in proof.lemmas]


# --- the protocol, by the lemmas that come with it


@pytest.mark.parametrize("fleet", ["default", "teaching", "large"])
def test_the_protocol_is_proved_for_every_fleet_with_the_lemmas_that_come_with_it(fleet: str) -> None:
    system = shipped(fleet)
    result = Parametric(remember=False).verify(system, system.checks, Limits())
    assert outcomes(result) == dict.fromkeys((prop.name for prop in system.checks), "proved")
    assert all(verdict.witness is not None for verdict in result.verdicts)
    assert any("paused_most + watchdog + rollback_most < pause_limit" in note for note in result.notes)
