"""Found lemmas, kept: searched for once, re-checked each time.

Proofs of the shipped protocol come with udproof (`stored/` beside this file); others go to the user's cache (`XDG_CACHE_HOME`,
else `~/.cache`). A file is named after the hash of the formulas that it is about. Nothing in it is believed: what is read goes
through `recheck` like anything else, and a file that cannot be read is as good as none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from udproof.language import System
from udproof.prover.hints import BY_HAND
from udproof.prover.lemmas import Inequality, Lemma, Names, bounds_to_json, to_json, well_sorted
from udproof.prover.theorem import Proof

FORMAT = 1
SHIPPED = Path(__file__).with_name("stored")


def cache() -> Path:
    """Where found proofs are kept."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "udproof" / "proofs"


def stored(system: System) -> Iterator[Proof]:
    """The proofs that are kept for these formulas, those that come with udproof first."""
    for folder in (SHIPPED, cache()):
        path = folder / f"{system.hash}.json"
        if path.is_file() and (found := _read(path, system)) is not None:
            yield found


def related(system: System) -> list[Lemma]:
    """Lemmas of the shipped proofs, whatever they are about, that say something of this system: candidates like any other.

    They are read by the names of what they speak of. So a proof of the protocol with a part begins where that without it ended.
    """
    names, found = Names(system), dict[str, Lemma]()
    for path in sorted(SHIPPED.glob("*.json")):
        for data in json.loads(path.read_text(encoding="utf-8"))["lemmas"]:
            try:
                lemma = names.lemma(data)
            except (KeyError, ValueError):  # it speaks of what this system does not have
                continue
            if well_sorted(lemma):
                plain = lemma if lemma.origin.startswith(BY_HAND) else Lemma(lemma.params, lemma.literals)
                found.setdefault(json.dumps([data["over"], data["some of"]]), plain)
    return list(found.values())


def as_kept(proof: Proof) -> Proof:
    """The proof as it will be read again, so that what is written from it is the same now and later. ValueError if it cannot be."""
    return _from(json.loads(json.dumps(_to(proof))), proof.system)


def keep(proof: Proof, folder: Path | None = None) -> Path | None:
    """Write a proof to the cache, or to a folder. None if nothing can be written there: the next run will search again."""
    path = (folder or cache()) / f"{proof.system.hash}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(f".{os.getpid()}.part")
        made.write_text(json.dumps(_to(proof), indent=1) + "\n", encoding="utf-8")
        made.replace(path)
    except OSError:
        return None
    return path


def _to(proof: Proof) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "formulas": proof.system.hash,
        "shown": list(proof.shown),
        **({"may leave their ranges": list(proof.unbounded)} if proof.unbounded else {}),
        "times": [[bounds_to_json(one.small), one.strict, bounds_to_json(one.large)] for one in proof.times],
        "lemmas": [to_json(lemma) for lemma in proof.lemmas],
    }


def _from(data: dict[str, Any], system: System) -> Proof:
    if data["format"] != FORMAT or data["formulas"] != system.hash:
        raise ValueError("these are lemmas about something else, or in another form")
    names = Names(system)
    times = tuple(Inequality(names.bounds(a), names.bounds(b), bool(strict)) for a, strict, b in data["times"])
    unbounded = tuple(map(str, data.get("may leave their ranges", ())))
    return Proof(system, tuple(names.lemma(one) for one in data["lemmas"]), times, tuple(map(str, data["shown"])), unbounded)


def _read(path: Path, system: System) -> Proof | None:
    try:
        return _from(json.loads(path.read_text(encoding="utf-8")), system)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
