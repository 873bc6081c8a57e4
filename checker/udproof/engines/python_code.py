"""A ground system as a Python module: the first back end of `explore`.

Text is generated and executed once; a state is a tuple, unpacked into local names so that a guard reads at the speed of Python's
own. Nothing of a user's file reaches the text: it is made of slot numbers and integers only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from udproof.engines.algebra import At, Ground
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.language.semantics import State


@dataclass(frozen=True, slots=True)
class Code:
    """The functions an exhaustive search needs.

    `successors(s)` lists (number of the ground action, state after); an integer that leaves its range gives None as the state.
    `wait(s)` is the state one tick later, or None. `broken(s)` and `reached(s)` are bit sets over the properties.
    """

    successors: Callable[[State], list[tuple[int, State | None]]]
    wait: Callable[[State], State | None]
    broken: Callable[[State], int]
    reached: Callable[[State], int]
    doubtful: Callable[[State], bool]


def generate(ground: GroundSystem) -> Code:
    """Compile a ground system."""
    size = len(ground.semantics.layout.slots)
    text = "\n".join(_module(ground, size))
    scope: dict[str, Callable[..., object]] = {}
    exec(compile(text, "<generated>", "exec"), scope)  # the text holds numbers only, see above
    return Code(scope["successors"], scope["wait"], scope["broken"], scope["reached"], scope["doubtful"])  # type: ignore[arg-type]


def _module(ground: GroundSystem, size: int) -> list[str]:
    unpack = f"    {''.join(f's{slot},' for slot in range(size))}=s"
    lines = ["def successors(s):", unpack, "    out = []"]
    for number, action in enumerate(ground.actions):
        lines += _action(number, action, size)
    lines += ["    return out", "def wait(s):", unpack, f"    if {text_of(ground.blocked)}: return None"]
    lines += [f"    return {_state(ground.tick, size)}"]
    lines += ["def doubtful(s):", unpack, f"    return {text_of(ground.doubtful)}"]
    for name in ("broken", "reached"):
        lines += [f"def {name}(s):", unpack, "    found = 0"]
        for bit, prop in enumerate(ground.properties):
            formula = f"not {text_of(prop.body)}" if name == "broken" else text_of(prop.premise)
            lines.append(f"    if {formula}: found |= {1 << bit}")
        lines.append("    return found")
    return lines


def _action(number: int, action: GroundAction, size: int) -> list[str]:
    after = _state(action.post, size)
    outside = [f"not {low} <= {text_of(action.post[slot])} <= {high}" for slot, low, high in action.ranges]
    if outside:
        after = f"None if {' or '.join(outside)} else {after}"
    return [f"    if {text_of(action.guard)}:", f"        out.append(({number}, {after}))"]


def _state(post: object, size: int) -> str:
    assert hasattr(post, "get")
    return "(" + "".join(f"{text_of(post.get(slot, At(slot)))}," for slot in range(size)) + ")"


def text_of(a: Ground) -> str:
    """A ground expression as Python text; truth may come out as bool, which equals 1 and 0."""
    match a:
        case int():
            return str(a)
        case At(slot=slot):
            return f"s{slot}"
    parts = [text_of(arg) for arg in a.args]
    match a.operator:
        case "not":
            return f"(not {parts[0]})"
        case "and" | "or":
            return "(" + f" {a.operator} ".join(parts) + ")"
        case "eq":
            return f"({parts[0]} == {parts[1]})"
        case "le":
            return f"({parts[0]} <= {parts[1]})"
        case "add":
            return f"({parts[0]} + {parts[1]})"
        case "sub":
            return f"({parts[0]} - {parts[1]})"
        case "ite":
            return f"({parts[1]} if {parts[0]} else {parts[2]})"
