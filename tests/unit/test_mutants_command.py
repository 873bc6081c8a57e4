"""Mistakes planted by the command: what is killed, what is not, and that nothing is counted as killed that is not.

Trace lengths of named mistakes are those of `test_parts_mutants`, found there by hand; small systems are worked out by hand here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.systems.results import shipped

from udproof.cli import mutants as command
from udproof.cli import planting
from udproof.cli.commands import program
from udproof.cli.exits import Code
from udproof.cli.planting import Basis, Fate, Found, Ground, Task, Trial, attempt, same_steps, without_mistakes
from udproof.cli.reviewed import elsewhere, mistakes
from udproof.engines.verdict import Limits
from udproof.language import Bool, Index, Int, System, Variable, action, forall, implies, require
from udproof.language.semantics import Semantics
from udproof.protocol import fleets, mutants, noticed, survivors

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"

COUNTER = '''
from udproof.language import Bool, Int, System, Variable, action, implies, invariant, require

count = Variable("count", to=Int.between(0, 4), init=0)


@action
def enter() -> None:
    """Somebody enters."""
    require(count.value < 2, "there is room")
    require(count.value >= 0, "the count is no debt")
    count.value = count.value + 1


@invariant(premise=lambda: count.value > 0)
def few() -> Bool:
    """At most two are inside."""
    return count.value <= 2


system = System("counter", actions=(enter,), properties=(few,))
'''


@pytest.fixture
def udproof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Calls the command in an empty folder with a system of one counter."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counter.py").write_text(COUNTER)

    def call(*args: str) -> Result:
        result = CliRunner().invoke(program, ["mutants", *args, "--quiet", "--jobs", "1"])
        assert "Traceback" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return call


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leaves only some of the named mistakes for the command to plant."""

    def choose(*names: str) -> None:
        monkeypatch.setattr(command, "ALL", tuple(mutants.named(name) for name in names))

    return choose


def planted(source: str, name: str, ground: Ground | None = None) -> Found:
    ground = ground or without_mistakes(Basis(source, "explore", Limits()))
    return attempt(Task(source, name, "/" in name, "explore", Limits(), ground)).found


# --- named ones


def test_a_mistake_is_killed_in_its_fleet_by_the_property_that_it_names(
    udproof: Callable[..., Result], few: Callable[..., None]
) -> None:
    few("FailureUntold", "ResumedUnderOldEvent")
    result = udproof()
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1][:5] == ["FailureUntold", "breakdown", "killed", "failure-told", "1"]
    assert lines[2][:5] == ["ResumedUnderOldEvent", "cancellation", "killed", "event-lifecycle", "3"]
    assert "2 named mistakes: 2 killed, 0 survived; each by the property that it names." in result.stdout


def test_a_mistake_without_a_place_or_an_effect_is_not_counted_as_killed(
    udproof: Callable[..., Result], few: Callable[..., None]
) -> None:
    """lone-vm has one VM, which is eligible: no co-tenant, nothing ineligible. Nor does it have hosts that fail."""
    few("SilentFreeze", "CotenantIgnored", "IneligibleInPlace", "FailureUntold")
    result = udproof("lone-vm", "--format", "json")
    data = json.loads(result.stdout)
    fates = {entry["name"]: entry["fate"] for entry in data["mutants"]}
    assert fates == {
        "SilentFreeze": "killed",
        "CotenantIgnored": "changes nothing",
        "IneligibleInPlace": "changes nothing",
        "FailureUntold": "does not apply",
    }
    assert data["counts"]["killed"] == 1
    assert data["exit_code"] == result.exit_code == 0


def test_a_survivor_ends_with_10(udproof: Callable[..., Result], few: Callable[..., None]) -> None:
    """On one VM there are no two domains to be hit at once, so that nothing breaks when steps overlap."""
    few("AnnouncedWhileRecovering", "EarlyStart")
    result = udproof("lone-vm")
    assert result.exit_code == 10
    assert "AnnouncedWhileRecovering  lone-vm  survived" in result.stdout
    assert "1 killed, 1 survived" in result.stdout


def test_what_fails_without_the_mistake_kills_nothing(udproof: Callable[..., Result], few: Callable[..., None]) -> None:
    few("TwoDomainsAtOnce")
    result = udproof("bad-placement")
    assert (
        "bad-placement breaks one-domain-paused, event-in-one-domain without any mistake; that kills nothing here." in result.stdout
    )
    assert " one-domain-paused  " not in result.stdout


def test_a_limit_makes_it_undecided_and_ends_with_5(udproof: Callable[..., Result], few: Callable[..., None]) -> None:
    few("FailureUntold")
    result = udproof("--timeout", "0.001s")
    assert result.exit_code == 5
    assert "1 named mistake: 0 killed, 0 survived, 1 undecided" in result.stdout


def campaign(*fates: Fate, fails: str = "named", own: bool = False, made: bool = False) -> command.Campaign:
    found = command.Campaign(made, own, len(fates))
    found.grounds["x"] = Ground("x", "0" * 16, frozenset(), frozenset(), (), None, None)
    found.trials = [
        Trial("M", "story", "x", "named", Found(fate, fails if fate is Fate.KILLED else None, 1), 0.0) for fate in fates
    ]
    return found


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (campaign(Fate.KILLED, Fate.KILLED), Code.HOLDS),
        (campaign(Fate.KILLED, fails="another"), Code.UNEXPECTED),
        (campaign(Fate.KILLED, Fate.SURVIVED, Fate.UNDECIDED), Code.VIOLATED),
        (campaign(Fate.KILLED, Fate.UNDECIDED), Code.UNDECIDED),
        (campaign(Fate.KILLED, Fate.VACUOUS), Code.VIOLATED),
        (campaign(Fate.KILLED, Fate.VACUOUS, made=True), Code.HOLDS),
        (campaign(Fate.KILLED, Fate.NO_PLACE, Fate.SAME, Fate.REFUSED), Code.HOLDS),
        (campaign(Fate.KILLED, Fate.NO_PLACE, own=True), Code.VIOLATED),
        (campaign(Fate.NO_PLACE, Fate.SAME), Code.NOTHING),
    ],
)
def test_exit_codes(found: command.Campaign, code: Code) -> None:
    assert found.code is code


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("counter.py",), "counter.py: named mistakes are of the shipped protocol; for a system file, add --generated."),
        (("teeching",), "did you mean teaching?"),
        (("--generated", "--engine", "zones"), "generated mistakes are compared state by state, which takes explore."),
    ],
)
def test_what_cannot_be_planted_is_refused(udproof: Callable[..., Result], args: tuple[str, ...], words: str) -> None:
    result = udproof(*args)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.skipif(not NIGHTLY, reason="processes of their own take seconds to start")
def test_side_by_side_they_come_to_the_same(few: Callable[..., None]) -> None:
    few("FailureUntold", "FailureEventTooShort", "EarlyStart")
    results = [CliRunner().invoke(program, ["mutants", "--quiet", "--format", "json", "--jobs", jobs]) for jobs in "12"]
    told = [[{**entry, "seconds": 0} for entry in json.loads(result.stdout)["mutants"]] for result in results]
    assert told[0] == told[1]
    assert len(told[0]) == 3


@pytest.mark.skipif(not NIGHTLY, reason="every mistake in its fleet: the engines' contract has them too")
def test_every_named_mistake_is_killed_by_the_property_that_it_names() -> None:
    result = CliRunner().invoke(program, ["mutants", "--quiet"])
    assert result.exit_code == 0, result.output
    assert len(mutants.ALL) > 40
    assert f"{len(mutants.ALL)} killed, 0 survived; each by the property that it names" in result.stdout


# --- generated ones


def test_generated_mistakes_of_a_counter(udproof: Callable[..., Result]) -> None:
    """By hand: a third may enter without the first condition, or with a 3 in it.

    The second condition always holds: without it, nothing changes; nor does anything with -1 in it, which is told as survived all
    the same, since it is not known of numbers that one less allows more. Turned round, or with a 1 in it, or with nothing added to
    the count, nobody is ever inside, and few is not put to the test. One place less (lower-1), or two entering at a time (raise-3,
    from 0 to 2), break nothing that is asked.
    """
    data = json.loads(udproof("--generated", "counter.py", "--format", "json").stdout)
    assert {entry["name"]: entry["fate"] for entry in data["mutants"]} == {
        "enter/drop-guard-1": "killed",
        "enter/drop-guard-2": "changes nothing",
        "enter/negate-guard-1": "vacuous",
        "enter/negate-guard-2": "vacuous",
        "enter/drop-update-1": "vacuous",
        "enter/raise-1": "killed",
        "enter/raise-2": "vacuous",
        "enter/raise-3": "survived",
        "enter/lower-1": "survived",
        "enter/lower-2": "survived",
        "enter/lower-3": "vacuous",
    }
    assert [entry["judgement"] for entry in data["mutants"] if entry["fate"] == "survived"] == [None, None, None]
    assert data["exit_code"] == 10


def test_a_survivor_that_nobody_judged_is_told_so(udproof: Callable[..., Result]) -> None:
    lines = udproof("--generated", "counter.py").stdout.splitlines()
    place = next(at for at, line in enumerate(lines) if "enter/lower-1" in line)
    assert lines[place + 1].strip() == "not judged (2 states)"
    assert "of the survivors: 3 not judged" in lines[-1]


def test_what_allows_less_is_harmless_and_dense_time_answers_where_ticks_leave_a_doubt() -> None:
    """A later start is a run of the right model. A clock that is not reset leaves it to dense time whether time can pass."""
    ground = without_mistakes(Basis("lone-vm", "explore", Limits()))
    assert (
        planted("lone-vm", "start/raise-1", ground).harmless == "every run of it is one of the right model too, and breaks nothing"
    )
    assert planted("lone-vm", "roll_back/drop-update-2", ground).fate is Fate.SURVIVED
    assert planted("lone-vm", "apply/drop-guard-2", ground).about == "a condition less, and not one state or transition more"
    assert planted("lone-vm", "announce/drop-update-2", ground).fate is Fate.REFUSED
    early = planted("lone-vm", "retry/lower-1", ground)
    assert (early.fate, early.fails) == (Fate.KILLED, "recovery-kept")


def test_a_system_that_leaves_its_range_without_any_mistake_is_refused(udproof: Callable[..., Result]) -> None:
    Path("counter.py").write_text(COUNTER.replace("count.value < 2", "count.value < 9").replace("<= 2", "<= 4"))
    result = udproof("--generated", "counter.py")
    assert result.exit_code == 2
    assert "action enter sets count to 5, outside its range Int 0..4" in result.stderr


def test_the_same_steps_are_recognised_and_others_are_not() -> None:
    system = shipped("lone-vm")
    one, two = (Semantics(mutants.named(name).change(system)) for name in ("CotenantIgnored", "SilentFreeze"))
    assert same_steps(Semantics(system), one)
    assert not same_steps(Semantics(system), two)


# --- what is kept with the project


def made(fleet: str) -> set[str]:
    """The mistakes that rules make of a shipped fleet."""
    return {name for names in mistakes(fleet)[1].values() for name in names}


def own(fleet: str) -> set[str]:
    """Those that are judged on it, if it is reviewed."""
    return made(fleet) - set(elsewhere(mistakes(fleet)[0]))


def test_the_judgements_are_about_the_models_as_they_are_and_name_mistakes_that_there_are() -> None:
    """If a model has changed: run `udproof mutants --generated FLEET` and judge anew."""
    for fleet, (model, judged) in survivors.reviewed().items():
        assert (fleet, model) == (fleet, mistakes(fleet)[0])
        assert set(judged) <= own(fleet)
        assert all(judgement.reason and not judgement.reason.endswith(".") for judgement in judged.values())
        assert survivors.judgements(model) == judged
    assert survivors.judgements("0" * 16) == {}


def test_every_text_of_every_shipped_fleet_is_mutated_on_a_reviewed_one() -> None:
    """A text counts for each rule that makes a mistake in it. The fleet large has the core alone, and takes seconds to read."""
    reviewed = {text for fleet in survivors.reviewed() for text in mistakes(fleet)[1]}
    for fleet in set(fleets.shipped()) - {"large"}:
        assert not [names for text, names in mistakes(fleet)[1].items() if text not in reviewed], fleet


def test_what_is_judged_on_another_fleet_is_in_the_same_text() -> None:
    """time-out gives `finish`, `retry` and `give_up` another condition on the recovery. What else it has of health stands there."""
    found = elsewhere(mistakes("time-out")[0])
    on_health = {name for name, fleet in found.items() if fleet == "health"}
    assert on_health == {name for name in made("time-out") if name.startswith(("fall_ill/", "get_well/"))}
    assert own("time-out") == {
        f"{name}/{rule}" for name in ("finish", "retry", "give_up") for rule in ("drop-guard-2", "raise-1", "lower-1")
    }
    assert own("teaching") == made("teaching")
    assert elsewhere(mistakes("lone-vm")[0]) == {}  # nobody has reviewed it, so that all of its mistakes are its own


def test_the_names_of_bound_variables_make_no_other_text_and_all_else_does() -> None:
    def enters(least: int) -> System:
        @action
        def enter(a: Place) -> None:
            require(forall(Place, lambda p: implies(p != a, full[p])), "every other place is full")
            require(number[a] >= least, "enough are there")
            full[a] = True

        return System("hall", actions=(enter,))

    class Place(Index):
        """Somewhere to stand."""

    full = Variable("full", Place, to=Bool, init=False)
    number = Variable("number", Place, to=Int.between(0, 3), init=0)
    one, other, third = (survivors.by_text(enters(least)) for least in (1, 1, 2))
    assert one == other
    assert set(survivors.shared(one, third)) == {"enter/drop-guard-1", "enter/negate-guard-1", "enter/drop-update-1"}


@pytest.mark.skipif(not NIGHTLY, reason="some 600 searches")
@pytest.mark.parametrize("fleet", survivors.reviewed())
def test_every_survivor_on_a_reviewed_fleet_is_judged_and_only_those_are(fleet: str) -> None:
    ground = without_mistakes(Basis(fleet, "explore", Limits()))
    found = {name: planted(fleet, name, ground) for name in own(fleet)}
    open_ = {name for name, one in found.items() if one.fate is Fate.SURVIVED and one.harmless is None}
    _, judged = survivors.reviewed()[fleet]
    assert open_ == set(judged)
    assert not [name for name, one in found.items() if one.fate is Fate.UNDECIDED]


def test_a_reviewed_fleet_plants_its_own_mistakes_and_says_where_the_others_are(udproof: Callable[..., Result]) -> None:
    result = udproof("--generated", "time-out")
    lines = result.stdout.splitlines()
    assert (
        "time-out: 172 mistakes in text that other fleets have too, planted and judged there: 155 on teaching, 17 on health."
        in lines
    )
    assert lines[-1].startswith("9 generated mistakes: ")
    assert "(of the survivors: 3 harmless, 4 missing, 0 not judged)" in lines[-1]
    assert result.exit_code == 10


def test_without_a_fleet_each_reviewed_one_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[str] = []

    def attempted(task: Task) -> Trial:
        planned.append(f"{task.source} {task.name}")
        return Trial(task.name, "", task.source, None, Found(Fate.KILLED, "some", 1), 0.0)

    monkeypatch.setattr(command, "attempt", attempted)
    monkeypatch.setattr(
        command, "without_mistakes", lambda basis: Ground(basis.source, "", frozenset(), frozenset(), (), None, None)
    )
    result = CliRunner().invoke(program, ["mutants", "--generated", "--quiet", "--jobs", "1"])
    assert set(planned) == {f"{fleet} {name}" for fleet in survivors.reviewed() for name in own(fleet)}
    assert result.exit_code == 0


def test_the_record_of_noticed_mistakes_is_about_the_models_as_they_are() -> None:
    """If not, `docs/generate.py` plants them all and writes it anew."""
    fleets = dict.fromkeys(mutant.fleet for mutant in mutants.ALL)
    counts = [sum(mutant.fleet == fleet for mutant in mutants.ALL) for fleet in fleets]
    assert {model: (kept.planted, kept.noticed) for model, kept in noticed.records().items()} == {
        shipped(fleet).hash: (count, count) for fleet, count in zip(fleets, counts, strict=True)
    }
    assert noticed.record("0" * 16) is None


@pytest.mark.skipif(not NIGHTLY, reason="every system with every mistake is hashed")
def test_the_record_of_noticed_mistakes_is_about_the_mistakes_as_they_are() -> None:
    for fleet in dict.fromkeys(mutant.fleet for mutant in mutants.ALL):
        system = shipped(fleet)
        kept = noticed.record(system.hash)
        assert kept is not None
        assert kept.digest == noticed.digest(fleet, system)


def test_one_worker_is_this_process() -> None:
    with planting.Workers(1) as alone:
        assert list(alone.work(len, ["a", "bb"])) == [(0, 1), (1, 2)]
