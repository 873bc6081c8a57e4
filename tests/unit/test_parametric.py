"""Proofs for every size: what is proved, on what it rests, and what never becomes a proof."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import pytest
import z3
from tests.contract import LONG, NIGHTLY, EngineContract
from tests.systems.lock import Worker, broken_lock, busy, impossible, lock, outside
from tests.systems.parity import parity
from tests.systems.results import outcomes, shipped

from udproof.certify.check import check as certified
from udproof.engines import parametric
from udproof.engines.obstacle import obstacle
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits, Outcome
from udproof.language import (
    Bool,
    Constant,
    Enumeration,
    Index,
    Instance,
    Int,
    ModelError,
    System,
    Variable,
    action,
    count,
    exists,
    invariant,
    ite,
    member,
    require,
)
from udproof.language import expressions as ex
from udproof.protocol import mutants
from udproof.protocol.mutant import Mutant
from udproof.prover import fragment, recheck, smtlib, store
from udproof.prover.cases import Given, Library, steps_of
from udproof.prover.houdini import Clockwork, GaveUp, Houdini
from udproof.prover.lemmas import Names, show_lemma, to_json
from udproof.prover.logic import Logic
from udproof.prover.recheck import check
from udproof.prover.theorem import Proof, formulas

PLANTED = mutants.CORE if NIGHTLY else mutants.CORE[2::9]
PROVED = dict.fromkeys(("alone", "short", "held", "time-can-pass"), "proved")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class TestParametric(EngineContract):
    engine = Parametric()
    counts = False  # the states that it visits are those of small instances
    decides = False  # what no template finds a lemma for stays open
    inductive = True
    largest = 10**9 if NIGHTLY else 5
    steady = ("fischer-wrong-way-round",)
    unclaimed: ClassVar[Mapping[str, str]] = {
        "test_one_state_is_held_for_each_orbit": "states are visited to refute only",
        "test_a_deadlock_without_clocks_is_no_timelock": "where nothing holds up time, a proof that it passes is refused",
    }
    long = (*LONG, "test_the_protocol_is_proved_on_small_fleets")

    def refuses(self, system: System) -> bool:
        try:
            fragment.check(system)
        except ModelError:
            return True
        return False

    @pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
    def test_every_planted_mutant_is_found(self, mutant: Mutant) -> None:
        super().test_every_planted_mutant_is_found(mutant)


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
    assert "for every w: Worker: busy[w] => taken.value" in {show_lemma(lemma) for lemma in proof.lemmas}


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


def test_a_contradictory_axiom_is_an_error_of_the_model() -> None:
    for rank, broken in ((1, "high"), (4, "low")):
        with pytest.raises(ModelError, match=broken):
            impossible().at(Instance({"Worker": ("a",)}, {"rank": {(0,): rank}}))


def test_axioms_that_only_the_prover_finds_contradictory_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance at hand cannot be one of them, so nothing is left to the instance's own check here."""
    monkeypatch.setattr(parametric, "small_instances", lambda *_, **__: iter(()))
    with pytest.raises(ModelError, match="contradict each other"):
        Parametric().verify(lock(), lock().checks, Limits())


def test_a_sort_without_elements_is_refused() -> None:
    with pytest.raises(ModelError, match="Worker"):
        nobody = lock().at(Instance({"Worker": ()}))
        Parametric().verify(nobody, nobody.checks, Limits())


@pytest.mark.parametrize("answer", ["unknown", "timeout"])
def test_a_solver_that_gives_up_after_a_search_leaves_everything_unknown(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "answers", lambda script, clockwork: [answer] if "check-sat" in script else [])
    result = Parametric().verify(lock(), lock().checks, Limits())
    assert set(outcomes(result).values()) == {"unknown"}
    assert result.stopped is not None
    assert list(store.stored(formulas(lock()))) == []


def test_a_solver_that_gives_up_during_a_search_leaves_everything_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logic, "check", lambda self, solver, assumptions: z3.unknown)
    result = Parametric().verify(lock(), lock().checks, Limits())
    assert set(outcomes(result).values()) == {"unknown"}
    assert "the solver gave no answer" in (result.stopped or "")


def test_a_proof_that_the_other_reading_refutes_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "answers", lambda script, clockwork: ["sat"] * script.count("(check-sat)"))
    with pytest.raises(AssertionError, match="none by the re-check"):
        Parametric().verify(lock(), lock().checks, Limits())


def test_a_proof_that_a_run_contradicts_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a wrong proof ever believed, the search for premises would meet the violation."""
    system = broken_lock()
    wrong = Proof(formulas(system), (), (), ("alone",))
    monkeypatch.setattr(store, "stored", lambda _: iter([wrong]))
    monkeypatch.setattr(parametric, "check", lambda *_: None)
    with pytest.raises(AssertionError, match="alone: a proof for every size, and a run"):
        Parametric().verify(system, (system.named("alone"),), Limits())


# --- premises


def _untested(reached: bool) -> System:
    """A property that holds of whatever happens, and whose premise is true at the end of a long way, or never."""

    class Runner(Index, size=2):
        """Who runs."""

    done = Variable("done", Runner, to=Bool, init=False)

    @action(by="r")
    def finish(r: Runner) -> None:
        done[r] = True

    @invariant(premise=lambda r: done[r] if reached else done[r] & ~done[r])
    def fine(r: Runner) -> Bool:
        """Done or not."""
        return done[r] | ~done[r]

    return System("runners", (finish,), (fine,), instance=Instance({"Runner": ("a", "b")}))


def test_a_premise_that_is_never_true_is_vacuous() -> None:
    system = _untested(reached=False)
    assert outcomes(Parametric().verify(system, system.checks, Limits())) == {"fine": "vacuous"}
    assert outcomes(Parametric().verify(system, system.checks, Limits())) == {"fine": "vacuous"}, "by the kept proof too"


def test_a_premise_that_was_not_looked_for_to_the_end_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    system = _untested(reached=True)
    monkeypatch.setattr(parametric, "_EXPLORATION", 0.0)
    for _ in range(2):  # a proof that is found, and one that is kept
        [verdict] = Parametric().verify(system, system.checks, Limits()).verdicts
        assert verdict.outcome is Outcome.UNKNOWN
        assert verdict.reason.startswith("it is proved, but whether its premise is ever true was not found out")


# --- instances in which an integer leaves its range


def _up_to(at_hand: int) -> System:
    """It counts to a number that the instance gives; nothing says that the counter goes so far."""

    class Counter(Index, size=1):
        """What counts."""

    most = Constant("most", Counter, to=Int.between(0, 9))
    n = Variable("n", Counter, to=Int.between(0, 5), init=0)

    @action(by="c")
    def count_up(c: Counter) -> None:
        require(n[c] < most[c])
        n[c] = n[c] + 1

    @invariant(premise=lambda c: n[c] > 0)
    def within(c: Counter) -> Bool:
        """It stays within."""
        return n[c] <= most[c]

    return System("counting", (count_up,), (within,), instance=Instance({"Counter": ("a",)}, {"most": {(0,): at_hand}}))


def test_of_an_integer_that_may_leave_its_range_every_verdict_says_so(tmp_path: Path) -> None:
    """The invariant is true of unbounded counters, and so of each run of bounded ones; that the bound is kept is false."""
    system = _up_to(3)
    for folder in (tmp_path / "certificate", None):  # a proof that is found, and one that is kept
        result = Parametric(certificate=folder).verify(system, system.checks, Limits())
        [verdict] = result.verdicts
        assert verdict.outcome is Outcome.PROVED
        assert "in every run in which n stays in its range" in verdict.reason
        assert any("n stays in range, which was not shown" in note for note in result.notes)
        assert result.evidence is not None
        assert result.evidence.unbounded == ("n",)
    assert certified(tmp_path / "certificate").unbounded == ("n",)


def test_a_range_that_is_not_shown_is_no_lemma() -> None:
    """Were the bound of the counter assumed, it would follow that the counter never passes it."""
    system = _up_to(3)
    [counter] = system.variables
    param = system.properties[0].params[0]
    body = ex.Le(ex.Read(counter, (param,)), ex.Lit(5, ex.IntSort(5, 5)))
    bounded = replace(system.properties[0], name="bounded", body=body, premise=ex.TRUE)
    system = replace(system, properties=(bounded,))
    [verdict] = Parametric().verify(system, system.checks, Limits()).verdicts
    assert verdict.outcome is Outcome.UNKNOWN


def test_an_integer_that_leaves_its_range_here_is_a_mistake_of_the_model() -> None:
    system = _up_to(7)
    with pytest.raises(ModelError, match="count_up sets n to 6, outside its range"):
        Parametric().verify(system, system.checks, Limits())


# --- limits


def test_a_query_gets_no_more_time_than_there_is() -> None:
    assert Clockwork().patience == 20_000
    assert 0 < Clockwork(time.monotonic() + 5).patience <= 5_000
    assert Clockwork(time.monotonic() - 5).patience == 1
    with pytest.raises(GaveUp, match="the memory limit"):
        Clockwork(look=lambda: "the memory limit was reached").check()


def test_an_interrupt_while_the_solver_works_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logic, "check", lambda self, solver, assumptions: z3.unknown)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda self: "interrupted from keyboard")
    result = Parametric().verify(lock(), lock().checks, Limits())
    assert result.interrupted
    assert set(outcomes(result).values()) == {"unknown"}


# --- certificates have a place before there is anything to write


def test_a_folder_that_cannot_be_used_is_refused_before_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parametric, "_decide", lambda *_: pytest.fail("the search began"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    (tmp_path / "file").touch()
    for folder, words in (("full", "not empty"), ("file", "cannot be written"), ("file/below", "cannot be written")):
        with pytest.raises(ModelError, match=words):
            Parametric(certificate=tmp_path / folder).verify(lock(), lock().checks, Limits())
    assert {path.name for path in tmp_path.iterdir()} == {"full", "file"}


def test_a_certificate_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new/one", "empty"):
        result = Parametric(certificate=tmp_path / name).verify(lock(), lock().checks, Limits())
        assert result.evidence is not None
        assert result.evidence.certificate == tmp_path / name
        assert (tmp_path / name / "manifest.json").is_file()

    def half(proof: Proof, model: str, names: object) -> dict[str, str]:
        return {"start.smt2": "", "no/such/folder.smt2": ""}

    monkeypatch.setattr(parametric.smtlib, "files", half)
    with pytest.raises(ModelError, match="cannot be written"):
        Parametric(certificate=tmp_path / "half").verify(lock(), lock().checks, Limits())
    monkeypatch.setattr(parametric.smtlib, "files", smtlib.files)
    late = _at(lock(), limit=2)
    Parametric(certificate=tmp_path / "none").verify(late, (late.named("short"),), Limits())
    assert {path.name for path in tmp_path.iterdir()} == {"new", "empty", "cache"}, "nothing is left of what was not finished"


# --- lemmas that a person wrote, and what is missing where there is no proof


def test_a_lemma_written_by_hand_is_tried_and_told() -> None:
    bare, helped = parity(helped=False), parity(helped=True)
    assert bare.hash == helped.hash, "a hint is no part of the system"
    [verdict] = Parametric(remember=False).verify(helped, helped.checks, Limits()).verdicts
    assert verdict.outcome is Outcome.PROVED
    assert "(1 of them written by hand: even)" in verdict.reason, "and not the other one, which is false"


def test_what_no_template_finds_is_unknown_with_the_step_and_the_states() -> None:
    [verdict] = Parametric(remember=False).verify(parity(helped=False), parity(helped=False).checks, Limits()).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    text = "\n".join(verdict.obstacle)
    assert "two_more(worker-1) (worker-1 counts two more) breaks never-five" in text
    assert "Before: worked[worker-1] = 3." in text, "the only count from which two more make five"
    assert "After: worked[worker-1]: 3 → 5." in text
    assert "written by hand, @invariant(lemmas=(...,))" in text


def test_a_lemma_about_something_else_is_refused() -> None:
    elsewhere = Variable("elsewhere", to=Bool, init=False)

    @invariant()
    def strange() -> Bool:
        """About another system."""
        return elsewhere.value

    system = parity(helped=False)
    [plain] = system.properties
    wrong = replace(system, properties=(replace(plain, lemmas=(strange,)),))
    with pytest.raises(ModelError, match="the lemma strange of property never-five speaks of elsewhere, which any instance"):
        Parametric(remember=False).verify(wrong, wrong.checks, Limits())


def test_a_property_that_counts_is_unknown_and_says_so() -> None:
    @invariant(premise=lambda: exists(Worker, lambda w: busy[w]))
    def few() -> Bool:
        """At most one has it."""
        return count(Worker, lambda w: busy[w]) <= 1

    system = replace(lock(), properties=(*lock().properties, few))
    result = Parametric().verify(system, system.checks, Limits())
    assert outcomes(result) == PROVED | {"few": "unknown"}
    assert "counts" in next(verdict.reason for verdict in result.verdicts if verdict.property is few)


def test_an_enumeration_that_only_formulas_name_is_known_to_lemmas_and_certificates(tmp_path: Path) -> None:
    class Colour(Enumeration):
        """Of nothing."""

        red = member()
        blue = member()

    @invariant()
    def known(w: Worker) -> Bool:
        """No colour is two."""
        return ite(busy[w], Colour.red, Colour.blue) != ite(busy[w], Colour.blue, Colour.red)

    system = replace(lock(), properties=(known,))
    folder = tmp_path / "certificate"
    assert outcomes(Parametric(certificate=folder).verify(system, (known,), Limits())) == {"known": "proved"}
    assert certified(folder).properties == ("known",)
    assert len(list(store.stored(formulas(system)))) == 1


def test_every_obstacle_is_a_step_of_the_reference_semantics() -> None:
    """Without any lemma, or with some of them, the protocol's properties are broken from states that cannot be reached."""
    system = shipped("default")
    free = formulas(system)
    [proof] = store.stored(free)
    library, seen = Library(Logic(free)), set()
    for alive in ((), proof.lemmas[20:30], proof.lemmas):
        houdini = Houdini(library, Given.of(free, proof.times), steps_of(free), proof.lemmas, Clockwork())
        houdini.alive = dict.fromkeys(alive)
        houdini.dropped = {lemma: "some step" for lemma in proof.lemmas if lemma not in alive}
        for prop in free.properties:
            found = obstacle(houdini, prop, system)
            assert found is None or len(alive) < len(proof.lemmas), "all lemmas exclude every step that breaks a property"
            if found is not None:
                seen.add(prop.name)
                assert found.semantics.breaking(prop, found.before) is None
                assert found.semantics.breaking(prop, found.after) is not None
                assert found.excluded_by, "some lemma of the proof is false there"
    assert {"one-domain-paused", "pause-bounded", "notified-before-freeze"} <= seen


# --- the protocol, by the lemmas that come with it


@pytest.mark.parametrize("fleet", ["default", "teaching", "large"] if NIGHTLY else ["default"])
def test_the_protocol_is_proved_for_every_fleet_with_the_lemmas_that_come_with_it(fleet: str) -> None:
    system = shipped(fleet)
    result = Parametric(remember=False).verify(system, system.checks, Limits())
    assert outcomes(result) == dict.fromkeys((prop.name for prop in system.checks), "proved")
    assert all(verdict.witness is not None for verdict in result.verdicts)
    assert any("paused_most + watchdog + rollback_most < pause_limit" in note for note in result.notes)
