"""Judgements on generated mistakes that no property notices, as a person has reviewed them.

A change made by rule (`udproof.language.generated`) that survives is either *harmless*, and then there is a reason, or something is
*missing* that would notice it. No program can tell which. So every survivor on a fleet that was reviewed has a sentence in
`survivors.toml`, beside the hash of the model on which it was judged. A judgement is about that model alone: for any other, also
for the same fleet after the protocol has changed, there is none, and the command says "not judged".
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("survivors.toml")

Verdict = Literal["harmless", "missing"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Is the mistake harmless, or is something missing that would notice it? `reason` says why, or what."""

    verdict: Verdict
    reason: str


@cache
def reviewed() -> Mapping[str, tuple[str, Mapping[str, Judgement]]]:
    """For each fleet that was reviewed: the hash of its model then, and the judgements by the names of the mistakes."""
    found = {}
    for fleet, entry in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        harmless = {name: Judgement("harmless", reason) for name, reason in entry.get("harmless", {}).items()}
        missing = {name: Judgement("missing", reason) for name, reason in entry.get("missing", {}).items()}
        if twice := sorted(harmless.keys() & missing.keys()):
            raise ValueError(f"{FILE.name}: {fleet}: {twice[0]} is judged in two ways")
        found[fleet] = (str(entry["model"]), harmless | missing)
    return found


def judgements(model: str) -> Mapping[str, Judgement]:
    """The judgements on the model of that hash; none for a model that was not reviewed."""
    return next((judged for known, judged in reviewed().values() if known == model), {})
