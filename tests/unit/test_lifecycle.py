"""Life cycles: the edges of a small machine as counted by hand, also those that its text allows and that nobody takes."""

from __future__ import annotations

import shutil
from xml.etree import ElementTree

import pytest

from udproof.cli.model import diagram_of
from udproof.counterexamples.diagram import dot, mermaid, telling, told
from udproof.counterexamples.graph import drawn
from udproof.counterexamples.lifecycle import NoDiagram, candidates, parts, subject
from udproof.language import (
    Bool,
    Clock,
    Duration,
    Enumeration,
    Index,
    System,
    Variable,
    action,
    deadline,
    each,
    invariant,
    ite,
    member,
    require,
)


class Door(Index, elements=("front", "back")):
    """A door."""


class State(Enumeration):
    """What a door is."""

    shut = member()
    ajar = member("a jar")
    open = member()
    bricked = member("bricked up")  # no action does that


state = Variable("state", Door, to=State, init=State.shut)
locked = Variable("locked", to=Bool, init=False)
ajar_for = Clock("ajar_for", Door, during=lambda d: state[d] == State.ajar)


@action(by="visitor")
def push(d: Door) -> None:
    """A door gives way."""
    require(state[d] == State.shut, "it is shut")
    require(~locked.value, "nobody has locked up")
    state[d] = State.ajar


@action(by="visitor")
def pull(d: Door) -> None:
    """From ajar to open, and from open to ajar."""
    require(state[d] != State.shut, "it is not shut")
    state[d] = ite(state[d] == State.ajar, State.open, State.ajar)


@action(by="porter")
def lock_up() -> None:
    """All doors are shut, whatever they were."""
    require(~locked.value, "nobody has locked up")
    locked.value = True
    for d in each(Door):
        state[d] = State.shut


@invariant()
def fine(d: Door) -> Bool:
    """No door is bricked up."""
    return state[d] != State.bricked


patience = Duration("patience", 3)
HOUSE = System(
    "house",
    actions=(push, pull, lock_up),
    properties=(fine,),
    deadlines=(deadline("gives-way", Door, during=lambda d: state[d] == State.ajar, limit=lambda d: ajar_for[d] <= patience),),
)


def test_only_edges_that_are_taken_are_drawn() -> None:
    allowed = [(one.edge.before, one.edge.after, one.edge.name) for one in candidates(HOUSE, subject(HOUSE, "state"))]
    taken = [(edge.before, edge.after, edge.name) for edge in diagram_of(HOUSE, "state").edges]
    assert taken == [
        ("shut", "a jar", "push"),
        ("a jar", "open", "pull"),
        ("open", "a jar", "pull"),
        ("a jar", "shut", "lock_up"),
        ("open", "shut", "lock_up"),
    ]
    assert ("bricked up", "shut", "lock_up") in allowed and ("bricked up", "a jar", "pull") in allowed


def test_nodes_say_how_long_they_last_and_edges_what_else_they_ask() -> None:
    found = diagram_of(HOUSE, "state")
    assert [(node.name, node.lines, node.first) for node in found.nodes] == [
        ("shut", (), True),
        ("a jar", ("gives-way: 3 s at most",), False),
        ("open", (), False),
        ("bricked up", (), False),
    ]
    assert {edge.name: edge.lines for edge in found.edges} == {
        "push": ("nobody has locked up",),
        "pull": (),
        "lock_up": ("nobody has locked up",),
    }


def test_the_texts_escape_what_a_program_would_obey() -> None:
    found = diagram_of(HOUSE, "state")
    assert 'n1 [label="a jar\\ngives-way: 3 s at most"];' in dot(found)
    assert "n0 --> n1 : push<br/>nobody has locked up" in mermaid(found)
    assert "gives-way#58; 3 s at most" in mermaid(found) and "[*] --> n0" in mermaid(found)


def test_a_drawing_says_what_it_is_compared_by() -> None:
    if shutil.which("dot") is None:
        pytest.skip("there is no program dot here, which draws graphs")
    found = diagram_of(HOUSE, "state")
    assert told(drawn(dot(found), "svg")) == telling(found)
    other = diagram_of(HOUSE, "parts")
    assert told(drawn(dot(other), "svg")) == telling(other) != telling(found)


def test_what_is_no_life_is_refused() -> None:
    with pytest.raises(NoDiagram, match=r"house has no variable locked with the members of an enumeration; it has state$"):
        diagram_of(HOUSE, "locked")
    with pytest.raises(ElementTree.ParseError):
        told(b"no drawing")


def test_parts_are_files_and_an_arrow_names_what_is_changed() -> None:
    from udproof.cli.sources import load

    assert [(node.name, node.lines) for node in parts(HOUSE).nodes] == [("test_lifecycle", ("3 actions", "2 variables"))]
    edges = {(edge.before, edge.after): edge.name for edge in parts(load("teaching").system).edges}
    assert edges == {
        ("walk", "events"): "event, event_id, announced_id, approved, retired_id",
        ("host", "vm"): "run, memory, guest_clock",
        ("host", "walk"): "outcome",
        ("tenant", "events"): "approved",
    }
