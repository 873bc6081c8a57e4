"""The Python API: the same answers as the command, as objects that cannot be misread."""

from __future__ import annotations

import signal
import xml.dom.minidom
from pathlib import Path

import pytest
from tests.systems import known, timed
from tests.systems.lock import lock

from udproof.api import Mistake, NotPassed, Outcome, assert_mended, verify
from udproof.api.regression import Stale
from udproof.cli.exits import Code
from udproof.counterexamples.regression import Design, regression_test
from udproof.language import ANYTHING, Bool, Clock, Int, System, Variable, action, implies, invariant, require
from udproof.protocol.fleet_file import parse_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.mutants import ALL as MUTANTS

LATE = """
name = "late"
[host_update]
applying = {{ least = "5s", most = "60s" }}
watchdog = "{watchdog}"
[[set]]
name = "web"
vms = 2
update_domains = 2
"""


@pytest.fixture
def late(tmp_path: Path) -> Path:
    path = tmp_path / "late.toml"
    path.write_text(LATE.format(watchdog="25s"))
    return path


# --- what can be verified


def test_a_name_a_path_a_fleet_and_a_system_give_the_same_answers() -> None:
    path = path_of("lone-vm")
    given = ["lone-vm", path, str(path), parse_fleet(path.read_text(), "lone-vm")]
    results = [verify(design) for design in given]
    assert [result.run.subject.system.hash for result in results] == [results[0].run.subject.system.hash] * 4
    assert all(result.holds and result.passed and result.complete for result in results)
    system = verify(results[0].run.subject.system)
    assert [answer.outcome for answer in system] == [answer.outcome for answer in results[0]]
    assert system.figures.states == results[0].figures.states


def test_answers_are_found_by_name_and_in_order(late: Path) -> None:
    result = verify(late, properties=["memory-preserved", "pause-bounded"])
    assert [answer.name for answer in result] == ["pause-bounded", "memory-preserved"]
    assert len(result) == 2
    assert [answer.name for answer in result.violations] == ["pause-bounded"]
    broken = result["pause-bounded"]
    assert broken.outcome is Outcome.VIOLATED
    assert broken.cause is not None
    assert "web-0 has been paused for 30 s" in broken.cause
    with pytest.raises(KeyError, match="eligible-only was not asked for; there are answers for pause-bounded, memory-preserved"):
        result["eligible-only"]


def test_one_property_may_be_a_text() -> None:
    assert [answer.name for answer in verify("lone-vm", properties="pause-bounded")] == ["pause-bounded"]


@pytest.mark.parametrize("engine", ["explore", "zones", "auto"])
def test_every_engine_can_be_named(engine: str) -> None:
    assert verify(known("fischer").build(), engine=engine)["alone"].outcome is Outcome.PROVED  # type: ignore[arg-type]


def test_a_mistake_can_be_planted() -> None:
    assert not verify(MUTANTS[0].fleet, mutant=MUTANTS[0].name, properties=MUTANTS[0].breaks).holds
    with pytest.raises(Mistake, match="there is no such mutant"):
        verify("teaching", mutant="no-such")
    with pytest.raises(Mistake, match="a system of its own"):
        verify(lock(), mutant="no-such")


# --- what is not decided


def test_a_limit_leaves_unknown_and_that_has_not_passed() -> None:
    result = verify("teaching", timeout=0)
    assert {answer.outcome for answer in result} == {Outcome.UNKNOWN}
    assert (result.passed, result.holds, result.code) == (False, False, Code.UNDECIDED)
    with pytest.raises(NotPassed, match="14 UNKNOWN"):
        result.check()


def test_a_vacuous_property_has_not_passed() -> None:
    result = verify(timed.timelock(), properties=["after-five"])
    assert result["after-five"].outcome is Outcome.VACUOUS
    assert (result.passed, result.code) == (False, Code.VACUOUS)


def test_a_result_is_neither_true_nor_false() -> None:
    result = verify("lone-vm", properties="pause-bounded")
    with pytest.raises(TypeError, match=r"neither true nor false; ask for \.holds"):
        bool(result)
    with pytest.raises(TypeError, match="PROVED, neither true nor false"):
        bool(result["pause-bounded"])
    assert result.check() is result


def test_an_expected_violation_passes_and_does_not_hold(late: Path) -> None:
    late.write_text('expect = { violated = ["pause-bounded"] }\n' + late.read_text())
    result = verify(late, properties="pause-bounded")
    assert (result.passed, result.holds) == (True, False)


def test_a_timer_that_was_set_before_goes_on() -> None:
    if not hasattr(signal, "setitimer"):
        pytest.skip("there are no such timers here")
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        verify("lone-vm", properties="pause-bounded")
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 900 < left < 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


# --- mistakes


@pytest.mark.parametrize(
    ("given", "options", "sentence"),
    [
        ("no-such-fleet", {}, "there is no such file, and no shipped fleet of that name"),
        ("teaching", {"properties": ["pause-bound"]}, "did you mean pause-bounded"),
        ("teaching", {"engine": "fast"}, "there is no such engine; the engines are auto, explore, zones, bounded, parametric"),
        ("teaching", {"timeout": "1 fortnight"}, "timeout: "),
        ("teaching", {"timeout": float("nan")}, "timeout: nan is no time"),
        ("teaching", {"jobs": 0}, "jobs: 0 is not a whole number from 1 on"),
        ("teaching", {"memory": "1GB"}, "memory: '1GB' is not a whole number from 1 on"),
        (7, {}, "7 is no design"),
    ],
)
def test_a_mistake_has_one_sentence(given: object, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        verify(given, **options)  # type: ignore[arg-type]


# --- to look at


def test_a_notebook_shows_the_verdicts_and_the_picture(late: Path) -> None:
    result = verify(late, properties=["pause-bounded", "eligible-only"])
    shown = result._repr_html_()
    assert "VIOLATED" in shown
    assert shown.count("<svg") == 1
    picture = result["pause-bounded"].picture
    assert picture is not None
    assert xml.dom.minidom.parseString(picture._repr_svg_()).documentElement.tagName == "svg"
    assert result["eligible-only"].picture is None
    assert "<svg" in result["pause-bounded"]._repr_html_()


def test_names_of_a_fleet_are_shown_and_not_obeyed() -> None:
    system = lock()
    hostile = System("<script>alert(1)</script>", system.actions, system.properties, system.deadlines, instance=system.instance)
    assert "<script" not in verify(hostile)._repr_html_()


def test_the_text_is_that_of_the_command_and_names_no_command_for_an_object(late: Path) -> None:
    assert "To draw it: udproof verify" in verify(late, properties="pause-bounded").text()
    text = str(verify(parse_fleet(late.read_text(), "late.toml"), properties="pause-bounded"))
    assert "pause-bounded is violated" in text
    assert "To draw it" not in text
    assert "\x1b" not in text


# --- regression tests


def written(late: Path) -> str:
    result = verify(late, properties="pause-bounded")
    trace = result["pause-bounded"].trace
    assert trace is not None
    return regression_test(trace, trace.system.named("pause-bounded"), Design("late.toml", is_path=True))


def called(text: str, folder: Path) -> None:
    scope: dict[str, object] = {"__file__": str(folder / "test_run.py")}
    exec(compile(text, "test_run.py", "exec"), scope)
    scope["test_pause_bounded"]()  # type: ignore[operator]


def test_a_written_test_fails_until_the_design_is_mended(late: Path) -> None:
    text = written(late)
    with pytest.raises(AssertionError, match=r"pause-bounded is still violated, at step 9: .*has been paused for 30 s"):
        called(text, late.parent)
    late.write_text(LATE.format(watchdog="15s"))
    called(text, late.parent)


def test_a_written_test_that_has_lost_its_subject_fails(late: Path) -> None:
    text = written(late)
    late.write_text(LATE.format(watchdog="15s").replace('"web"', '"shop"'))
    with pytest.raises(Stale, match=r"the run speaks of the .* web.*; the design no longer has it"):
        called(text, late.parent)


def test_a_time_that_is_no_whole_tick_of_the_new_design_is_still_followed(late: Path) -> None:
    text = written(late)
    late.write_text(LATE.format(watchdog="24s"))  # the tick is 1 s now; 24 s and the rollback are still too long, by another run
    called(text, late.parent)


def test_a_run_that_breaks_the_property_on_the_way_is_not_mended(late: Path) -> None:
    text = written(late).replace("        ],", '            ("close", "step-0"),\n        ],')
    with pytest.raises(AssertionError, match="at step 9"):
        called(text, late.parent)


def coin() -> System:
    """Starts with any number; breaks the property where it is 2."""
    number, third = Variable("number", to=Int.between(0, 3), init=ANYTHING), Clock("third")

    @action
    def double() -> None:
        require(third.value >= 1)
        require(number.value <= 1)
        number.value = number.value + number.value

    @invariant(name='no "two"')
    def no_two() -> Bool:
        """Never two."""
        return implies(number.value == 2, third.value < 1)

    return System("coin", (double,), (no_two,))


def test_a_start_that_the_model_leaves_open_is_written_down() -> None:
    system = coin()
    trace = verify(system)['no "two"'].trace
    assert trace is not None
    text = regression_test(trace, system.properties[0], Design("coin", is_path=False))
    assert '"number": "2",' in text or '"number": "1",' in text
    compile(text, "test_coin.py", "exec")
    steps = ["1 s"]
    with pytest.raises(AssertionError, match="still violated"):
        assert_mended(system, broke='no "two"', run=steps, start={"number": "2"})
    assert_mended(system, broke='no "two"', run=steps, start={"number": "3"})
    assert_mended(system, broke='no "two"', run=["1/3 s"], start={"number": "2"})
    with pytest.raises(Stale, match="a start that 4 initial states fit"):
        assert_mended(system, broke='no "two"', run=steps)
    for run in (["1 fortnight"], ["0s"]):
        with pytest.raises(Mistake):
            assert_mended(system, broke='no "two"', run=run, start={"number": "2"})


def test_names_in_a_written_test_are_never_run(late: Path) -> None:
    late.write_text(LATE.format(watchdog="25s").replace('"web"', '"we\\"b\'; import os; #"'))
    text = written(late)
    with pytest.raises(AssertionError, match="still violated"):
        called(text, late.parent)
