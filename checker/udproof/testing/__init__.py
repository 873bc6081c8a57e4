"""Property-based tests with a model: strategies for Hypothesis, and a state machine that holds your own controller to a model.

    systems      small systems of any shape
    fleets       fleets that a fleet file can say; fleet_files gives the files
    runs         runs of a system, and almost-runs that the model refuses at their last step
    machine      drives a controller of yours through an adapter, step by step, and compares it with the model
    VirtualLoop  an event loop for asyncio whose time is the test's own

It needs Hypothesis: `pip install udproof[testing]`. Its page is docs/testing.md.
"""

from udproof.testing.fleets import fleet_files, fleets
from udproof.testing.loop import VirtualLoop
from udproof.testing.machine import Adapter, machine
from udproof.testing.runs import Refused, refused_runs, runs
from udproof.testing.systems import systems
from udproof.testing.tracking import AdapterMistake, Departure, Tracker

__all__ = [
    "Adapter",
    "AdapterMistake",
    "Departure",
    "Refused",
    "Tracker",
    "VirtualLoop",
    "fleet_files",
    "fleets",
    "machine",
    "refused_runs",
    "runs",
    "systems",
]
