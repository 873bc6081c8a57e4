"""The proof that the tutorial finds, kept for the test that follows it.

Looking for its lemmas takes half a minute, and checking them two seconds. Nothing in it is believed (`prover.store`).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from answers import DOCS, workplace

from udproof.cli.sources import load
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits
from udproof.prover import store
from udproof.prover.theorem import formulas

PROOF = DOCS.parent / "tests" / "repo" / "tutorial-proof.json"
PROPERTIES = ("one-domain-paused", "recovery-kept")  # as the tutorial asks for


def files() -> Iterator[tuple[Path, str]]:
    """The file, with the text that it should have: the one that it has, as long as it is about the model as it is now."""
    with tempfile.TemporaryDirectory() as folder:
        directory = workplace(Path(folder), (DOCS / "tutorial.md").read_text(encoding="utf-8"))
        system = load(str(directory / "mended.py")).system
        name = f"{formulas(system).hash}.json"
        text = PROOF.read_text(encoding="utf-8") if PROOF.exists() else ""
        if text and file_name(text) == name:
            yield PROOF, text
            return
        engine = Parametric(remember=False)
        engine.verify(system, tuple(map(system.named, PROPERTIES)), Limits())
        if engine.proof is None:
            raise RuntimeError(f"mended.py of the tutorial is no longer proved: {', '.join(PROPERTIES)}")
        store.keep(engine.proof, directory)
        yield PROOF, (directory / name).read_text(encoding="utf-8")


def file_name(text: str) -> str:
    """What a user's cache calls this proof."""
    return f"{json.loads(text)['formulas']}.json"
