"""Several engines on one question: who answers what, and that no answer is given where two disagree."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import z3
from click.testing import CliRunner
from tests.contract import LONG, NIGHTLY, EngineContract, large
from tests.systems import known, timed
from tests.systems.lock import broken_lock, impossible, lock, outside
from tests.systems.results import lengths, outcomes, shipped
from tests.unit.test_bounded import endless

from udproof.cli.commands import program
from udproof.cli.exits import Code
from udproof.engines import auto, parametric
from udproof.engines.abstraction import Abstraction
from udproof.engines.auto import Auto, agree
from udproof.engines.bounded import Bounded
from udproof.engines.explore import Explore
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Disagreement, Engine, Limits, Outcome, Result, Verdict
from udproof.engines.zones import Zones
from udproof.language import (
    Bool,
    Clock,
    Constant,
    Index,
    Instance,
    Int,
    ModelError,
    Property,
    System,
    Variable,
    action,
    implies,
    invariant,
    require,
)
from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.protocol import mutants
from udproof.protocol.mutant import Mutant
from udproof.prover import recheck
from udproof.prover.logic import Logic

PLANTED = mutants.CORE if NIGHTLY else mutants.CORE[4::9]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _asked(result: Result) -> dict[str, tuple[str, str | None, str | None]]:
    return {one.property.name: (one.outcome.value, one.engine, one.scope) for one in result.verdicts}


class TestAuto(EngineContract):
    engine = Auto()
    inductive = True
    largest = 10**9 if NIGHTLY else 5
    steady = ("fischer-wrong-way-round",)
    long = (*LONG, "test_the_protocol_is_proved_on_small_fleets")

    def endless(self) -> System:
        """As for the bounded engine; and no variable can be left out, since the property reads each to no effect."""
        system = endless(40)
        real, low = system.properties
        bits = [ex.Read(symbol, ()) for symbol in system.variables if symbol.name.startswith("bit")]
        reading = replace(real, body=ex.Or((real.body, *(ex.And((bit, ex.Not(bit))) for bit in bits))))
        return replace(system, properties=(reading, low))

    def patient(self) -> Auto:
        return Auto(depth=10_000)

    @pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
    def test_every_planted_mutant_is_found(self, mutant: Mutant) -> None:
        super().test_every_planted_mutant_is_found(mutant)


# --- who answers what


def test_what_is_proved_for_every_fleet_says_so_and_the_search_agrees() -> None:
    system = lock()
    result = Auto().verify(system, system.checks, Limits())
    assert set(_asked(result).values()) == {("proved", "parametric", "any fleet")}
    assert all("explore: the same" in verdict.reason for verdict in result.verdicts)
    assert result.complete
    assert result.evidence is not None
    assert result.searched is not None
    assert result.searched.startswith("parametric proved 4 of 4 for every fleet")
    for verdict in result.verdicts:  # a premise that this very system reaches
        assert verdict.witness is not None
        assert verdict.witness.system.hash == system.hash


def test_a_violation_is_found_and_not_contradicted() -> None:
    system = broken_lock()
    result = Auto().verify(system, system.checks, Limits())
    assert outcomes(result)["alone"] == "violated"
    assert lengths(result) == lengths(Explore().verify(system, system.checks, Limits()))


@pytest.mark.parametrize("what", ["cycle", "count", "dependent"])
def test_outside_of_what_is_proved_for_every_size_the_search_answers(what: str) -> None:
    system = outside(what)
    result = Auto().verify(system, system.checks, Limits())
    assert outcomes(result) == outcomes(Explore().verify(system, system.checks, Limits()))
    assert {one.engine for one in result.verdicts} == {"explore"}
    assert result.searched is not None
    assert "no proof for every fleet was tried: " in result.searched


def test_where_the_search_does_not_finish_an_abstraction_may_do() -> None:
    """More states than any search visits, and no proof for every size; but the property reads one variable of ten."""
    system = _without_sizes(9)
    result = Auto(depth=4).verify(system, system.checks, Limits(seconds=3))
    assert _asked(result) == {"real": ("proved", "abstraction", "this fleet"), "low": ("violated", "explore", "this fleet")}
    [real, _] = result.verdicts
    assert "on an abstraction of 3 states that keeps 1 of 10 variables and clocks (up)" in real.reason
    assert real.witness is not None  # which the search has seen
    assert real.inductive
    assert not result.complete
    assert result.stopped is None
    assert result.searched is not None
    assert "abstraction decided 1 of 1 on 1 abstraction, the largest of 3 states in " in result.searched
    assert "bounded" not in result.searched


def test_an_abstraction_takes_what_was_seen_for_its_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    system = _without_sizes(3)
    seen = Explore().verify(system, system.checks, Limits(seconds=0.5))
    monkeypatch.setattr(Explore, "verify", lambda *_: pytest.fail("a second look"))
    [low] = Abstraction(seen=seen).verify(system, (system.named("low"),), Limits()).verdicts
    assert low == next(one for one in seen.verdicts if one.property.name == "low")


def test_where_an_abstraction_leaves_nothing_out_runs_of_a_bounded_length_are_looked_into() -> None:
    """As before, but the property reads every variable; a solver needs two steps, and one for the other property."""
    system = _without_sizes(9, reading=True)
    result = Auto(depth=4).verify(system, system.checks, Limits(seconds=3))
    assert _asked(result) == {"real": ("proved", "bounded", "this fleet"), "low": ("violated", "explore", "this fleet")}
    assert not result.complete
    assert result.stopped is None
    assert result.searched is not None
    assert "no proof for every fleet was tried: the system has no sort whose size could vary; " in result.searched
    assert "explore, since there is no clock and so nothing that zones could save: ended, since the time limit" in result.searched
    assert "bounded looked into every run of at most" in result.searched


def _without_sizes(counters: int, reading: bool = False) -> System:
    """Counters of which none is an element of a sort: 10^counters states and more, all reached. `reading`: a property reads all."""
    up = Variable("up", to=Int.between(0, 2), init=0)
    steps = [Variable(f"count{number}", to=Int.between(0, 9), init=0) for number in range(counters)]

    @action
    def go_up() -> None:
        require(up.value < 2)
        up.value = up.value + 1

    def stepping(number: int) -> Action:
        def step() -> None:
            require(steps[number].value < 9)
            steps[number].value = steps[number].value + 1

        step.__name__ = f"step{number}"
        return action(step)

    @invariant(premise=lambda: up.value >= 1)
    def real() -> Bool:
        """Never 3."""
        never = up.value > 2
        for counter in steps if reading else ():
            never = never & (counter.value == 0) & (counter.value == 9)
        return (up.value <= 2) | never

    @invariant()
    def low() -> Bool:
        """False after two steps."""
        return up.value < 2

    return System("without sizes", (go_up, *map(stepping, range(counters))), (real, low))


def test_a_violation_is_of_this_fleet_whoever_finds_it() -> None:
    """Counting is nothing for a proof, but the system itself is explored for one, and that finds the run."""
    system = large()
    result = Auto(depth=4).verify(system, system.checks, Limits(seconds=4))
    assert _asked(result)["low"] == ("violated", "parametric", "this fleet")
    assert lengths(result) == {"low": 2}


def test_strict_comparisons_are_for_zones_alone() -> None:
    opened = Variable("opened", to=Bool, init=False)
    running = Clock("running")

    @action
    def open_it() -> None:
        require(running.value > 1)
        opened.value = True

    @invariant(premise=lambda: opened.value)
    def late() -> Bool:
        """Not at the first second."""
        return implies(opened.value, running.value > 1)

    system = System("strict", (open_it,), (late,))
    result = Auto().verify(system, system.checks, Limits())
    assert _asked(result) == {"late": ("proved", "zones", "this fleet")}
    assert result.searched is not None
    assert "no proof for every fleet was tried: clocks are compared strictly" in result.searched
    for engine in (Explore(), Bounded(4)):
        with pytest.raises(
            ModelError, match=r"compares a clock strictly.* by zones \(--engine zones\), it can be checked as it is"
        ):
            engine.verify(system, system.checks, Limits())


def test_what_this_fleet_does_not_test_is_not_proved_by_another_one() -> None:
    """Who works longest is a fact of the fleet; where it is nobody, no premise is met, though another fleet meets it."""

    class Guest(Index, size=2):
        """Who may come in."""

    welcome = Constant("welcome", Guest, to=Bool, values=lambda g: g != g)
    inside = Variable("inside", Guest, to=Bool, init=False)

    @action(by="g")
    def come_in(g: Guest) -> None:
        require(welcome[g])
        inside[g] = True

    @invariant(premise=lambda g: inside[g])
    def invited(g: Guest) -> Bool:
        """Who is inside is welcome."""
        return implies(inside[g], welcome[g])

    system = System("party", (come_in,), (invited,))
    assert outcomes(Parametric().verify(system, system.checks, Limits())) == {"invited": "proved"}
    [verdict] = Auto().verify(system, system.checks, Limits()).verdicts
    assert (verdict.outcome, verdict.engine) == (Outcome.VACUOUS, "explore")
    assert "parametric: for every fleet" in verdict.reason


def test_known_verdicts_of_a_timelock() -> None:
    system = timed.timelock()
    assert outcomes(Auto().verify(system, system.checks, Limits())) == dict(known("timelock").verdicts)


@pytest.mark.parametrize("limits", [Limits(seconds=0), Limits(memory=1)], ids=["no-time", "no-memory"])
def test_a_limit_leaves_unknown_and_never_proved(limits: Limits) -> None:
    system = known("fischer").build()
    result = Auto().verify(system, system.checks, limits)
    assert set(outcomes(result).values()) == {"unknown"}
    assert result.stopped
    assert not result.complete


def test_contradictory_axioms_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="high"):
        impossible().at(Instance({"Worker": ("a",)}, {"rank": {(0,): 1}}))
    system = lock()
    monkeypatch.setattr(parametric, "small_instances", lambda *_, **__: iter(()))
    with pytest.raises(ModelError, match="contradict each other"):
        Auto().verify(system, system.checks, Limits())


def test_an_empty_sort_is_refused() -> None:
    with pytest.raises(ModelError, match="index sort Worker is empty; give it at least one element"):
        Auto().verify(lock().at(Instance({"Worker": ()})), lock().checks, Limits())


@pytest.mark.parametrize("answer", ["unknown", "timeout", "sat"])
def test_a_solver_that_gives_up_leaves_the_search_to_answer(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logic, "check", lambda self, solver, assumptions: z3.unknown)
    monkeypatch.setattr(recheck, "answers", lambda script, clockwork: [answer])
    system = lock()
    result = Auto().verify(system, system.checks, Limits())
    assert set(_asked(result).values()) == {("proved", "explore", "this fleet")}
    assert all("parametric: not decided: the solver gave no answer" in verdict.reason for verdict in result.verdicts)


def test_an_interrupt_between_two_engines_keeps_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(system: System, limits: Limits) -> auto.Choice:
        raise KeyboardInterrupt

    monkeypatch.setattr(auto, "choose", choose)
    system = lock()
    result = Auto().verify(system, system.checks, Limits())
    assert result.interrupted
    assert result.stopped == "it was interrupted"
    assert set(outcomes(result).values()) == {"proved"}


# --- disagreement


class _Liar:
    """An engine with a made-up answer."""

    def __init__(self, real: Engine, change: dict[str, Verdict]) -> None:
        self.name, self.real, self.change = real.name, real, change

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: object = None) -> Result:
        result = self.real.verify(system, properties, limits)
        return replace(result, verdicts=tuple(self.change.get(one.property.name, one) for one in result.verdicts))


def _pair(name: str, first: Engine, second: Engine) -> tuple[System, Result, Result]:
    system = known(name).build()
    return system, first.verify(system, system.checks, Limits()), second.verify(system, system.checks, Limits())


def test_engines_that_are_right_agree() -> None:
    for name in ("peterson", "fischer-wrong-way-round", "timelock", "any-start"):
        system, one, other = _pair(name, Explore(), Bounded(10))
        agree([one, other, Zones().verify(system, system.checks, Limits())])


def _with(result: Result, name: str, verdict: Verdict) -> Result:
    return replace(result, verdicts=tuple(verdict if one.property.name == name else one for one in result.verdicts))


def test_proved_and_violated_disagree_and_both_are_told() -> None:
    system, searched, _ = _pair("peterson", Explore(), Bounded(4))
    prop = system.named("never-inside")
    proof = Result("parametric", "any fleet", (Verdict(prop, Outcome.PROVED, "7 lemmas"),), searched.figures, True, {})
    for answers in ([proof, searched], [searched, proof]):
        with pytest.raises(Disagreement) as wrong:
            agree(answers)
        told = "\n".join(wrong.value.sentences)
        assert "never-inside: " in told
        assert "parametric says PROVED (any fleet): 7 lemmas" in told
        assert "explore says VIOLATED: a shortest run that breaks it has 3 steps; its run" in told


def test_different_shortest_runs_disagree() -> None:
    """The longer of two runs is a run, and yet the engine that calls it a shortest one is wrong."""
    _, searched, bounded = _pair("fischer-wrong-way-round", Explore(), Bounded(8))
    [right] = [one for one in bounded.verdicts if one.property.name == "alone"]
    assert right.trace is not None
    shorter = replace(right.trace, steps=right.trace.steps[:-1])
    with pytest.raises(Disagreement, match="explore and bounded disagree"):
        agree([searched, _with(bounded, "alone", replace(right, trace=shorter))])


def test_a_longer_run_is_no_disagreement_if_nobody_calls_it_a_shortest_one() -> None:
    _, searched, bounded = _pair("fischer-wrong-way-round", Explore(), Bounded(8))
    [right] = [one for one in bounded.verdicts if one.property.name == "alone"]
    assert right.trace is not None
    longer = replace(right.trace, steps=(*right.trace.steps, right.trace.steps[-1]))
    answers = [searched, _with(bounded, "alone", replace(right, trace=longer, shortest=False))]
    agree(answers)
    agree(answers[::-1])
    with pytest.raises(Disagreement):
        agree([searched, _with(bounded, "alone", replace(right, trace=longer))])
    shorter = replace(right.trace, steps=right.trace.steps[:-1])  # then the other one's run is no shortest
    with pytest.raises(Disagreement):
        agree([searched, _with(bounded, "alone", replace(right, trace=shorter, shortest=False))])


def test_a_run_that_another_engine_must_have_seen_disagrees() -> None:
    system, searched, bounded = _pair("peterson", Explore(), Bounded(4))
    missed = Verdict(system.named("never-inside"), Outcome.UNKNOWN, "not seen")
    with pytest.raises(Disagreement):
        agree([searched, _with(bounded, "never-inside", missed)])
    early = Bounded(2).verify(system, system.checks, Limits())
    assert outcomes(early)["never-inside"] == "unknown"
    agree([searched, early])


def test_vacuous_and_reached_disagree_on_one_fleet() -> None:
    system, searched, bounded = _pair("peterson", Explore(), Bounded(8))
    vacuous = Verdict(system.named("alone"), Outcome.VACUOUS, "never reached")
    with pytest.raises(Disagreement):
        agree([searched, _with(bounded, "alone", vacuous)])
    elsewhere = Verdict(system.named("alone"), Outcome.PROVED, "for every fleet")
    agree([replace(_with(bounded, "alone", elsewhere), scope="any fleet", engine="parametric"), _with(searched, "alone", vacuous)])


def test_a_timelock_between_ticks_is_seen_by_zones_alone_and_is_no_disagreement() -> None:
    """Counting in ticks says UNKNOWN then, however far it looked; a proof would contradict."""
    system, searched, _ = _pair("timelock", Explore(), Bounded(2))
    dense = Zones().verify(system, system.checks, Limits())
    doubtful = _with(searched, "time-can-pass", Verdict(system.named("time-can-pass"), Outcome.UNKNOWN, "doubtful"))
    agree([dense, doubtful])
    with pytest.raises(Disagreement):
        agree([dense, _with(searched, "time-can-pass", Verdict(system.named("time-can-pass"), Outcome.PROVED, "wrong"))])


def test_a_disagreement_takes_the_certificate_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = auto.choose
    monkeypatch.setattr(
        auto, "choose", lambda system, limits: auto.Choice(_Liar(real(system, limits).engine, _lie(system)), "a liar")
    )
    system, folder = lock(), tmp_path / "certificate"
    with pytest.raises(Disagreement):
        Auto(certificate=folder).verify(system, system.checks, Limits())
    assert not folder.exists()


def _lie(system: System) -> dict[str, Verdict]:
    prop = system.named("held")
    return {prop.name: Verdict(prop, Outcome.VIOLATED, "made up", Explore().verify(system, (prop,), Limits()).verdicts[0].witness)}


def test_a_disagreement_is_an_internal_error_with_both_evidences(monkeypatch: pytest.MonkeyPatch) -> None:
    real = auto.choose

    def choose(system: System, limits: Limits) -> auto.Choice:
        prop = system.named("eligible-only")
        trace = Explore().verify(system, (prop,), limits).verdicts[0].witness
        lie = Verdict(prop, Outcome.VIOLATED, "made up", trace)
        return auto.Choice(_Liar(real(system, limits).engine, {prop.name: lie}), "a liar")

    monkeypatch.setattr(auto, "choose", choose)
    ran = CliRunner().invoke(program, ["verify", "lone-vm", "--engine", "auto", "--property", "eligible-only", "--quiet"])
    assert ran.exit_code == Code.INTERNAL
    assert "PROVED" not in ran.stdout
    assert "engines disagree" in ran.stderr
    assert "eligible-only: parametric and explore disagree" in ran.stderr
    assert "explore says VIOLATED: made up; its run" in ran.stderr


# --- the command


def _run(*arguments: str) -> tuple[Code, str, str]:
    ran = CliRunner().invoke(program, ["verify", *arguments, "--quiet"])
    assert isinstance(ran.exception, SystemExit | None), ran.exception
    return Code(ran.exit_code), ran.stdout, ran.stderr


def test_the_report_says_who_answered_what() -> None:
    code, told, _ = _run("lone-vm", "--engine", "auto", "--property", "pause-bounded")
    assert code is Code.HOLDS
    assert "PROVED (any fleet)  pause-bounded" in told
    assert "(parametric: for every fleet" in told
    assert "Engines: parametric proved 1 of 1 for every fleet in " in told
    code, told, _ = _run("lone-vm", "--engine", "auto", "--property", "pause-bounded", "--format", "json")
    document = json.loads(told)
    assert document["search"]["engine"] == "auto"
    assert document["search"]["looked_into"].startswith("parametric proved 1 of 1")
    [verdict] = document["verdicts"]
    assert (verdict["engine"], verdict["scope"]) == ("parametric", "any-fleet")
    assert verdict["lemmas"]


def test_the_bounded_engine_says_how_far_it_looked() -> None:
    code, told, _ = _run("bad-placement", "--engine", "bounded", "--depth", "7", "--property", "one-domain-paused")
    assert code is Code.VIOLATED
    assert "a shortest run that breaks it has 7 steps" in told
    code, told, _ = _run("bad-placement", "--engine", "bounded", "--depth", "6", "--property", "one-domain-paused")
    assert code is Code.UNDECIDED
    assert "it holds in every run of at most 6 steps; longer runs were not looked at" in told
    assert "Searched: runs of at most 6 steps" in told


def test_without_a_file_the_question_is_about_the_protocol() -> None:
    """Who names a fleet asks about that fleet, who names a mistake about that mistake, and who names neither about the protocol."""
    engines = []
    for arguments in ((), ("default",), ("--mutant", "PauseOverrun"), ("--engine", "explore")):
        _, told, _ = _run(*arguments, "--property", "eligible-only", "--format", "json")
        engines.append((json.loads(told)["search"]["engine"], json.loads(told)["verdicts"][0]["scope"]))
    assert engines == [("auto", "any-fleet"), *[("explore", "this-fleet")] * 3]


def test_a_certificate_of_several_files_is_refused_at_once(tmp_path: Path) -> None:
    code, told, complaint = _run("lone-vm", "teaching", "--engine", "parametric", "--certificate", str(tmp_path / "c"))
    assert (code, told) == (Code.USAGE, "")
    assert "a certificate is of one file; verify each in a command of its own" in complaint
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("options", "again"),
    [
        ((), ""),
        (("--engine", "zones"), " --engine zones"),
        (("--engine", "zones", "--minimum", "time"), " --engine zones --minimum time"),
        (("--engine", "bounded"), " --engine bounded --depth 1"),
    ],
)
def test_the_command_for_a_drawing_finds_the_same_run(options: tuple[str, ...], again: str) -> None:
    _, told, _ = _run("bad-placement", "--property", "event-in-one-domain", *options)
    assert f"To draw it: udproof verify bad-placement --property event-in-one-domain{again} --report svg=" in told


@pytest.mark.parametrize("engine", ["explore", "zones", "parametric"])
def test_a_depth_is_refused_where_it_means_nothing(engine: str) -> None:
    code, _, complaint = _run("lone-vm", "--engine", engine, "--depth", "5")
    assert code is Code.USAGE
    assert "--depth" in complaint
    assert "--engine bounded" in complaint


@pytest.mark.skipif(not NIGHTLY, reason="takes some seconds")
def test_the_default_fleet_is_proved_for_every_size() -> None:
    code, told, _ = _run("default", "--engine", "auto")
    assert code is Code.HOLDS
    assert told.count("PROVED (any fleet)") == len(shipped("default").checks)
