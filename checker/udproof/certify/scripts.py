"""SMT-LIB scripts as nested tuples of words: all that the check of their form needs.

A symbol may be written between bars, and is the same with and without them. Here it has one form, without them where it can do
without, so that two words are the same symbol exactly if they are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Node: TypeAlias = "str | tuple[Node, ...]"

_WORD = re.compile(r'\s+|;[^\n]*|([()])|(\|[^|]*\||"(?:[^"]|"")*"|[^\s()|";]+)')
_SIMPLE = re.compile(r"(?!\d)[\w~!@$%^&*+=<>.?/-]+", re.ASCII)
_RESERVED = frozenset(
    {"!", "_", "as", "exists", "forall", "let", "match", "par", "BINARY", "DECIMAL", "HEXADECIMAL", "NUMERAL", "STRING"}
)
_DEEPEST = 100  # brackets inside each other; what udproof writes has some ten


class Malformed(Exception):
    """A script that cannot be read; the sentence says why."""


def parse(text: str) -> list[Node]:
    """The commands of a script."""
    stack: list[list[Node]] = [[]]
    for bracket, word in _words(text):
        if word:
            stack[-1].append(symbol(word[1:-1]) if word[0] == "|" else word)
        elif bracket == "(":
            stack.append([])
            if len(stack) > _DEEPEST:
                raise Malformed(f"more than {_DEEPEST} brackets stand inside each other")
        elif len(stack) == 1:
            raise Malformed("a bracket is closed that was never opened")
        else:
            made = tuple(stack.pop())
            stack[-1].append(made)
    if len(stack) > 1:
        raise Malformed("a bracket is opened and never closed")
    return stack[0]


def _words(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            raise Malformed(f"the character {text[place]!r} means nothing here")
        place = found.end()
        if found[1] or found[2]:
            yield found[1] or "", found[2] or ""


def symbol(name: str) -> str:
    """The word for a symbol of that name."""
    return name if _SIMPLE.fullmatch(name) and name not in _RESERVED else f"|{name}|"


def name_of(word: str) -> str:
    """The name of a symbol."""
    return word.strip("|")


def renamed(node: Node, names: dict[str, str]) -> Node:
    """The same with words replaced."""
    return names.get(node, node) if isinstance(node, str) else tuple(renamed(part, names) for part in node)


def words(node: Node) -> Iterator[str]:
    """Every word."""
    if isinstance(node, str):
        yield node
    else:
        for part in node:
            yield from words(part)
