"""What a page needs to step through a run: where each step is on the diagram, and what each state is.

The idea: the first state is given in full and each step by what it changed, in words that are listed once; so a run of a fleet
with hundreds of VMs stays small. The page's script (`report.js`) is the only reader.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from udproof.counterexamples.beyond import Choices, choices
from udproof.counterexamples.explain import arguments, duration, readings, word
from udproof.counterexamples.picture import Timing
from udproof.counterexamples.runnable import Runnable, packed
from udproof.counterexamples.table import plain
from udproof.counterexamples.trace import Trace
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.semantics import Slot


def stepping(trace: Trace, prop: Property | None, drawn: Timing, model: Runnable | None = None) -> dict[str, Any]:
    """The data of a run; `model` is what the page runs it with. Keys:

    - `spans`: for each step, the start among them, from where to where it is on the diagram (pixels of its canvas);
    - `top`, `bottom`: the edges of the lanes;
    - `places`: each variable or clock with its elements, in the order in which `start` lists all values;
    - `words`: all values in words; `start` and `changes` give positions in it;
    - `changes`: for each step but the start, `[place, word, place, word, ...]`;
    - `choices`: for each state what could happen in it: a sentence about time, `[who, action, changes, holds, taken]` for each
      action, and how many more there are; nothing where the page has a model, which knows;
    - `packed`: with a model, the words of each state.
    """
    words: dict[str, int] = {}
    slots = trace.semantics.layout.slots
    said = [[_said(trace, slot, value) for slot, value in zip(slots, state, strict=True)] for state in readings(trace)]
    rows = [[words.setdefault(text, len(words)) for text in state] for state in said]
    changes = [
        [number for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new for number in (place, new)]
        for before, after in pairwise(rows)
    ]
    places: dict[str, list[str]] = {}
    for slot in slots:
        places.setdefault(slot.symbol.name, []).append(plain(", ".join(arguments(trace.semantics, slot))))
    return {
        "spans": [[round(left, 1), round(right, 1)] for left, right in drawn.spans],
        "top": round(drawn.top, 1),
        "bottom": round(drawn.bottom, 1),
        "places": [[plain(name), elements] for name, elements in places.items()],
        "words": list(words),
        "start": rows[0],
        "changes": changes,
        "choices": [_told(some) for some in choices(trace, prop)] if model is None else [],
        "packed": [] if model is None else packed(model, trace.states),
    }


def _told(some: Choices) -> list[Any]:
    acts = [
        [plain(act.who), plain(act.action), [plain(line) for line in act.changed], act.holds, act.taken] for act in some.actions
    ]
    return [plain(some.time), acts, some.more]


def _said(trace: Trace, slot: Slot, value: int) -> str:
    if isinstance(slot.symbol, ex.ClockSymbol):
        return duration(trace.seconds(value))
    return plain(word(trace.semantics, slot.symbol.sort, value))
