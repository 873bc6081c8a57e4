"""Mistakes in system files: each ends in exit code 2 and one sentence with file and line, and never in a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from udproof.cli.commands import program

HEAD = '''from udproof.language import (
    Bool, Clock, Constant, Enumeration, Index, Int, System, Variable, action, deadline, each, invariant, member, require,
)


class Side(Index, elements=("left", "right")):
    """A side of the crossing."""


class Light(Enumeration):
    """What a light shows."""

    red = member()
    green = member()


light = Variable("light", Side, to=Light, init=Light.red)
cars = Variable("cars", to=Int.between(0, 3), init=0)
waiting = Clock("waiting", Side)
'''

GO = '''

@action
def go(s: Side) -> None:
    """A light turns green."""
    require(light[s] == Light.red)
    light[s] = Light.green
'''

TAIL = '''

@invariant()
def few() -> Bool:
    """At most three cars wait."""
    return cars.value <= 3


system = System("crossing", actions=(go,), properties=(few,))
'''

GUARD = "require(light[s] == Light.red)"
UPDATE = "light[s] = Light.green"
SYSTEM = "system = System("


def guarded(condition: str) -> str:
    return GO.replace("light[s] == Light.red", condition)


def then(*lines: str) -> str:
    return GO.replace(f"    {UPDATE}\n", "".join(f"    {line}\n" for line in lines))


# What is wrong: the file, the text that begins the line it should be told of, and what the sentence should say.
MISTAKES: dict[str, tuple[str, str, str]] = {
    "Python if on a symbolic value": (
        HEAD + then("if cars.value == 0:", "    light[s] = Light.green") + TAIL,
        "if cars.value == 0:",
        "Python asks for the truth of a symbolic value here (by if, and, or, not",
    ),
    "Python and": (
        HEAD + guarded("light[s] == Light.red and cars.value == 0") + TAIL,
        "require(",
        "and & | ~ for and, or, not",
    ),
    "chained comparison": (HEAD + guarded("1 <= cars.value <= 2") + TAIL, "require(", "or a chained comparison"),
    "wrong sort": (
        HEAD + guarded("light[s] == cars.value") + TAIL,
        "require(",
        "a value of sort Int 0..3 stands where one of sort Light is needed",
    ),
    "number as a truth": (HEAD + guarded("1") + TAIL, "require(", "1 (int) stands where a value of sort Bool is needed"),
    "unbounded integer": (
        HEAD + 'total = Variable("total", to=Int, init=0)\n' + GO + TAIL,
        "total = Variable(",
        "an unbounded integer is not a sort, since a state must be finite; use Int.between(low, high)",
    ),
    "strict clock comparison": (
        HEAD + guarded("waiting[s] > 3") + TAIL,
        "@action",
        "compares a clock strictly",
    ),
    "strict deadline": (
        HEAD
        + GO
        + TAIL
        + 'late = deadline("late", Side, during=lambda s: light[s] == Light.red, limit=lambda s: waiting[s] < 3)\n',
        "late = deadline(",
        "must be of the form clock[...] <= duration",
    ),
    "two clocks compared": (
        HEAD + guarded('waiting[s] <= waiting["left"]') + TAIL,
        "require(",
        "two clocks cannot be compared with each other, only a clock with a duration",
    ),
    "clock set to a number": (HEAD + then(UPDATE, "waiting[s] = 5") + TAIL, "waiting[s] = 5", "can only be set to 0"),
    "variable updated twice": (HEAD + then(UPDATE, "light[s] = Light.red") + TAIL, "light[s] = Light.red", "updates light twice"),
    "unknown element": (
        HEAD + guarded('light["middle"] == Light.red') + TAIL,
        "require(",
        "sort Side has no element 'middle'; it has left, right",
    ),
    "wrong number of arguments": (
        HEAD + then("light[s, s] = Light.green") + TAIL,
        "light[s, s]",
        "given 2 argument(s); it takes 1",
    ),
    "missing annotation": (
        HEAD + GO.replace("s: Side", "s") + TAIL,
        "@action",
        "parameter s of go has no annotation; annotate it with an index sort, as in h: Host",
    ),
    "action that changes nothing": (
        HEAD + GO.replace(f"    {UPDATE}\n", "") + TAIL,
        "@action",
        "action go updates nothing; an action must change something",
    ),
    "property without a statement": (
        HEAD + GO + TAIL.replace('    """At most three cars wait."""\n', ""),
        "@invariant",
        "property few has no docstring",
    ),
    "two declarations of one name": (
        HEAD + 'other = Variable("light", to=Light, init=Light.red)\n' + then(UPDATE, "other.value = Light.green") + TAIL,
        SYSTEM,
        "two declarations are called 'light'",
    ),
    "constant outside its sort": (
        HEAD + 'most = Constant("most", to=Int.between(0, 2), values=lambda: 9)\n' + guarded("cars.value <= most.value") + TAIL,
        "most = Constant(",
        "constant most is given 9, which is no value of sort Int 0..2",
    ),
    "constant without values": (
        HEAD + 'most = Constant("most", to=Int.between(0, 2))\n' + guarded("cars.value <= most.value") + TAIL,
        SYSTEM,
        "nothing gives the values of constant most",
    ),
    "initial value out of range": (HEAD.replace("init=0", "init=7") + GO + TAIL, "cars = Variable(", "outside its range 0..3"),
    "integer out of range, found by the search": (
        HEAD + then("cars.value = cars.value + 1") + TAIL,
        "@action",
        "action go sets cars to 4, outside its range Int 0..3; add a guard that prevents it, or widen the range",
    ),
    "assignment outside an action": (
        HEAD + 'light["left"] = Light.green\n' + GO + TAIL,
        'light["left"] =',
        "an assignment to light belongs inside a function decorated with @action",
    ),
    "no action": (HEAD + GO + TAIL.replace("(go,)", "()"), SYSTEM, "system crossing has no action"),
    "no system": (HEAD + GO, HEAD.split("\n")[0], "the file defines no system; write system = System(...)"),
    "system of another type": (HEAD + GO + TAIL + "system = 3\n", "system = 3", "system is of type int, not System"),
    "empty file": ("", "", "the file defines no system"),
    "syntax error": (HEAD + GO.replace("-> None:", "-> None") + TAIL, "def go", "this is not Python: expected ':'."),
    "unknown name": (HEAD + guarded("lihgt[s] == Light.red") + TAIL, "require(", "NameError: name 'lihgt' is not defined"),
    "unknown member": (HEAD + then("light[s] = Light.amber") + TAIL, "light[s] =", "'Light' has no attribute 'amber'"),
    "exception in the file": (
        HEAD + "limits = {}\nmost = limits['cars']\n" + GO + TAIL,
        "most =",
        "the file raised KeyError: 'cars'",
    ),
    "exception without words": (HEAD + "assert False\n", "assert", "the file raised AssertionError"),
    "exception of many lines": (HEAD + "raise ValueError('a\\n  b\\x1b[2J')\n", "raise", "the file raised ValueError: a b\\x1b[2J"),
    "exit in the file": (HEAD + "raise SystemExit(0)\n" + GO + TAIL, "raise", "the file raised SystemExit"),
    "endless recursion": ("def f():\n    return f()\n\n\nf()\n", "return f()", "the file raised RecursionError"),
    "one property where a tuple is expected": (
        HEAD + GO + TAIL.replace("(few,)", "few"),
        SYSTEM,
        "properties=... of a system takes a tuple, even of one: properties=(x,)",
    ),
    "a text where a tuple is expected": (
        HEAD + GO + TAIL.replace("(few,))", '(few,), assumptions="it rains")'),
        SYSTEM,
        "assumptions=... of a system takes a tuple",
    ),
    "action without decorator": (
        HEAD + GO.replace("@action\n", "") + TAIL,
        SYSTEM,
        "go stands among the actions, and is a plain function; put @action above it",
    ),
    "property without decorator": (
        HEAD + GO + TAIL.replace("@invariant()\n", ""),
        SYSTEM,
        "few stands among the properties, and is a plain function; put @invariant above it",
    ),
    "property among the actions": (
        HEAD + GO + TAIL.replace("(go,)", "(go, few)"),
        SYSTEM,
        "few stands among the actions, and is of type Property, not Action",
    ),
    "picture that is none": (HEAD + GO + TAIL.replace("(few,))", "(few,), picture=3)"), SYSTEM, "is made by lanes(...)"),
    "instance that is none": (
        HEAD + GO + TAIL.replace("(few,))", '(few,), instance={"Side": ("a",)})'),
        SYSTEM,
        "the instance of a system is an Instance(elements=..., ...)",
    ),
    "elements in one text": (
        HEAD.replace('("left", "right")', '"left"') + GO + TAIL,
        "class Side",
        "the elements of index sort Side are given as 'left'; give a tuple of names",
    ),
    "elements in one text, in the instance": (
        HEAD.replace(', elements=("left", "right")', "")
        + "from udproof.language import Instance\n"
        + GO
        + TAIL.replace("(few,))", '(few,), instance=Instance({"Side": "abc"}))'),
        SYSTEM,
        "the elements of index sort Side are given as 'abc'; give a tuple of names",
    ),
    "elements that are numbers": (
        HEAD.replace('("left", "right")', "(1, 2)") + GO + TAIL,
        "class Side",
        "1 is given as an element of index sort Side; an element is called by a text",
    ),
    "size and elements": (HEAD.replace("Index, el", "Index, size=3, el") + GO + TAIL, "class Side", "has a size and elements"),
    "member without brackets": (
        HEAD.replace("red = member()", "red = member") + GO + TAIL,
        "class Light",
        "red of enumeration Light is no member; write it as: red = member()",
    ),
    "sort of Python": (
        HEAD.replace("to=Int.between(0, 3)", "to=int") + GO + TAIL,
        "cars = Variable(",
        "the values of cars (to=...) are of a sort (Bool, Int.between(low, high), an Enumeration or an Index), and int is none",
    ),
    "sort that is called": (
        HEAD.replace("Int.between(0, 3)", "Int(3)") + GO + TAIL,
        "cars = Variable(",
        "Int is a sort, and is not",
    ),
    "sum of members": (
        HEAD + then("light[s] = light[s] + 1") + TAIL,
        "light[s] = ",
        "a value of sort Light takes part in no arithmetic; only integers do",
    ),
    "order of members": (
        HEAD + guarded("light[s] < Light.green") + TAIL,
        "require(",
        "a value of sort Light has no order; only integers do",
    ),
    "product": (
        HEAD + then("cars.value = 2 * cars.value") + TAIL,
        "cars.value = ",
        "integers can be added, subtracted and compared, and nothing else",
    ),
    "comparisons without parentheses": (
        HEAD + guarded("cars.value == 0 & light[s] == Light.red") + TAIL,
        "require(",
        "& | ~ join truth values, and a value of sort Light is none; they bind more tightly than == and <=",
    ),
    "number joined with a truth": (
        HEAD + guarded("1 & (cars.value == 0)") + TAIL,
        "require(",
        "& | ~ join truth values, and 1 is none",
    ),
    "sum of clocks": (
        HEAD + guarded("waiting[s] + 1 >= 3") + TAIL,
        "require(",
        "the clock waiting can be compared with a duration, and takes part in nothing else",
    ),
    "clock compared with a variable": (
        HEAD + guarded("waiting[s] >= cars.value") + TAIL,
        "require(",
        "a value of sort Int 0..3 is not a time; give a number of seconds or a Duration",
    ),
    "declaration in a comparison": (HEAD + guarded("cars <= 3") + TAIL, "require(", "cars is a declaration, not a value"),
    "declaration called": (HEAD + guarded("light(s) == Light.red") + TAIL, "require(", "light is a declaration, not a value"),
    "assignment to the declaration": (
        HEAD + then("cars = 3") + TAIL,
        "@action",
        "action go updates nothing; an action must change something, by name[...] = x or name.value = x",
    ),
    "loop over a sort": (
        HEAD + then("for x in Side:", "    light[x] = Light.green") + TAIL,
        "for x in Side",
        "Side cannot be iterated; to range over a sort write: for x in each(Side)",
    ),
    "element by number": (HEAD + guarded("light[0] == Light.red") + TAIL, "require(", "; an element is called by its name"),
    "formula in place of a function": (
        HEAD + GO + TAIL.replace("@invariant()", "@invariant(premise=cars.value >= 1)"),
        "@invariant",
        "a value of sort Bool is given as a premise, where a function is needed: write lambda",
    ),
    "property that returns nothing": (
        HEAD + GO + TAIL.replace("return cars.value", "cars.value"),
        "@invariant",
        "the function returns nothing; is its return missing?",
    ),
    "sentence that is no text": (
        HEAD + GO.replace("@action", "@action(says=lambda s: s)") + TAIL,
        "@action",
        "the function given as a sentence returns a value of sort Side, which is no text",
    ),
    "fairness in a text": (
        HEAD + GO.replace("@action", '@action(fairness="weak")') + TAIL,
        "@action",
        "give Fairness.WEAK or another",
    ),
    "label before condition": (
        HEAD + guarded('"red", light[s] == Light.red') + TAIL,
        "require(",
        "the label of a guard is a text, and a value of sort Bool is none",
    ),
    "async": (HEAD + GO.replace("def go", "async def go") + TAIL, "@action", "go must be a plain function, without async and"),
    "any number of parameters": (HEAD + GO.replace("(s: Side)", "(*s: Side)") + TAIL, "@action", "go must take plain parameters"),
    "constant from a table": (
        HEAD + 'most = Constant("most", Side, to=Int.between(0, 2), values={"left": 1, "right": 2})\n' + GO + TAIL,
        "most = ",
        "is given as the values of constant most, where a function is needed",
    ),
    "deadline on a clock": (
        HEAD
        + 'late = deadline("late", Side, during=lambda s: waiting[s] <= 3, limit=lambda s: waiting[s] <= 3)\n'
        + GO
        + TAIL.replace("(few,))", "(few,), deadlines=(late,))"),
        "late = deadline(",
        "deadline late is switched on by a clock",
    ),
    "unknown kind of bar": (
        HEAD + 'from udproof.language import bar\nblue = bar("red", "blue", lambda s: light[s] == Light.red)\n' + GO + TAIL,
        "blue = bar(",
        "bar 'red' has the unknown kind 'blue'; the kinds are notified, paused,",
    ),
    "no text": ("x = 1\0\n", "x = 1", "this is not Python: source code string cannot contain null bytes."),
}


def verify(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(folder)
    (folder / "crossing.py").write_text(text)
    return CliRunner().invoke(program, ["verify", "crossing.py"])


def test_without_a_mistake_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = verify(tmp_path, HEAD + GO + TAIL, monkeypatch)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_sentence_with_file_and_line(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, where, said = MISTAKES[mistake]
    result = verify(tmp_path, text, monkeypatch)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = text.split("\n")
    number = next((number for number, line in enumerate(lines, 1) if where and line.strip().startswith(where)), 1)
    assert result.stderr.startswith(f"crossing.py:{number}: "), result.stderr
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_may_use_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, most in (("a", 3), ("b", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "limits.py").write_text(f"MOST = {most}\n")
        (tmp_path / folder / "crossing.py").write_text(
            "from limits import MOST\n" + HEAD + GO + TAIL.replace("<= 3", "<= MOST - 3")
        )
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(program, ["verify", "a/crossing.py", "b/crossing.py"])
    assert result.exit_code == 10, "each file has its own neighbour of that name"
    assert [line.split()[0] for line in result.stdout.splitlines() if "  few  " in line] == ["PROVED", "VIOLATED"]


def test_a_mistake_in_a_neighbour_is_told_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "limits.py").write_text("from udproof.language import Int\n\nbroken = Int.between(3, 1)\n")
    result = verify(tmp_path, "import limits\n" + HEAD + GO + TAIL, monkeypatch)
    assert result.exit_code == 2
    assert "limits.py:3: Int.between(3, 1) is empty" in result.stderr


def test_what_a_file_prints_does_not_get_into_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = verify(tmp_path, HEAD + "print('hello')\n" + GO + TAIL, monkeypatch)
    assert "hello" not in result.stdout
    assert result.stderr == "hello\n"


def test_a_file_with_dataclasses_and_late_annotations_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    extra = "\n\n@dataclass\nclass Pair:\n    a: int\n"
    result = verify(tmp_path, late + HEAD + extra + GO + TAIL, monkeypatch)
    assert result.exit_code == 0, result.output


def test_a_changed_file_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verify(tmp_path, HEAD + GO + TAIL, monkeypatch).exit_code == 0
    assert verify(tmp_path, HEAD + GO + TAIL.replace("<= 3", ">= 3"), monkeypatch).exit_code == 10
    assert [path.name for path in tmp_path.iterdir()] == ["crossing.py"], "and nothing is left beside it"
