"""What is checked of a certificate, and what that shows.

A certificate claims: in every structure that satisfies the *assumptions* (axioms on who stands where, inequalities between times),
certain *lemmas* hold at the start, are kept by each action and by the passing of time, and imply the properties. The check is that

1. every file is there, is listed, and has the digest that the manifest says; all speak of one model;
2. all scripts declare the same symbols and assume the same axioms and inequalities, exactly those that the manifest lists;
3. the scripts of steps assume the same lemmas, and ask for exactly these lemmas, with the state after the step in place of the one
   before; the state after is *defined* (`define-fun`), so that it cannot contradict anything; beside it there are guards (of
   actions) and deadlines (of time) only, and they speak of the state before;
4. there is a script for the start, for each action, for time, and for each property; and two for each integer, which show that it
   stays in its range, unless the manifest says that this is not shown: the claim is then about the runs in which it does;
5. cvc5 answers `unsat` to every question, and `sat` to the one whether the assumptions can be met at all.

That shows the claim for the transition system that the scripts describe. That this is the system of the fleet file is not shown by
files alone: it takes the program that wrote them (`udproof certify DIR --fleet FILE` writes them again, and compares).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from udproof.certify.scripts import Malformed, Node, name_of, parse, renamed, symbol, words
from udproof.certify.solver import answers

FORMAT = 2
_AFTER = ".next"  # how names of the state after a step end
_DECLARING = ("declare-sort", "declare-datatype", "declare-fun", "declare-const")


class Rejected(Exception):
    """A certificate that is not accepted; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accepted certificate shows."""

    model: str
    properties: tuple[str, ...]
    assumed: tuple[str, ...]
    unbounded: tuple[str, ...]  # integers that are not shown to stay in their ranges
    lemmas: int
    questions: int


@dataclass
class _Script:
    """A script, taken apart."""

    name: str
    text: str
    head: list[Node] = field(default_factory=list)  # declarations
    asserted: dict[str, Node] = field(default_factory=dict)
    defined: dict[str, Node] = field(default_factory=dict)
    arguments: set[str] = field(default_factory=set)  # constants declared after the assumptions
    asked: dict[str, Node] = field(default_factory=dict)  # what is denied between push and pop
    info: dict[str, str] = field(default_factory=dict)
    bare: int = 0  # questions without anything denied


def check(folder: Path, progress: Callable[[str], None] = lambda _: None) -> Accepted:
    """Check a certificate. Rejected with the reason, OSError if it cannot be read."""
    manifest = _manifest(folder)
    texts = _texts(folder, manifest)
    scripts = {name: _taken_apart(name, text) for name, text in texts.items()}
    _same_ground(manifest, scripts)
    lemmas = _lemmas(manifest, scripts)
    _complete(manifest, scripts)
    for script in scripts.values():
        _form(script, lemmas)
    questions = 0
    for script in scripts.values():
        progress(script.name)
        expected = "sat" if script.name == "consistent.smt2" else "unsat"
        given = answers(script.text, script.name)
        wanted = len(script.asked) + script.bare
        if len(given) != wanted:
            raise Rejected(f"{script.name}: {wanted} questions are asked, and the solver answered {len(given)}")
        for number, answer in enumerate(given, 1):
            if answer != expected:
                raise Rejected(f"{script.name}: question {number} is answered {answer}, and {expected} is claimed")
        questions += wanted
    assumed = (*manifest["assumed"]["axioms"].values(), *manifest["assumed"]["times"].values())
    unbounded = tuple(manifest["unbounded"])
    return Accepted(manifest["model"], tuple(manifest["properties"]), assumed, unbounded, len(lemmas), questions)


# --- files


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Rejected(f"{folder}: there is no manifest.json, so this is no certificate") from None
    except (ValueError, RecursionError) as problem:
        raise Rejected(f"manifest.json cannot be read ({problem})") from None
    shape = {
        "format": int, "model": str, "properties": list, "unbounded": list, "actions": list, "assumed": dict, "lemmas": dict,
        "files": dict,
    }  # fmt: skip
    for key, kind in shape.items():
        if not isinstance(manifest, dict) or not isinstance(manifest.get(key), kind):
            raise Rejected(f"manifest.json has no {key}, or not of the right kind")
    if manifest["format"] != FORMAT:
        raise Rejected(f"manifest.json is of format {manifest['format']}, and format {FORMAT} is understood")
    if not isinstance(manifest["assumed"].get("axioms"), dict) or not isinstance(manifest["assumed"].get("times"), dict):
        raise Rejected("manifest.json does not list the axioms and times that are assumed")
    if not manifest["properties"]:
        raise Rejected("manifest.json names no property, so nothing is claimed")
    told = [*manifest["properties"], *manifest["actions"], *manifest["lemmas"].values(), *manifest["files"].values()]
    told += [*manifest["assumed"]["axioms"].values(), *manifest["assumed"]["times"].values(), *manifest["unbounded"]]
    if odd := [each for each in told if not isinstance(each, str)]:
        raise Rejected(f"manifest.json gives {json.dumps(odd[0])} where a text belongs")
    return dict(manifest)


def _texts(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    there = {path.name for path in folder.iterdir() if path.name != "manifest.json"}
    if missing := sorted(set(manifest["files"]) - there):
        raise Rejected(f"{missing[0]} is listed in the manifest, and missing")
    if extra := sorted(there - set(manifest["files"])):
        raise Rejected(f"{extra[0]} is not listed in the manifest")
    found = {}
    for name, digest in sorted(manifest["files"].items()):
        if "/" in name or not name.endswith(".smt2"):
            raise Rejected(f"{name!r} cannot be the name of a script")
        content = (folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise Rejected(f"{name} is not the file that the manifest speaks of: its digest differs")
        found[name] = content.decode("utf-8")
    return found


# --- form


class _Stage(Enum):
    """Where a script is. Each question is denied, asked and taken back: push, one assertion, one check-sat, pop."""

    OUTSIDE = "in a certificate"
    PUSHED = "where something must be denied"
    DENIED = "where what was denied must be asked"
    ASKED = "where a question must be taken back"


def _taken_apart(name: str, text: str) -> _Script:
    try:
        commands = parse(text)
    except Malformed as problem:
        raise Rejected(f"{name}: {problem}") from None
    script, stage = _Script(name, text), _Stage.OUTSIDE
    for command in commands:
        match command:
            case ("set-logic", "ALL"):
                pass
            case ("set-info", str(key), str(value)):
                script.info[key] = value.strip('"')
            case ("declare-const", str(what), _) if script.asserted:
                script.arguments.add(what)
            case (str(kind), *_) if kind in _DECLARING and not script.asserted:
                script.head.append(command)
            case ("define-fun", str(what), _, _, body) if what not in script.defined:
                script.defined[what] = command
            case ("push", "1") if stage is _Stage.OUTSIDE:
                stage = _Stage.PUSHED
            case ("assert", ("!", body, ":named", str(label))) if stage is _Stage.PUSHED and name_of(label) not in script.asked:
                script.asked[name_of(label)] = body
                stage = _Stage.DENIED
            case ("check-sat",) if stage is _Stage.DENIED:
                stage = _Stage.ASKED
            case ("pop", "1") if stage is _Stage.ASKED:
                stage = _Stage.OUTSIDE
            case ("check-sat",) if stage is _Stage.OUTSIDE:
                script.bare += 1
            case ("assert", ("!", body, ":named", str(label))) if stage is _Stage.OUTSIDE and name_of(label) not in script.asserted:
                script.asserted[name_of(label)] = body
            case _:
                raise Rejected(f"{name}: this has no place {stage.value}: {_short(command)}")
    if stage is not _Stage.OUTSIDE:
        raise Rejected(f"{name}: it ends {stage.value}")
    return script


def _short(node: Node) -> str:
    text = node if isinstance(node, str) else f"({' '.join(_short(part) for part in node)})"
    return text if len(text) <= 100 else f"{text[:97]}..."


def _same_ground(manifest: dict[str, Any], scripts: dict[str, _Script]) -> None:
    """One model, the same declarations, and the assumptions that are listed."""
    listed = {**manifest["assumed"]["axioms"], **manifest["assumed"]["times"]}
    first: _Script | None = None
    for script in scripts.values():
        if script.info.get(":model") != manifest["model"]:
            raise Rejected(f"{script.name} is of model {script.info.get(':model')}, and the manifest of model {manifest['model']}")
        assumed = {label: body for label, body in script.asserted.items() if label.startswith(("axiom-", "time-"))}
        if odd := sorted(set(assumed) ^ set(listed)):
            where = "not listed in the manifest" if odd[0] in assumed else "listed in the manifest, and not there"
            raise Rejected(f"{script.name}: the assumption {odd[0]} is {where}")
        if first is None:
            first = script
        if script.head != first.head:
            raise Rejected(f"{script.name} and {first.name} declare different symbols")
        for label, body in assumed.items():
            if first.asserted.get(label) != body:
                raise Rejected(f"{script.name} and {first.name} do not assume the same by {label}")


def _lemmas(manifest: dict[str, Any], scripts: dict[str, _Script]) -> dict[str, Node]:
    """The lemmas by name, the same in every script that assumes any."""
    found: dict[str, Node] = {}
    for script in scripts.values():
        own = {label: body for label, body in script.asserted.items() if label.startswith("lemma-")}
        if script.name in ("start.smt2", "consistent.smt2"):
            if own:
                raise Rejected(f"{script.name} assumes a lemma, which nothing has shown there")
            continue
        if set(own) != set(manifest["lemmas"]):
            raise Rejected(f"{script.name} does not assume exactly the lemmas that the manifest lists")
        found = found or own
        if own != found:
            label = next(label for label in own if own[label] != found[label])
            raise Rejected(f"{script.name} and another script do not mean the same by {label}")
    return found


def _complete(manifest: dict[str, Any], scripts: dict[str, _Script]) -> None:
    needed = ["consistent.smt2", "start.smt2", *(f"action-{name}.smt2" for name in manifest["actions"])]
    needed += [f"property-{name}.smt2" for name in manifest["properties"]]
    if any(name_of(_symbol_of(command)).endswith(".since") for script in scripts.values() for command in script.head):
        needed.append("time.smt2")
    integers = _integers(scripts.get("start.smt2"))
    if odd := [name for name in manifest["unbounded"] if name not in integers]:
        raise Rejected(f"the manifest says that {odd[0]} may leave its range, and no integer of the state has that name")
    needed += [f"range-{name}-{end}.smt2" for name in sorted(integers - set(manifest["unbounded"])) for end in ("low", "high")]
    for name in needed:
        if name not in scripts:
            raise Rejected(f"{name} is missing: not everything is shown")
    for name in scripts:
        if name not in needed:
            raise Rejected(f"{name} belongs to no action and no property that the manifest lists")


def _is_after(word: str) -> bool:
    """Does the word name a part of the state after the step?"""
    return name_of(word).endswith(_AFTER)


def _integers(start: _Script | None) -> set[str]:
    """The integers of the state, by what is defined to be their values at the start."""
    defined = {} if start is None else start.defined
    return {name_of(what).removesuffix(_AFTER) for what, command in defined.items() if command[3] == "Int"}


def _symbol_of(command: Node) -> str:
    return command[1] if isinstance(command, tuple) and len(command) > 1 and isinstance(command[1], str) else ""


def _form(script: _Script, lemmas: dict[str, Node]) -> None:
    """What a script assumes beside the common ground, and what it asks for."""
    extra = [label for label in script.asserted if not label.startswith(("axiom-", "time-", "lemma-"))]
    if script.name == "consistent.smt2":
        allowed: tuple[str, ...] = ()
        if script.bare != 1 or script.asked or script.defined:
            raise Rejected("consistent.smt2 must ask once whether the assumptions can be met, and nothing else")
    elif script.name.startswith(("property-", "range-")):
        allowed = ("idle-",) if script.name == "property-time-can-pass.smt2" else ()
        if script.bare or script.defined or not script.asked:
            raise Rejected(f"{script.name} must ask whether the lemmas imply something, and nothing else")
    else:
        allowed = {"start.smt2": (), "time.smt2": ("deadline-",)}.get(script.name, ("guard-",))
        _steps(script, lemmas)
    for label in extra:
        if not label.startswith(allowed) or not allowed:
            raise Rejected(f"{script.name} assumes {label}, which has no place there")
        if any(map(_is_after, words(script.asserted[label]))) and not label.startswith("deadline-"):
            raise Rejected(f"{script.name}: {label} speaks of the state after the step")


def _steps(script: _Script, lemmas: dict[str, Node]) -> None:
    """The state after a step is defined, as a whole, and each lemma is asked for in it."""
    if script.bare or len(script.asked) != len(lemmas):
        raise Rejected(f"{script.name} must ask for each of the {len(lemmas)} lemmas, and asks {len(script.asked) + script.bare}")
    constants, changing = set(), set()
    for command in script.head:
        if _symbol_of(command):
            constants.add(_symbol_of(command))
    names: dict[str, str] = {}
    for what in script.defined:
        plain = symbol(name_of(what).removesuffix(_AFTER))
        if plain not in constants or not _is_after(what):
            raise Rejected(f"{script.name} defines {what}, which is no symbol of the state")
        names[plain] = what
        changing.add(plain)
    known: set[str] = set()
    for what, command in script.defined.items():
        if later := {word for word in words(command) if _is_after(word)} - known - {what}:
            raise Rejected(f"{script.name}: {what} is defined by {sorted(later)[0]}, which is not defined yet")
        known.add(what)
    for label, body in lemmas.items():
        goal = f"goal-{label.removeprefix('lemma-')}"
        if script.asked.get(goal) != ("not", renamed(body, names)):
            raise Rejected(f"{script.name}: what is asked for by {goal} is not {label} after the step")


__all__ = ["Accepted", "Rejected", "Sequence", "check"]
