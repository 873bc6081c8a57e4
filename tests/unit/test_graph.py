"""The graph of a small system: exactly its states and steps, counted by hand, and names that stay names."""

import re
import shutil
from itertools import pairwise

import pytest
from runs import HOSTILE, calm_soon, hostile

from udproof.counterexamples import graph as module
from udproof.counterexamples.graph import NotDrawn, TooLarge, dot, drawn, explored
from udproof.language import Bool, Int, System, Variable, action, invariant, require
from udproof.language.semantics import Semantics

count = Variable("count", to=Int.between(0, 3), init=0)


@action(by="visitor")
def enter() -> None:
    require(count.value < 3, "there is room")
    count.value = count.value + 1


@action(by="visitor")
def leave() -> None:
    require(count.value > 0, "somebody is inside")
    count.value = count.value - 1


@invariant()
def few() -> Bool:
    """At most two are inside."""
    return count.value <= 2


DOOR = Semantics(System("door", actions=(enter, leave), properties=(few,)))


def test_a_counter_up_to_three_has_four_states_and_six_steps() -> None:
    found = explored(DOOR)
    assert (found.states, found.initial) == (((0,), (1,), (2,), (3,)), 1)
    ups, downs = [(a, b, "enter()") for a, b in pairwise(range(4))], [(b, a, "leave()") for a, b in pairwise(range(4))]
    assert sorted(found.steps) == sorted(ups + downs)


def test_the_text_shows_states_steps_and_what_is_broken() -> None:
    text = dot(DOOR, [few])
    assert text.count(" -> ") == 6 and text.startswith('digraph "door" {') and text.endswith("}\n")
    assert r's0 [label="state 0\ncount = 0"' in text
    assert re.search(r's3 \[label="state 3\\ncount = 3\\nFALSE: few", color="#b3261e", fontcolor="#b3261e", peripheries=2\]', text)
    assert text.count("FALSE") == 1 and text == dot(DOOR, [few])


def test_time_is_a_step_and_a_clock_at_its_cap_says_or_more() -> None:
    text = dot(hostile("ann").semantics, [calm_soon])
    assert '"5 s later"' in text and "angry_for[ann] = 5 s or more" in text


def test_a_large_system_is_refused() -> None:
    with pytest.raises(TooLarge, match="door has more than 3 states, which is no picture; take a smaller fleet"):
        explored(DOOR, most=3)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_stays_in_its_quotes(name: str) -> None:
    text = dot(hostile(name).semantics, [])
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert re.fullmatch(r'digraph "" \{\n(?:  (?:node|edge|s\d+|s\d+ -> s\d+) \[[\w=", .]*\];\n)+\}\n', bare), bare[:400]
    assert all(line.isprintable() for line in text.splitlines())


def test_without_graphviz_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    with pytest.raises(NotDrawn, match=r"install Graphviz, or write a \.dot file"):
        drawn("digraph {}", "svg")


def test_graphviz_draws_it() -> None:
    if shutil.which("dot") is None:
        pytest.skip("the program dot of Graphviz is not here")
    assert b"<svg" in drawn(dot(DOOR, [few]), "svg")
    with pytest.raises(NotDrawn, match="dot failed: "):
        drawn("digraph {", "svg")
