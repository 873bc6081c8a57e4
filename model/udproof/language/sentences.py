"""Sentences for people, traced like formulas: `lambda v: f"{v} is paused on {host_of[v]}"`.

While such a function runs, a symbolic value that is put into a text leaves a mark there and is noted. What comes out is a text
with expressions in it, whose values are filled in when a run is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from udproof.language import expressions as ex
from udproof.language.errors import ModelError
from udproof.language.functions import call

_MARK = re.compile("\x00(\\d+)\x00")  # stands in a traced text where an expression was


@dataclass(frozen=True, slots=True)
class Sentence:
    """Text with expressions in it: `texts[0]`, value of `parts[0]`, `texts[1]`, ... There is one text more than parts."""

    texts: tuple[str, ...]
    parts: tuple[ex.Expr, ...]


@dataclass(slots=True)
class _Mentions:
    nodes: list[ex.Expr] = field(default_factory=list)


_mentions: ContextVar[_Mentions | None] = ContextVar("mentions", default=None)


def mention(node: ex.Expr) -> str:
    """The mark for an expression in the sentence that is being traced. ModelError if none is."""
    open_sentence = _mentions.get()
    if open_sentence is None:
        raise ModelError("a symbolic value has no text yet; only the sentences of actions and properties may contain one.")
    open_sentence.nodes.append(node)
    return f"\x00{len(open_sentence.nodes) - 1}\x00"


@contextmanager
def _listening() -> Iterator[_Mentions]:
    heard = _Mentions()
    token = _mentions.set(heard)
    try:
        yield heard
    finally:
        _mentions.reset(token)


def sentence(write: Callable[..., str], terms: Sequence[object]) -> Sentence:
    """The sentence that `write` makes of the terms, each `{...}` of its f-string kept as an expression."""
    with _listening() as heard:
        text: object = call(write, terms, "a sentence")
    if not isinstance(text, str):
        raise ModelError(f'the function given as a sentence returns {text!r}, which is no text; write it as f"...".')
    pieces = _MARK.split(text)
    return Sentence(tuple(pieces[0::2]), tuple(heard.nodes[int(number)] for number in pieces[1::2]))
