"""The tables of the mistakes made by rule that survive: how many are judged on which fleet, and each with its judgement."""

from __future__ import annotations

from collections import Counter
from functools import cache

from udproof.cli.reviewed import elsewhere
from udproof.language import System
from udproof.language.generated import generated
from udproof.properties import of
from udproof.protocol import fleets
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.survivors import VERDICTS, reviewed

COUNT_HEAD = ("fleet", "planted and judged there", "planted and judged before", *VERDICTS)
HEAD = ("mistake", "in words", "judged", "because, or what would notice it")
FURTHER_HEAD = ("fleet", *HEAD)
CORE = "teaching"


@cache
def _system(fleet: str) -> System:
    read = read_fleet(fleets.path_of(fleet))
    return protocol(read, of(read))


def counts() -> list[tuple[str, ...]]:
    """For each reviewed fleet, how many mistakes are its own, how many another fleet's, and how survivors are judged."""
    rows = []
    for fleet, (model, judged) in reviewed().items():
        before = Counter(elsewhere(model).values())
        own = len(generated(_system(fleet))) - before.total()
        told = ", ".join(f"{number} on `{other}`" for other, number in before.items())
        verdicts = Counter(judgement.verdict for judgement in judged.values())
        rows.append((f"`{fleet}`", str(own), told, *(str(verdicts[verdict] or "") for verdict in VERDICTS)))
    return rows


def rows(fleet: str = CORE) -> list[tuple[str, ...]]:
    """The survivors on a reviewed fleet that are judged there by a person, each with its judgement."""
    _, judged = reviewed()[fleet]
    stories = {one.name: one.story for one in generated(_system(fleet))}
    return [(f"`{name}`", stories[name], one.verdict, one.reason) for name, one in judged.items()]


def further() -> list[tuple[str, ...]]:
    """The same for the fleets that show the parts beyond the core."""
    return [(f"`{fleet}`", *row) for fleet in reviewed() if fleet != CORE for row in rows(fleet)]
