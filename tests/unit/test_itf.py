"""Runs in files: what is written can be read, what is read is replayed, and nothing else comes from a document than a BadTrace."""

import copy
import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from udproof.cli.commands import program
from udproof.counterexamples.files import write_atomically
from udproof.counterexamples.itf import from_itf, tick_of, to_itf
from udproof.counterexamples.trace import BadTrace, Move, Trace, Wait, run
from udproof.engines.zone_time import DenseSemantics, semantics_in_ticks
from udproof.language import (
    ANYTHING,
    Bool,
    Clock,
    Enumeration,
    Index,
    Instance,
    Int,
    System,
    Variable,
    action,
    invariant,
    member,
    require,
)
from udproof.language.semantics import Semantics


class Train(Index):
    """A train."""


class Track(Index):
    """A track."""


class Signal(Enumeration):
    """What the signal shows."""

    stop = member()
    go = member()


on = Variable("on", Train, Track, to=Bool, init=False)
signal = Variable("signal", Track, to=Signal, init=Signal.stop)
last = Variable("last", to=Train, init=ANYTHING)
trips = Variable("trips", to=Int.between(-1, 1), init=-1)
waited = Clock("waited", Train)


@action(by="t")
def enter(t: Train, k: Track) -> None:
    require(waited[t] >= 1, "it has waited for a second")
    on[t, k] = True
    last.value = t
    waited[t] = 0


@action
def clear(k: Track) -> None:
    signal[k] = Signal.go
    trips.value = trips.value + 1


@invariant()
def empty(t: Train, k: Track) -> Bool:
    """No train is on a track."""
    return ~on[t, k]


@invariant()
def no_trip() -> Bool:
    """No track was cleared."""
    return trips.value <= -1


RAIL = System(
    "rail",
    actions=(enter, clear),
    properties=(empty, no_trip),
    instance=Instance({"Train": ("Zug ü", "b"), "Track": ("1", "|<2>")}),
)
SEMANTICS = Semantics(RAIL)


def journey() -> Trace:
    by_name = {(f.action.name, f.args): f for f in SEMANTICS.firings}
    moves: list[Move] = [by_name["clear", (1,)], Wait(3), by_name["enter", (1, 0)], by_name["clear", (0,)], Wait(1)]
    return run(SEMANTICS, list(SEMANTICS.initial())[1], moves)


TRACE = journey()
DOCUMENT = json.dumps(to_itf(TRACE, RAIL.properties))


def document() -> Any:
    return json.loads(DOCUMENT)


def refused(change: Callable[[Any], object]) -> str:
    """The sentence with which a changed document is refused."""
    changed = document()
    change(changed)
    with pytest.raises(BadTrace) as caught:
        from_itf(changed, SEMANTICS)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


# --- Dense time: instants that are no whole units.

late = Variable("late", to=Bool, init=False)
running = Clock("running")


@action
def knock() -> None:
    require((running.value > 1) & (running.value < 2), "between one second and two")
    late.value = True


@invariant()
def never() -> Bool:
    """Nobody knocks."""
    return ~late.value


DOOR = System("door", (knock,), (never,))


def _dense(parts: int) -> Trace:
    """After 1 s and one part of so many, somebody knocks."""
    semantics = DenseSemantics(DOOR, parts)
    [firing] = semantics.firings
    return run(semantics, next(iter(semantics.initial())), [Wait(parts + 1), firing])


@pytest.mark.parametrize("parts", [2, 3, 7, 1000])
def test_instants_between_whole_units_are_written_and_read_back_exactly(parts: int) -> None:
    trace = _dense(parts)
    told = json.loads(json.dumps(to_itf(trace, DOOR.properties)))
    assert told["#meta"]["tick"] == f"1/{parts}"
    assert tick_of(told) == Fraction(1, parts)
    again = from_itf(told, semantics_in_ticks(DOOR, tick_of(told)))
    assert again.steps == trace.steps
    assert again.seconds(again.steps[-1].time) == 1 + Fraction(1, parts)


def test_a_tick_that_the_run_does_not_fit_is_refused() -> None:
    told = to_itf(_dense(2), DOOR.properties)
    for tick, sentence in (
        ("1", r"knock.* cannot fire"),  # 3 s is too late
        ("2/3", "a tick is '2/3' seconds in the file, but 1 in the model"),  # no part of the unit
        (f"1/{10**30}", "a tick is .* but 1 in the model"),  # finer than anybody writes
    ):
        told["#meta"]["tick"] = tick
        with pytest.raises(BadTrace, match=sentence):
            from_itf(told, semantics_in_ticks(DOOR, tick_of(told)))


@pytest.mark.parametrize("tick", ["0", "1/0", "-1", "1.5", "", "1/2/3", "\u0661", "1\n", 5, True, [], {}, "9" * 50])
def test_a_tick_that_is_no_positive_fraction_is_refused_in_one_sentence(tick: object) -> None:
    with pytest.raises(BadTrace, match=r"the tick of the document is .*, where a positive fraction of seconds such as"):
        tick_of({"#meta": {"tick": tick}})
    assert tick_of({"#meta": {}}) is None


# --- Writing.


def test_a_document_has_the_shape_of_itf() -> None:
    written = document()
    assert written["#meta"] == {
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "description": "a run of 5 steps of the system rail, written by udproof",
        "system": "rail",
        "hash": RAIL.hash,
        "tick": "1",
    }
    assert sorted(written["vars"]) == ["last", "on", "signal", "trips", "waited"]
    assert all(set(state) == {"#meta", *written["vars"]} for state in written["states"])
    assert written["states"][3] == {
        "#meta": {
            "index": 3,
            "action": "enter",
            "args": ["b", "1"],
            "actor": "b",
            "time": {"#bigint": "3"},
            "properties": {"empty": False, "no-trip": False},
        },
        "on": {"#map": [
            [{"#tup": ["Zug ü", "1"]}, False], [{"#tup": ["Zug ü", "|<2>"]}, False],
            [{"#tup": ["b", "1"]}, True], [{"#tup": ["b", "|<2>"]}, False],
        ]},
        "last": "b",
        "signal": {"#map": [["1", "stop"], ["|<2>", "go"]]},
        "trips": {"#bigint": "0"},
        "waited": {"#map": [["Zug ü", {"#bigint": "1"}], ["b", {"#bigint": "0"}]]},
    }  # fmt: skip
    assert written["states"][2]["#meta"]["wait"] == {"#bigint": "3"}


def test_no_integer_but_the_index_is_a_plain_number() -> None:
    def numbers(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [n for key, inner in value.items() if key != "index" for n in numbers(inner)]
        if isinstance(value, list):
            return [n for inner in value for n in numbers(inner)]
        return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []

    assert numbers(document()) == []


# --- Reading.


def test_what_is_written_reads_back_as_the_same_run() -> None:
    again = from_itf(document(), SEMANTICS)
    assert (again.start, again.steps) == (TRACE.start, TRACE.steps)


def test_plain_integers_and_missing_commentary_are_accepted() -> None:
    def plainly(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"#bigint"}:
                return int(value["#bigint"])
            return {key: plainly(inner) for key, inner in value.items()}
        return [plainly(inner) for inner in value] if isinstance(value, list) else value

    changed = plainly(document())
    for state in changed["states"]:
        for key in ("index", "time", "properties", "actor"):
            state["#meta"].pop(key, None)
    del changed["vars"], changed["#meta"]["tick"]
    assert from_itf(changed, SEMANTICS).steps == TRACE.steps


def test_a_file_round_trips(tmp_path: Path) -> None:
    file = tmp_path / "run.itf.json"
    write_atomically(file, json.dumps(document()))
    assert from_itf(json.loads(file.read_text(encoding="utf-8")), SEMANTICS).steps == TRACE.steps
    assert [path.name for path in tmp_path.iterdir()] == ["run.itf.json"]


def test_another_model_is_told_with_both_hashes() -> None:
    sentence = refused(lambda d: d["#meta"].update(hash="0123456789abcdef"))
    assert sentence == (
        f"the file is of another model: it was made for the hash '0123456789abcdef', and the system rail has {RAIL.hash}"
    )


def at(number: int) -> Callable[[Any], Any]:
    return lambda d: d["states"][number]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: at(3)(d).update(last="Zug ü"), "after step 3, last is Zug ü in the file, but b in the model"),
        (lambda d: at(1)(d).update(trips=1), "after step 1, trips is 1 in the file, but 0 in the model"),
        (lambda d: at(4)(d)["signal"]["#map"][0].__setitem__(1, "stop"),
         "after step 4, signal[1] is stop in the file, but go in the model"),
        (lambda d: at(3)(d)["on"]["#map"][2].__setitem__(1, False),
         "after step 3, on[b, 1] is false in the file, but true in the model"),
        (lambda d: at(2)(d)["waited"]["#map"][0].__setitem__(1, 0),
         "after step 2, waited[Zug ü] is 0 ticks in the file, but 1 ticks in the model"),
        (lambda d: at(2)(d)["#meta"].update(time=4), "after step 2, the file gives 4 as the time, but the model has 3"),
        (lambda d: at(2)(d)["#meta"].update(index=7), "after step 2, the file gives 7 as the index, but the model has 2"),
        (lambda d: at(3)(d)["#meta"]["properties"].update(empty=True),
         "after step 3, the property empty is True in the file, but False in the model"),
        (lambda d: at(3)(d)["#meta"]["properties"].update(kind=True),
         "state 3 speaks of the property 'kind', which the model does not have"),
        (lambda d: at(2)(d)["#meta"].update(wait={"#bigint": "0"}),
         "step 2: time passes for 0 ticks; a wait takes at least one"),
        (lambda d: d["states"].__delitem__(2),
         "step 2: enter(b, 1) cannot fire, since this does not hold: it has waited for a second"),
        (lambda d: at(3)(d)["#meta"].update(action="leave"), "step 3 is the action 'leave', which the model does not have"),
        (lambda d: at(3)(d)["#meta"].update(args=["b"]), "step 3 gives 1 arguments to enter, which takes 2"),
        (lambda d: at(3)(d)["#meta"].update(args=["b", "7"]), "step 3 speaks of '7', which is no element of Track"),
        (lambda d: at(0)(d).update(trips=1), "the first state is not an initial state of the system"),
        (lambda d: at(5)(d).pop("trips"), "state 5 lacks trips; every state tells every variable and clock"),
        (lambda d: at(5)(d)["on"]["#map"].pop(), "the #map of on in state 5 lacks the key 'b, |<2>'"),
        (lambda d: at(5)(d).update(last="c"), "last in state 5 is 'c', which is no value of Train"),
        (lambda d: d.update(states=[]), "the document has no state; a run has at least the one it starts in"),
        (lambda d: d["#meta"].update(tick="1/2"), "a tick is '1/2' seconds in the file, but 1 in the model"),
        (lambda d: at(5)(d).update(trips={"#bigint": "9" * 5000}), "trips in state 5 is "),
    ],
)  # fmt: skip
def test_every_disagreement_is_told_in_one_sentence(change: Callable[[Any], object], sentence: str) -> None:
    assert refused(change).startswith(sentence)


def test_an_integer_that_leaves_its_range_is_the_models_fault_and_told() -> None:
    changed = document()
    once_more = copy.deepcopy(changed["states"][4])
    once_more["#meta"] = {"action": "clear", "args": ["1"]}
    changed["states"] += [once_more, once_more]
    with pytest.raises(BadTrace, match="the run cannot be replayed: action clear sets trips to 2, outside its range"):
        from_itf(changed, SEMANTICS)


# --- Anything at all.

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4),
    st.sampled_from(["#map", "#tup", "#meta", "b", "1", "go", 10**50, 3, -1]),
)  # fmt: skip
words = st.sampled_from(["#meta", "#map", "#tup", "#bigint", "states", "hash", "action", "wait", "on"])
keys = st.one_of(st.text(max_size=5), words)
values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to every part of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


PLACES = places(document())[1:]


ODD = [10**5000, [10**5000], {"#bigint": 10**5000}, {1, 2}, object(), float("nan")]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))  # pytest cannot name such numbers itself
def test_odd_values_are_refused_in_a_sentence(value: object) -> None:
    assert refused(lambda d: at(5)(d).update(trips=value)).startswith("trips in state 5 is ")
    assert refused(lambda d: d.update(states=value))


@given(values)
def test_no_document_brings_another_error_than_a_bad_trace(value: object) -> None:
    with pytest.raises(BadTrace):
        from_itf(value, SEMANTICS)


damages = st.sampled_from(["remove", "double"]).map(lambda how: (how, None)) | values.map(lambda value: ("put", value))


@given(st.sampled_from(PLACES), damages)
def test_a_damaged_document_is_refused_or_harmless(path: tuple[Any, ...], damage: tuple[str, object]) -> None:
    changed, (how, value) = document(), damage
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if how == "put":
        inner[path[-1]] = value
    elif how == "remove":
        del inner[path[-1]]
    elif isinstance(inner, list):
        inner.insert(path[-1], copy.deepcopy(inner[path[-1]]))
    try:
        trace = from_itf(changed, SEMANTICS)
    except BadTrace as problem:
        assert "\n" not in str(problem)
        assert len(str(problem)) < 400
    else:  # the damage was in the commentary, or cut off the end
        assert trace.start == TRACE.start
        assert trace.steps == TRACE.steps[: len(trace.steps)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "cannot be read (nested too deeply)"),
        (b"[]", "is JSON, but no trace"),
        (b"null", "is JSON, but no trace"),
        (b"NaN", "is JSON, but no trace"),
        (b"9" * 10_000, "is not JSON"),
        (b'{"#meta": {"hash": "\\ud800"}, "states": [1]}', "is of the model \\ud800, but lone-vm is "),
    ],
)
def test_a_file_that_is_no_trace_is_refused_in_a_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "file").write_bytes(content)
    result = CliRunner().invoke(program, ["replay", str(tmp_path / "file"), "--fleet", "lone-vm"])
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1), result.output
    assert told in result.stderr


# --- Files as a whole or not at all.


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report"
    write_atomically(target, "old\r\n")

    def fail(fd: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, "new")
    assert target.read_bytes() == b"old\r\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_atomically(tmp_path / "new", "")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    write_atomically(tmp_path / "new", "x\ud800")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new").read_text() == "x\\ud800"


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_is_no_regular_file_is_written_to_as_it_is() -> None:
    write_atomically(os.devnull, "text")
    assert not Path(os.devnull).is_file()
