"""The lemmas of the shipped protocol: search for them, keep them where the package carries them, and explain them on a page.

    python docs/proofs.py

To be run after a change of the protocol's formulas: until then every run finds that the kept lemmas are about others, and searches.
"""

from __future__ import annotations

from dataclasses import replace

from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits
from udproof.properties import CORE, HEADLINE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of
from udproof.prover import store
from udproof.prover.argument import argue
from udproof.prover.houdini import Clockwork
from udproof.prover.review import page
from udproof.prover.theorem import formulas


def explained() -> str:
    """The argument for the headline properties on the default fleet, made from the lemmas that are kept."""
    system = protocol(read_fleet(path_of("default")), CORE)
    [proof] = (proof for proof in store.stored(formulas(system)) if proof.applies(system.instance.durations))
    argument = argue(proof, [prop.name for prop in HEADLINE], Clockwork())
    return "\n".join(page(argument, system.instance.durations, "##")).strip()


def main() -> None:
    """Write one file for each of the protocol's two shapes: with early approvals, and without."""
    for path in store.SHIPPED.glob("*.json"):
        path.unlink()
    for approval in ("any", "nobody"):
        system = protocol(replace(read_fleet(path_of("default")), approval=approval), CORE)
        engine = Parametric(keep_in=store.SHIPPED)
        result = engine.verify(system, system.checks, Limits())
        for verdict in result.verdicts:
            print(approval, verdict.outcome.value, verdict.property.name, verdict.reason, sep="\t")  # noqa: T201
        print("\n".join(result.notes))  # noqa: T201


if __name__ == "__main__":
    main()
