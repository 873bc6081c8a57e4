"""The lemmas of the shipped protocol: search for them, keep them where the package carries them, and explain them on a page.

    python docs/proofs.py

To be run after a change of the protocol's formulas: until then every run finds that the kept lemmas are about others, and searches.
"""

from __future__ import annotations

from dataclasses import replace

from answers import DOCS

from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits
from udproof.properties import CORE, HEADLINE, of
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
    """Write one file for each of the core's two shapes, with early approvals and without, and one for all parts together.

    With some of the parts, the lemmas are among those for all: they are tried first, and found to hold or not in seconds.
    """
    for path in store.SHIPPED.glob("*.json"):
        path.unlink()
    core, whole = read_fleet(path_of("default")), read_fleet(DOCS / "examples" / "everything.toml")
    shapes = {approval: protocol(replace(core, approval=approval), CORE) for approval in ("any", "nobody")}
    for shape, system in {**shapes, whole.name: protocol(whole, of(whole))}.items():
        engine = Parametric(keep_in=store.SHIPPED)
        result = engine.verify(system, system.checks, Limits())
        for verdict in result.verdicts:
            print(shape, verdict.outcome.value, verdict.property.name, verdict.reason, sep="\t")  # noqa: T201
        print("\n".join(result.notes))  # noqa: T201


if __name__ == "__main__":
    main()
