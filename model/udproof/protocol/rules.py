"""The documented rules, and what of the model carries each: the data of `rules.toml`, read and given a shape.

Somebody who knows the protocol asks of a model what it leaves out. So the rules that public texts, code and issue reports give are
written down one by one, in our words, each with its source and with the names of what carries it here. A rule, or the part of
one, that nothing carries says why. The names are data, and a name can go stale; a test looks up every one of them.

Guarantee: what is read has an id, a sentence, a source, and carriers or a reason. `BadRules` otherwise, which is a mistake of ours.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

KINDS = ("part", "action", "property", "deadline", "duration", "clock", "variable", "constant", "mutant", "fleet", "key")
GROUPS = {"E": "Events", "W": "The walk", "V": "VMs and their clocks", "F": "Faults", "P": "Properties", "L": "Liveness"}


class BadRules(Exception):
    """The file of rules breaks its own form; the sentence says where."""


@dataclass(frozen=True, slots=True)
class Source:
    """A public text: what it is, and where it is, if it has a lasting address."""

    what: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `carried` are pairs of a kind (`KINDS`) and a name; `open` says what nothing carries, and why."""

    id: str
    says: str
    mark: str
    sources: tuple[Source, ...]
    carried: tuple[tuple[str, str], ...]
    open: str | None


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the file."""
    text = (files("udproof.protocol") / "rules.toml").read_text(encoding="utf-8")
    return parsed(text)


def parsed(text: str) -> tuple[Rule, ...]:
    """The rules of a text in the form of `rules.toml`. BadRules if one breaks it."""
    document = tomllib.loads(text)
    sources = {name: Source(entry["what"], entry.get("url")) for name, entry in document["source"].items()}
    found = tuple(_rule(entry, sources) for entry in document["rule"])
    twice = [rule.id for place, rule in enumerate(found) if rule.id in {other.id for other in found[:place]}]
    if twice:
        raise BadRules(f"rule {twice[0]} is there twice.")
    return found


def _rule(entry: dict[str, Any], sources: dict[str, Source]) -> Rule:
    name = entry["id"]
    if missing := [source for source in entry["source"] if source not in sources]:
        raise BadRules(f"rule {name}: there is no source {missing[0]}.")
    carried = tuple(_carrier(name, text) for text in entry["carried"])
    if not entry["source"] or not (carried or entry.get("open")):
        raise BadRules(f"rule {name} needs a source, and carriers or a reason why there are none.")
    return Rule(
        name, entry["says"], entry["mark"], tuple(sources[source] for source in entry["source"]), carried, entry.get("open")
    )


def _carrier(rule: str, text: str) -> tuple[str, str]:
    kind, _, name = text.partition(" ")
    if kind not in KINDS or not name:
        raise BadRules(f"rule {rule}: {text!r} is no carrier; write a kind ({', '.join(KINDS)}) and a name.")
    return kind, name
