"""How many states the reference walk has, known before anything is run.

*Closed form.* With no domain open, each of the U domains is done or untouched: 2^U states. With one open, each of its hosts is
idle, notified for 0 to 3 ticks, paused for 0 to 3, or updated: ten possibilities, every combination of which occurs, while the
U - 1 others are done or untouched: U * 2^(U-1) * 10^H. Up to exchanging hosts of a domain and domains, only the number of
domains that are done matters, U + 1 or U, and of the open one how many hosts are in each of ten places: C(H+9, 9). The formulas
agree with `PUBLISHED`, and what is measured agrees with the formulas.
"""

from __future__ import annotations

from math import comb

# (domains, hosts of each): distinct states, and states up to symmetry, as ten independent tools count them
PUBLISHED = {(2, 2): (404, 113), (2, 4): (40_004, 1_433), (3, 3): (12_008, 664), (5, 2): (8_032, 281)}


def states(domains: int, hosts: int) -> int:
    """The distinct states of the walk."""
    return int(2**domains) + domains * int(2 ** (domains - 1)) * int(10**hosts)


def orbits(domains: int, hosts: int) -> int:
    """Its states up to exchanging hosts of a domain, and domains."""
    return domains + 1 + domains * comb(hosts + 9, 9)
