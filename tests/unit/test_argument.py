"""The argument of a proof, for people: what threatens a lemma, why it holds all the same, and in which words that is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.systems.lock import lock
from tests.systems.results import shipped

from udproof.cli.commands import program
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits
from udproof.language import System
from udproof.language import expressions as ex
from udproof.properties import HEADLINE
from udproof.prover import store
from udproof.prover.argument import Argument, argue
from udproof.prover.houdini import Clockwork, GaveUp
from udproof.prover.lemmas import ClockAt, Lemma, Literal, Spread
from udproof.prover.review import page
from udproof.prover.theorem import Proof, formulas
from udproof.prover.wording import lemma_words


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@cache
def proof_of_lock() -> Proof:
    engine = Parametric(remember=False)
    engine.verify(lock(), lock().checks, Limits())
    assert engine.proof is not None
    return engine.proof


@cache
def headline() -> tuple[System, Argument]:
    system = shipped("default")
    [proof] = store.stored(formulas(system))
    return system, argue(proof, [prop.name for prop in HEADLINE], Clockwork())


# --- the lock, whose argument is known by heart


def test_what_a_lock_rests_on() -> None:
    """Two have it only if it was free when one took it: what must be known is that it is taken while anybody has it."""
    argument = argue(proof_of_lock(), ["alone"], Clockwork())
    [told] = argument.properties
    assert {lemma_words(lemma) for lemma in told.new} == {
        "For every Worker w and every Worker w': if w is busy and w' is busy, then w is w'.",
        "For every Worker w: while w is busy, `taken` is true.",
    }
    mutual = {lemma_words(lemma): argument.reasons[lemma] for lemma in told.new}
    needed = mutual["For every Worker w: while w is busy, `taken` is true."]
    by_step = {reason.step: reason for reason in needed if not reason.first}
    assert by_step["take"].plain, "whoever takes it also marks it taken"
    assert [lemma.origin for lemma in by_step["release"].lemmas] == ["property alone"]
    alone = argument.reasons[next(lemma for lemma in told.new if lemma.origin == "property alone")]
    taking = next(reason for reason in alone if reason.step == "take")
    assert taking.guards == (0,), "nobody has it"
    assert [lemma_words(lemma) for lemma in taking.lemmas] == ["For every Worker w: while w is busy, `taken` is true."]
    assert set(argument.circles) == set(told.new), "each of the two is kept because of the other"


def test_the_page_of_a_lock_says_so() -> None:
    text = "\n".join(page(argue(proof_of_lock(), ["alone", "short", "time-can-pass"], Clockwork()), lock().instance.durations))
    assert "- **take**: only where *nobody has it*; by lemma" in text
    assert "lean on each other" in text
    assert "`most < limit`: here 3 s < 5 s, which leaves 2 s" in text
    assert "- **released**: then release can happen since `least <= most`." in text
    assert "The clock `working_for` of a Worker w runs while w is busy; else it shows zero." in text


def test_lemmas_that_show_nothing_have_no_argument() -> None:
    with pytest.raises(GaveUp, match="not enough"):
        argue(Proof(formulas(lock()), (), (), ("alone",)), ["alone"], Clockwork())
    for missing in proof_of_lock().times:
        fewer = replace(proof_of_lock(), times=tuple(one for one in proof_of_lock().times if one is not missing))
        with pytest.raises(GaveUp, match="not enough"):
            argue(fewer, ["short", "time-can-pass"], Clockwork())


# --- words

W = lock().actions[0].params[0]


def _read(symbol: ex.VariableSymbol, *args: ex.Expr) -> ex.Read:
    return ex.Read(symbol, args)


def _lemma(*literals: tuple[bool, ex.Expr | Spread]) -> str:
    return lemma_words(Lemma((W,), tuple(Literal(positive, atom) for positive, atom in literals)))


def test_a_lemma_in_words() -> None:
    [is_busy] = [symbol for symbol in lock().variables if symbol.name == "busy"]
    [is_taken] = [symbol for symbol in lock().variables if symbol.name == "taken"]
    [clock] = lock().clocks
    least, most = (next(one for one in lock().durations if one.name == name) for name in ("least", "most"))
    has, marked = _read(is_busy, W), _read(is_taken)
    assert _lemma((False, has), (True, marked)) == "For every Worker w: while w is busy, `taken` is true."
    assert _lemma((False, has), (False, marked)) == "For every Worker w: it is never so that w is busy and `taken` is true."
    assert _lemma((False, has)) == "For every Worker w: w is not busy."
    assert _lemma((True, has), (True, ex.Not(marked))) == "For every Worker w: w is busy or `taken` is false."
    spread = Spread(ClockAt(clock, (W,)), None, (least, most))
    bounded = "For every Worker w: while w is busy, `working_for` of w shows at most least + most."
    assert _lemma((False, has), (True, spread)) == bounded
    some = ex.Exists(W, has)
    assert lemma_words(Lemma((), (Literal(False, marked), Literal(True, some)))) == (
        "While `taken` is true, there is a Worker w for which w is busy."
    )
    assert lemma_words(Lemma((), (Literal(True, ex.Not(some)),))) == "For every Worker w, w is not busy."


# --- the protocol


def test_the_argument_of_the_headline_properties_names_what_a_review_would() -> None:
    system, argument = headline()
    text = "\n".join(page(argument, system.instance.durations))
    assert "while the progress of s is open and the progress of s' is open, s is s'" in text
    assert "only where *no other step is open or recovering*" in text
    assert "by lemmas 1, 3, 6 and 8; by the axiom placement-rule and the axiom events-fit" in text
    assert "`paused_most + watchdog + rollback_most < pause_limit`: here 0 s + 15 s + 10 s = 25 s < 30 s, which leaves 5 s" in text


def test_each_lemma_stands_after_those_that_it_rests_on() -> None:
    _, argument = headline()
    for lemma, reasons in argument.reasons.items():
        for other in (one for reason in reasons for one in reason.lemmas):
            assert argument.numbers[other] < argument.numbers[lemma] or other in argument.circles.get(lemma, ())
    told = [lemma for one in argument.properties for lemma in one.new]
    assert [argument.numbers[lemma] for lemma in told] == list(range(1, len(told) + 1))


# --- the command


def test_explain_of_a_shipped_fleet() -> None:
    told = CliRunner().invoke(program, ["explain", "--proof", "teaching", "--property", "pause-bounded"])
    assert told.exit_code == 0
    assert "why pause-bounded holds for every fleet, in dense time." in told.stdout
    assert "since `paused_most + watchdog + rollback_most < pause_limit`" in told.stdout
    assert "one-domain-paused" not in told.stdout


def test_explain_of_what_has_no_proof(tmp_path: Path) -> None:
    assert CliRunner().invoke(program, ["explain", "teaching"]).exit_code == 2
    path = tmp_path / "parity.py"
    source = (Path(__file__).parents[1] / "systems" / "parity.py").read_text()
    path.write_text(source + "\n\nsystem = parity(helped=False)\n")
    told = CliRunner().invoke(program, ["explain", "--proof", str(path)])
    assert told.exit_code == 5
    assert not told.stdout
    assert "UNKNOWN  never-five" in told.stderr
    path.write_text(source + "\n\nsystem = parity(helped=True)\n")
    told = CliRunner().invoke(program, ["explain", "--proof", str(path), "--quiet"])
    assert told.exit_code == 0
    assert "written by hand: even" in told.stdout
