"""Judgements on generated mistakes that no property notices, as a person has reviewed them.

A change made by rule (`udproof.language.generated`) that survives is one of three things, and no program can tell which:

- *harmless*: what it changes is nothing that anybody is promised, and the reason says why;
- *fewer*: it takes possibilities away and adds none. Each state that it reaches is one that the right model reaches (a test
  compares them), so that no property of states can notice it. The reason says what it takes away; to ask for that is liveness;
- *missing*: some property would notice it, and there is none; the reason says which.

So every survivor on a fleet that was reviewed has a sentence in `survivors.toml`, beside the hash of the model on which it was
judged. A judgement is about that model alone: for any other, also for the same fleet after the protocol has changed, there is none,
and the command says "not judged".
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("survivors.toml")

Verdict = Literal["harmless", "fewer", "missing"]
VERDICTS: tuple[Verdict, ...] = ("harmless", "fewer", "missing")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person has found of a survivor; see the module. `reason` says why, or what."""

    verdict: Verdict
    reason: str


@cache
def reviewed() -> Mapping[str, tuple[str, Mapping[str, Judgement]]]:
    """For each fleet that was reviewed: the hash of its model then, and the judgements by the names of the mistakes."""
    found: dict[str, tuple[str, Mapping[str, Judgement]]] = {}
    for fleet, entry in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        judged: dict[str, Judgement] = {}
        for verdict in VERDICTS:
            for name, reason in entry.get(verdict, {}).items():
                if name in judged:
                    raise ValueError(f"{FILE.name}: {fleet}: {name} is judged in two ways")
                judged[name] = Judgement(verdict, reason)
        found[fleet] = (str(entry["model"]), judged)
    return found


def judgements(model: str) -> Mapping[str, Judgement]:
    """The judgements on the model of that hash; none for a model that was not reviewed."""
    return next((judged for known, judged in reviewed().values() if known == model), {})
