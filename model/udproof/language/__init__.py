"""The modelling language: a small embedded language for finite systems with dense time.

Read `docs/language.md` for the tour, and the modules in this order: `expressions` (the tree), `terms` (what a user writes; its
helpers are `functions` and `sentences`), `symbols`, `actions` and `claims` (declarations), `system` (the value that engines
take), `evaluation` and `semantics` (what it all means). Nothing in this package knows of hosts, VMs or engines, and it imports
nothing of the project outside itself.
"""

from udproof.language.actions import Action, Fairness, action, each, require
from udproof.language.claims import Axiom, Deadline, Property, axiom, deadline, invariant
from udproof.language.drawing import Lanes, bar, lanes
from udproof.language.errors import Location, ModelError
from udproof.language.instance import Instance
from udproof.language.symbols import ANYTHING, Clock, Constant, Definition, Duration, Variable, definition
from udproof.language.system import System
from udproof.language.terms import Bool, Enumeration, Index, Int, count, exists, forall, implies, ite, member

__all__ = [
    "ANYTHING",
    "Action",
    "Axiom",
    "Bool",
    "Clock",
    "Constant",
    "Deadline",
    "Definition",
    "Duration",
    "Enumeration",
    "Fairness",
    "Index",
    "Instance",
    "Int",
    "Lanes",
    "Location",
    "ModelError",
    "Property",
    "System",
    "Variable",
    "action",
    "axiom",
    "bar",
    "count",
    "deadline",
    "definition",
    "each",
    "exists",
    "forall",
    "implies",
    "invariant",
    "ite",
    "lanes",
    "member",
    "require",
]
