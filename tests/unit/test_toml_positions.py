"""Positions of TOML keys: counted by hand, and compared with tomllib on texts that Hypothesis writes."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udproof.protocol.toml_positions import Path, Positions

SAMPLE = (
    '''\
name = "x"  # a comment with = and [brackets]
  a . "b c".d = 1
[walk]
notice = "15min"
span = { least = "0s", most = "5s" }

[[vm]]
name = """
[[vm]] = "not a table"
"""
list = [ 1, # one
  [2, {three = 3}],
  'four',
]
[vm.extra]
at = 1979-05-27 07:32:00

[[vm]]
'quoted key' = 'a'''
    + """#b'
[ deep . er ]
on = true
[deep]
"""
)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("name",), 1, 1),
        (("a",), 2, 3),
        (("a", "b c"), 2, 7),
        (("a", "b c", "d"), 2, 13),
        (("walk",), 3, 2),
        (("walk", "notice"), 4, 1),
        (("walk", "span"), 5, 1),
        (("walk", "span", "least"), 5, 10),
        (("walk", "span", "most"), 5, 24),
        (("vm",), 7, 3),
        (("vm", 0), 7, 3),
        (("vm", 0, "name"), 8, 1),
        (("vm", 0, "list"), 11, 1),
        (("vm", 0, "list", 0), 11, 10),
        (("vm", 0, "list", 1), 12, 3),
        (("vm", 0, "list", 1, 0), 12, 4),
        (("vm", 0, "list", 1, 1), 12, 7),
        (("vm", 0, "list", 1, 1, "three"), 12, 8),
        (("vm", 0, "list", 2), 13, 3),
        (("vm", 0, "extra"), 15, 5),
        (("vm", 0, "extra", "at"), 16, 1),
        (("vm", 1), 18, 3),
        (("vm", 1, "quoted key"), 19, 1),
        (("deep", "er"), 20, 10),
        (("deep", "er", "on"), 21, 1),
        (("deep",), 22, 2),
    ],
)
def test_keys_counted_by_hand(path: Path, line: int, column: int) -> None:
    tomllib.loads(SAMPLE)
    place = Positions(SAMPLE).key(path)
    assert (place.line, place.column) == (line, column)


@pytest.mark.parametrize(
    ("path", "line", "column", "text"),
    [
        (("name",), 1, 8, '"x"'),
        (("a", "b c", "d"), 2, 17, "1"),
        (("walk", "span"), 5, 8, '{ least = "0s", most = "5s" }'),
        (("walk", "span", "most"), 5, 31, '"5s"'),
        (("vm", 0, "name"), 8, 8, '"""\n[[vm]] = "not a table"\n"""'),
        (("vm", 0, "list", 1, 1, "three"), 12, 16, "3"),
        (("vm", 0, "extra", "at"), 16, 6, "1979-05-27 07:32:00"),
        (("vm", 1, "quoted key"), 19, 16, "'a#b'"),
        (("vm", 1), 18, 3, "vm"),
    ],
)
def test_values_counted_by_hand(path: Path, line: int, column: int, text: str) -> None:
    place = Positions(SAMPLE).value(path)
    assert (place.line, place.column, SAMPLE[place.start : place.end]) == (line, column, text)


def test_a_path_without_a_place_answers_with_its_parents() -> None:
    positions = Positions(SAMPLE)
    assert positions.nearest(("walk", "recovery", 3)) == ("walk",)
    assert positions.key(("walk", "recovery", 3)) == positions.key(("walk",))
    assert ("walk", "recovery") not in positions
    assert positions.nearest(("nowhere",)) == ()
    assert (positions.key(("nowhere",)).line, positions.key(("nowhere",)).column) == (1, 1)


def test_only_the_wanted_paths_are_kept() -> None:
    positions = Positions(SAMPLE, only=[("vm", 0, "list", 1)])
    assert ("vm", 0, "list") in positions
    assert ("vm", 0, "list", 0) not in positions
    assert ("walk",) not in positions
    assert (positions.key(("vm", 0, "list", 1)).line, positions.key(("vm", 0, "list", 1)).column) == (12, 3)


def test_windows_line_ends_and_tabs_count_as_one_column_each() -> None:
    positions = Positions("a = 1\r\n\tb\t= [\r\n\t\t2]\r\n")
    assert (positions.key(("b",)).line, positions.key(("b",)).column) == (2, 2)
    assert (positions.key(("b", 0)).line, positions.key(("b", 0)).column) == (3, 3)


@pytest.mark.parametrize(
    "value",
    [
        *('""', '""""""', '"""a""""', '"""a"""""', '"""\\""""', '"""""a"""', '"\\\\"', '"\\""'),
        *("''", "''''''", "'''a''''", "'''a'''''", "'\\'"),
    ],
)
def test_quotation_marks_beside_quotation_marks(value: str) -> None:
    text = f"a = {value}\nb = [{value},{value}]\nc = 1"
    assert_covers(text, tomllib.loads(text))


# --- against tomllib


def paths_of(data: Any, path: Path = ()) -> list[Path]:
    children: list[Path] = []
    if isinstance(data, dict):
        children = [(*path, key) for key in data]
    elif isinstance(data, list):
        children = [(*path, index) for index in range(len(data))]
    return [path, *(inner for child in children for inner in paths_of(at(data, child[-1:]), child))]


def at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # nan differs from itself


def assert_covers(text: str, data: dict[str, Any]) -> None:
    """Every path has a place; the key's text is that key, and the value's text that value (or a header)."""
    positions = Positions(text)
    lines = text.split("\n")
    for path in paths_of(data)[1:]:
        assert path in positions
        key, value = positions.key(path), positions.value(path)
        for place in (key, value):
            assert text.startswith(lines[place.line - 1][place.column - 1 :], place.start)
        key_text, value_text = text[key.start : key.end], text[value.start : value.end]
        if isinstance(path[-1], str):
            assert tomllib.loads(f"{key_text} = 1") == {path[-1]: 1}
        elif isinstance(path[-2], str) and positions.key(path[:-1]) == positions.value(path[:-1]):  # an array of [[headers]]
            assert tomllib.loads(f"{key_text} = 1") == {path[-2]: 1}
        else:
            assert same(tomllib.loads(f"it = {key_text}")["it"], at(data, path))
        if value != key:
            assert same(tomllib.loads(f"it = {value_text}")["it"], at(data, path))


bare = st.text("ab1-_", min_size=1, max_size=3)
string = st.text(st.sampled_from(list("ab \"'\\#=[]{},.\té\U0001f600")), max_size=6)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


keys = bare | string.map(quoted) | string.filter(lambda text: "'" not in text).map("'{}'".format)
blanks = st.sampled_from(["", " ", "\t "])
gaps = st.sampled_from(["", " ", "\n", "\r\n  ", " # ] } , \" '''\n"])
scalars = (
    st.sampled_from(["1", "-1_000", "0xff", "1.5e3", "inf", "nan", "true", "1979-05-27", "07:32:00", "1979-05-27 07:32:00.5+01:00"])
    | string.map(quoted)
    | string.filter(lambda text: "'" not in text).map("'{}'".format)
    | string.map(lambda text: '"""' + quoted(text)[1:-1] + '\n"""')
    | string.filter(lambda text: "'" not in text).map("'''\n{}\n'''".format)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(st.tuples(gaps, inner, gaps).map("".join), max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.lists(st.tuples(gaps, inner, gaps).map("".join), min_size=1, max_size=3).map(lambda items: f"[{','.join(items)},\n]"),
        st.lists(st.tuples(blanks, keys, blanks, inner).map(lambda t: f"{t[0]}{t[1]}{t[2]}= {t[3]}"), max_size=3).map(
            lambda pairs: "{" + ",".join(pairs) + " }"
        ),
    ),
    max_leaves=6,
)
dotted = st.lists(keys, min_size=1, max_size=3).flatmap(lambda parts: blanks.map(lambda blank: f"{blank}.{blank}".join(parts)))
statements = st.one_of(
    st.tuples(dotted, blanks, blanks, values).map(lambda t: f"{t[0]}{t[1]}={t[2]}{t[3]}"),
    st.tuples(blanks, dotted, blanks).map(lambda t: f"[{''.join(t)}]"),
    st.tuples(blanks, dotted, blanks).map(lambda t: f"[[{''.join(t)}]]"),
    st.just("# a [comment] = 'here"),
    st.just(""),
)
documents = st.lists(st.tuples(blanks, statements, blanks).map("".join), max_size=8).map("\n".join)


@settings(deadline=None)
@given(documents)
def test_every_path_that_tomllib_finds_has_its_place(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a key given twice, for example
        Positions(text)
        return
    assert_covers(text, data)


@settings(deadline=None)
@given(st.data())
def test_mutations_of_a_sample_either_keep_their_places_or_are_no_toml(data: st.DataObject) -> None:
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 4)))
        text = text[:start] + data.draw(st.text("[]{}\"'=,.#\n a1", max_size=3)) + text[end:]
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        Positions(text)
        return
    assert_covers(text, parsed)


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_it_crash(text: str) -> None:
    Positions(text)


def test_nesting_as_deep_as_tomllib_reads_is_read_too() -> None:
    depth = 200
    text = "a = " + "[" * depth + "]" * depth
    assert_covers(text, tomllib.loads(text))
