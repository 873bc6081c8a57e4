"""Small systems known by heart, and a naive search to hold every engine to.

- `KNOWN` is the manifest: what each system must give, and why, by something other than our own tools.
- `search` visits every state of a system through the reference semantics alone, slowly.
- `levels` is a bare breadth-first search over plain Python values: what the independent counts are made with.
"""

from tests.systems.known import KNOWN, Known, known
from tests.systems.search import Found, TooLarge, levels, search

__all__ = ["KNOWN", "Found", "Known", "TooLarge", "known", "levels", "search"]
