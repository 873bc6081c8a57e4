"""Judgements on generated mistakes that no property notices, as a person has reviewed them.

A change made by rule (`udproof.language.generated`) that survives is one of three things, and no program can tell which:

- *harmless*: what it changes is nothing that anybody is promised, and the reason says why;
- *fewer*: it takes possibilities away and adds none. Each state that it reaches is one that the right model reaches (a test
  compares them), so that no property of states can notice it. The reason says what it takes away; to ask for that is liveness;
- *missing*: some property would notice it, and there is none; the reason says which.

So every survivor on a fleet that was reviewed has a sentence in `survivors.toml`, beside the hash of the model on which it was
judged. A judgement is about that model alone: for any other, also for the same fleet after the protocol has changed, there is none,
and the command says "not judged".

The protocol has more text than one fleet shows, since a fleet switches few parts on; and most of what a fleet shows is the core's,
which every fleet has. So several fleets are reviewed, in the order of the file, and each mistake on the first fleet that has the
text it changes: a conjunct or an update of an action of the same name, or a deadline, the same down to the meaning of every
definition in it (`by_text`). That says where a mistake was looked at, and no more: what was found there is not claimed of
a later fleet.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from udproof.language import System
from udproof.language import expressions as ex
from udproof.language.generated import generated

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
    """For each fleet that was reviewed, in order: the hash of its model then, and the judgements by the names of the mistakes."""
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


def by_text(system: System) -> Mapping[object, tuple[str, ...]]:
    """The names of the mistakes that rules make of a system, by the rule and the text that is changed (see the module)."""
    found: dict[object, tuple[str, ...]] = {}
    for one in generated(system):
        text = one.where, _meaning(one.text, {}), one.rule
        found[text] = (*found.get(text, ()), one.name)
    return found


def shared(mine: Mapping[object, tuple[str, ...]], theirs: Mapping[object, tuple[str, ...]]) -> Iterator[str]:
    """The names of mistakes in text that another system has too, both systems given by `by_text`.

    A constant may be moved at several places of one text. If that makes more mistakes in one system than in the other (a time
    cannot be below zero), none of them is taken for shared.
    """
    for text, names in mine.items():
        if len(names) == len(theirs.get(text, ())):
            yield from names


def _meaning(part: object, numbers: dict[ex.Param, int]) -> object:
    """What is equal for texts that differ in nothing but the names and serials of bound variables: those are numbered anew."""
    if isinstance(part, ex.Param):
        return numbers.setdefault(part, len(numbers)), part.sort
    if isinstance(part, tuple):
        return tuple(_meaning(item, numbers) for item in part)
    if is_dataclass(part):
        told = [getattr(part, one.name) for one in fields(part) if one.compare]
        return type(part).__name__, *(_meaning(item, numbers) for item in told)
    return part
