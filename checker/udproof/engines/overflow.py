"""An integer that leaves its range: the model is at fault, and the reference semantics says where."""

from __future__ import annotations

from typing import NoReturn

from udproof.counterexamples.trace import Trace


def raise_overflow(trace: Trace) -> NoReturn:
    """Raise the OutOfRange of the reference semantics at the end of a run, where an action takes an integer out of its range."""
    for firing in trace.semantics.enabled(trace.last):
        trace.semantics.fire(trace.last, firing)  # raises at the one that leaves its range, with its name
    raise AssertionError("the compiled code found an integer out of range, the reference semantics did not")
