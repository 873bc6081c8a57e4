"""The model that runs in a page: step by step what the reference semantics says, and in a browser what a reader sees of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import wasmtime
from browser import Browser, browser
from hypothesis import given, settings
from tests.agreement.strategies import fleets
from tests.systems.results import shipped, violation

from udproof.counterexamples.html import Chapter, Counterexample, document
from udproof.counterexamples.runnable import Runnable, told
from udproof.counterexamples.trace import Trace
from udproof.engines import page as pages
from udproof.engines.page import runnable
from udproof.language import Property, System
from udproof.language.semantics import OutOfRange, Semantics, State
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet
from udproof.testing import systems

few = settings(max_examples=settings().max_examples // 8)  # of the profile: fleets are slow by the reference semantics


def unpacked(model: Runnable, words: Sequence[int]) -> State:
    """The state of some words, as the page reads them."""
    return tuple((words[at.word] >> at.shift & (1 << at.bits) - 1) + at.least if at.bits else at.least for at in model.places)


class Code:
    """The code of a model, run here as the page runs it."""

    def __init__(self, model: Runnable) -> None:
        self.model = model
        self._store = wasmtime.Store()
        instance = wasmtime.Instance(self._store, wasmtime.Module(self._store.engine, model.code), [])
        self._exports: Any = instance.exports(self._store)
        self._memory: wasmtime.Memory = self._exports["m"]

    def put(self, state: State) -> None:
        self._memory.write(self._store, b"".join(word.to_bytes(8, "little") for word in self.model.pack(state)), 0)

    def after(self) -> State:
        size = 8 * self.model.words
        read = self._memory.read(self._store, size, 2 * size)
        return unpacked(self.model, [int.from_bytes(read[at : at + 8], "little") for at in range(0, size, 8)])

    def ask(self, name: str, *args: int) -> int:
        return int(self._exports[name](self._store, *args) or 0)


def walked(system: System, properties: tuple[Property, ...], steps: int = 40) -> int:
    """A random walk by the reference semantics, with everything that the page would say in each state. How many steps it made."""
    semantics, chance = Semantics(system), Random(7)
    model = runnable(semantics, properties)
    assert model is not None
    code, state, next_at = Code(model), next(iter(semantics.initial())), 8 * model.words
    for made in range(steps):
        code.put(state)
        assert unpacked(model, model.pack(state)) == state
        broken = sum(1 << bit for bit, prop in enumerate(model.properties) if semantics.breaking(prop, state) is not None)
        assert code.ask("w", 0) == broken
        possible = {}
        for firing in semantics.enabled(state):
            try:
                possible[firing] = semantics.fire(state, firing)
            except OutOfRange:  # the page offers no such step
                continue
        offered = {firing: code.after() for number, firing in enumerate(model.firings) if code.ask(f"a{number}", 0, next_at)}
        assert offered == possible
        after = list(possible.values())
        if system.clocks:
            assert code.ask("b", 0) == (semantics.patience(state) == 0)
            code.ask("t", 0, next_at)
            assert code.after() == semantics.passed(state, 1)
            if semantics.patience(state) != 0:
                after += [code.after()] * (1 + len(after) // 3)
        if not after:
            return made
        state = chance.choice(after)
    return steps


def late_watchdog() -> tuple[Trace, Property]:
    return violation("PauseOverrun")


@few
@given(systems())
def test_random_systems(system: System) -> None:
    walked(system, system.checks, 12)


@few
@given(fleets())
def test_random_fleets(fleet: Fleet) -> None:
    walked(protocol(fleet, CORE), CORE, 6)


@pytest.mark.parametrize("name", ["teaching", "two-hosts"])
def test_a_shipped_fleet(name: str) -> None:
    system = shipped(name)
    assert walked(system, system.checks, 60) == 60


def test_a_model_that_is_too_large_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    semantics = Semantics(shipped("teaching"))
    monkeypatch.setattr(pages, "MOST_FIRINGS", len(semantics.firings) - 1)
    assert runnable(semantics, CORE) is None
    monkeypatch.undo()
    monkeypatch.setattr(pages, "MOST_CODE", 1000)
    assert runnable(semantics, CORE) is None


def test_every_value_of_a_state_has_a_word() -> None:
    semantics = Semantics(shipped("teaching"))
    model = runnable(semantics, CORE)
    assert model is not None
    data = told(model)
    for slot, number in enumerate(data["speaks"]):
        least, most = semantics.span(slot)
        assert len(data["vocabulary"][number]) == most - least + 1
    assert len(data["firings"]) == len(model.firings)
    assert data["waits"][:2] == ["5 s", "10 s"], "a tick of this fleet has 5 s"


# --- In a browser.


def report(limit: bool = False) -> str:
    trace, prop = late_watchdog()
    model = runnable(trace.semantics, trace.system.checks)
    assert model is not None
    example = Counterexample(trace, prop, model=None if limit else model)
    return document([Chapter("late", "a run", counterexamples=(example, example))])


def test_the_model_stands_in_the_page_once_and_only_with_it_code_may_be_compiled() -> None:
    text = report()
    assert len(re.findall(r'id="[\w-]+:model-1"', text)) == 1
    assert "'wasm-unsafe-eval'" in text
    assert "wasm-unsafe-eval" not in report(limit=True)
    assert report() == text


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as opened:
        opened.size(1400, 1000)
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report(), encoding="utf-8")
    return path.as_uri()


ROWS = "[...document.querySelector('{0}').querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))"
OFFERED, OWN = ROWS.format(".beyond"), ROWS.format(".own-way")
LOADED = (
    "new Promise(done => { const look = () => document.querySelector('[data-take]') ? done(1) : setTimeout(look, 5); look(); })"
)


def click(page: Browser, what: str) -> None:
    page.run(f"document.querySelector({json.dumps(what)}).click()")


def test_a_reader_leaves_the_run_and_finds_another_way_to_break_it(page: Browser, address: str, tmp_path: Path) -> None:
    trace, prop = late_watchdog()
    steps = len(trace.steps)
    page.open(f"{address}#{prop.name}/{steps - 1}")
    page.run(LOADED)
    page.run("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    offered = page.run(OFFERED)
    legal = Semantics(trace.system).enabled(trace.states[-2])
    assert len([row for row in offered if row[1] != "time"]) == len(legal)
    taken = page.run("[...document.querySelector('.beyond').querySelectorAll('.taken')].map(row => row.innerText)")
    assert len(taken) <= 1, "the step of the run is marked"
    while "FALSE" not in (page.run(OWN) or [["all hold"]])[-1][-1]:  # waiting alone breaks it
        click(page, ".beyond [data-take^=t]")
        assert len(page.run(OWN)) < 10
    assert prop.name in page.run(OWN)[-1][-1]
    assert page.run("location.hash").count("/") == 2
    page.run("document.querySelector('.own-way').scrollIntoView({block: 'end'})")
    page.picture(tmp_path / "own-way.png")
    again, walk = page.run("location.href"), page.run(OWN)
    page.open(again)
    page.run(LOADED)
    page.run("new Promise(done => setTimeout(done, 50))")
    assert page.run(OWN) == walk, "an address leads to the same walk"
    click(page, "[data-take=back]")
    assert len(page.run(OWN)) == len(walk) - 1
    if len(walk) > 1:
        click(page, "[data-take=leave]")
    assert page.run("location.hash") == f"#{prop.name}/{steps - 1}"
    assert page.run(OFFERED) == offered
    assert [where.split("#")[0] for where in page.requests] == [address] and page.complaints == []


def test_an_address_with_steps_that_are_not_possible_goes_as_far_as_it_can(page: Browser, address: str) -> None:
    _, prop = late_watchdog()
    page.open(f"{address}#{prop.name}/0/t1.99999.t1")
    page.run(LOADED)
    page.run("new Promise(done => setTimeout(done, 50))")
    assert len(page.run(OWN)) <= 1
    assert page.complaints == []
