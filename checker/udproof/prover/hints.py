"""Lemmas that a person wrote beside a property: tried like any candidate, believed as little, and reported where a proof needs one.

Whoever knows why a property holds can say so where it stands, `@invariant(lemmas=(because,))`, each lemma written like a property.
They speak of what the system has: a lemma about anything else could not be kept by its actions.
"""

from __future__ import annotations

from collections.abc import Sequence

from udproof.language import ModelError, Property, System
from udproof.language.claims import mentioned
from udproof.language.printing import show
from udproof.prover.fragment import complaint
from udproof.prover.lemmas import Lemma, Literal

BY_HAND = "written by hand: "


def hints(system: System, properties: Sequence[Property]) -> list[Lemma]:
    """The lemmas that these properties declare. ModelError for one that is not about the system, or that cannot be tried."""
    found: dict[str, Lemma] = {}
    known = {*system.symbols, *system.index_sorts}
    for prop in properties:
        for hint in prop.lemmas:
            where = f"the lemma {hint.name} of property {prop.name}"
            if strange := next((part for part in mentioned(hint) if part not in known), None):
                raise ModelError(f"{where} speaks of {strange.name}, which {system.name} does not have.", hint.location)
            if reason := complaint(hint):
                raise ModelError(f"{where} {reason}.", hint.location)
            found.setdefault(show(hint.body, {}), Lemma(hint.params, (Literal(True, hint.body),), f"{BY_HAND}{hint.name}"))
    return list(found.values())
