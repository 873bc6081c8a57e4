"""The VM: what a pause does to it.

    running -> paused -> running, with its clock late by the pause -> synchronised

While a VM is paused its guest clock stands still, so at the resume it is late by the length of the pause; the host's time
service then sets it, in one step, within the sync delay (rules V3 and V4). Memory is kept across an in-place update, lost and
announced so in a reboot, and torn if the host is touched under a VM that still runs.
"""

from __future__ import annotations

from udproof.language import (
    Bool,
    Clock,
    Duration,
    Enumeration,
    Fairness,
    Variable,
    action,
    deadline,
    definition,
    member,
    require,
)
from udproof.language.mutation import both, overriding, without_action, without_deadline
from udproof.protocol.mutant import Mutant
from udproof.protocol.placement import Vm


class Run(Enumeration):
    """Does the VM run?"""

    running = member()
    paused = member()
    down = member()  # for a reboot


class Memory(Enumeration):
    """What became of the VM's memory."""

    kept = member()
    restarted = member()  # lost in an announced reboot
    torn = member()  # overwritten under a running VM


class Guest(Enumeration):
    """The VM's own clock against true time."""

    right = member()
    late = member()
    ahead = member()


run = Variable("run", Vm, to=Run, init=Run.running)
memory = Variable("memory", Vm, to=Memory, init=Memory.kept)
guest_clock = Variable("guest_clock", Vm, to=Guest, init=Guest.right)
late_for = Clock("late_for", Vm, during=lambda v: (run[v] == Run.running) & (guest_clock[v] == Guest.late))

clock_sync_delay = Duration("clock_sync_delay")


@definition
def paused(v: Vm) -> Bool:
    """Is the VM frozen?"""
    return run[v] == Run.paused


@definition
def impacted(v: Vm) -> Bool:
    """Is the VM frozen, or down for a reboot?"""
    return run[v].among(Run.paused, Run.down)


@definition
def awake(v: Vm) -> Bool:
    """Do the programs in the VM run?"""
    return run[v] == Run.running


@definition
def serves(v: Vm) -> Bool:
    """Does the VM do its work? (Further parts know of more reasons why not.)"""
    return run[v] == Run.running


@action(by="v", says=lambda v: f"the clock of {v} is set right", fairness=Fairness.WEAK)
def synchronise(v: Vm) -> None:
    """The host's time service sets the late clock of a resumed VM."""
    require((run[v] == Run.running) & (guest_clock[v] == Guest.late), "the VM runs and its clock is late")
    guest_clock[v] = Guest.right


DEADLINES = (
    deadline(
        "clock-is-set",
        Vm,
        during=lambda v: (run[v] == Run.running) & (guest_clock[v] == Guest.late),
        limit=lambda v: late_for[v] <= clock_sync_delay,
    ),
)
ACTIONS = (synchronise,)


# --- mistakes


@overriding(synchronise, says=lambda v: f"the clock of {v} is corrected twice, and is ahead now")
def _corrected_twice(v: Vm) -> None:
    guest_clock[v] = Guest.ahead


MUTANTS = (
    Mutant(
        "NoResync",
        "nobody sets the clock of a resumed VM",
        "clock-synchronised",
        both(without_action(synchronise), without_deadline("clock-is-set")),
    ),
    Mutant(
        "SlewNotStep",
        "the clock is slewed, not stepped: it gets right some day",
        "clock-synchronised",
        without_deadline("clock-is-set"),
    ),
    Mutant(
        "PulledBack",
        "two time services both add the pause: the clock is ahead, and will be pulled back",
        "clock-synchronised",
        _corrected_twice,
    ),
)
