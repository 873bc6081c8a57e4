"""Where the kernel of the zone search keeps what: regions of memory, one after the other, and last the arena of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

SEEN = 64  # bits of what is watched


@dataclass(frozen=True)
class ZoneLayout:
    """Where things are. Sizes in bytes."""

    words: int  # of a state
    clocks: int
    counters: int
    tables: int  # bytes that the model needs

    @property
    def mask(self) -> int:
        """Words of a mask of clocks."""
        return max(1, -(-self.clocks // 64))

    @property
    def matrix(self) -> int:
        """The largest zone."""
        return (self.clocks + 1) * (-(-(self.clocks + 1) // 4) * 16)

    @property
    def zone(self) -> int:
        """Where a node's zone begins in it."""
        return 16 + 8 * self.words + 8 * self.mask

    @cached_property
    def at(self) -> dict[str, int]:
        """The addresses of all regions."""
        rows, clocks = 4 * (self.clocks + 1), 4 * self.clocks
        sizes = {
            "COUNTERS": 8 * (self.counters + 63 & -64), "FOUND": 4 * SEEN,
            "T": 8 * self.words, "TM": 8 * self.mask, "FM": 8 * self.mask,
            "POS": clocks, "NPOS": clocks, "CLK": rows, "MAP": rows, "INV": rows, "LO": rows, "UP": rows,
            "ROW": rows, "COL": rows + 16,
            "W": self.matrix, "X": self.matrix, "Y": self.matrix, "TABLES": self.tables, "ARENA": 0,
        }  # fmt: skip
        places, end = {}, 64
        for name, size in sizes.items():
            places[name] = end
            end += -(-size // 16) * 16
        return places
