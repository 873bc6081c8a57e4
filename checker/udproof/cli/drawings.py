"""A run as a picture, in each format that there is; `verify --report` and `render --to` offer the same ones.

The formats are named in `parameters`, which the help is made of.
"""

from __future__ import annotations

from udproof.cli.exits import Refused
from udproof.counterexamples.mermaid import mermaid
from udproof.counterexamples.picture import timing_svg
from udproof.counterexamples.png import NoFont, png
from udproof.counterexamples.sequence import sequence_svg
from udproof.counterexamples.trace import Trace
from udproof.language import Property


def drawn(form: str, trace: Trace, prop: Property | None) -> str | bytes:
    """The run in one of `parameters.DRAWINGS`, as the violation of a property if one is given. Refused if this machine cannot."""
    match form:
        case "svg":
            return timing_svg(trace, prop)
        case "sequence":
            return sequence_svg(trace, prop)
        case "mermaid":
            return mermaid(trace, prop)
        case "png":
            try:
                return png(timing_svg(trace, prop))
            except NoFont as problem:
                raise Refused(f"png: {problem}.") from problem
    raise AssertionError(f"no drawing is called {form}")
