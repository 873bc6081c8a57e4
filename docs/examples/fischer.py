"""Fischer's mutual exclusion, where time does the work of an atomic test-and-set: three processes, one shared variable.

A process that sees the variable free writes its own name into it within `write_within`, waits for at least `check_after`, and
enters if its name still stands there. Two processes exclude each other exactly if write_within < check_after. It was told by
M. Fischer to L. Lamport, who published it in "A Fast Mutual Exclusion Algorithm" (1987).
"""

from udproof.language import (
    Bool,
    Clock,
    Duration,
    Enumeration,
    Index,
    System,
    Variable,
    action,
    bar,
    deadline,
    each,
    forall,
    implies,
    invariant,
    lanes,
    member,
    require,
)


class Process(Index, size=3):
    """Somebody who wants to be alone."""


class Place(Enumeration):
    """Where a process is in its code."""

    idle = member()
    writing = member()  # it has seen the variable free
    waiting = member()  # it has written its name
    critical = member()


write_within = Duration("write_within", 1)
check_after = Duration("check_after", 2)

place = Variable("place", Process, to=Place, init=Place.idle)
named = Variable("named", Process, to=Bool, init=False)  # whose name stands in the shared variable? nobody's: it is free
since = Clock("since", Process, during=lambda p: place[p].among(Place.writing, Place.waiting))


@action(by="p", says=lambda p: f"{p} sees the variable free")
def see(p: Process) -> None:
    """An idle process sees that no name stands in the variable."""
    require(place[p] == Place.idle, "the process is idle")
    require(forall(Process, lambda q: ~named[q]), "the variable is free")
    place[p] = Place.writing


@action(by="p", says=lambda p: f"{p} writes its name")
def write(p: Process) -> None:
    """It writes its name, over whatever stands there by now."""
    require(place[p] == Place.writing, "the process is writing")
    place[p] = Place.waiting
    since[p] = 0
    for q in each(Process):
        named[q] = q == p


@action(by="p", says=lambda p: f"{p} enters")
def enter(p: Process) -> None:
    """It has waited long enough, and its name still stands there."""
    require(place[p] == Place.waiting, "the process is waiting")
    require(since[p] >= check_after, "it has waited long enough")
    require(named[p], "its name stands in the variable")
    place[p] = Place.critical


@action(by="p", says=lambda p: f"{p} finds another name and gives up for now")
def give_up(p: Process) -> None:
    """It has waited long enough, and another name stands there."""
    require(place[p] == Place.waiting, "the process is waiting")
    require(since[p] >= check_after, "it has waited long enough")
    require(~named[p], "another name stands in the variable, or none")
    place[p] = Place.idle


@action(by="p", says=lambda p: f"{p} leaves")
def leave(p: Process) -> None:
    """It leaves, and frees the variable."""
    require(place[p] == Place.critical, "the process is inside")
    place[p] = Place.idle
    for q in each(Process):
        named[q] = False


@invariant(
    source="Lamport 1987",
    premise=lambda a, b: place[a] == Place.critical,
    cause=lambda a, b: f"{a} and {b} are both inside",
)
def alone(a: Process, b: Process) -> Bool:
    """No two processes are in the critical section together."""
    return implies((a != b) & (place[a] == Place.critical), place[b] != Place.critical)


system = System(
    "fischer",
    actions=(see, write, enter, give_up, leave),
    properties=(alone,),
    deadlines=(
        deadline(
            "written-in-time",
            Process,
            during=lambda p: place[p] == Place.writing,
            limit=lambda p: since[p] <= write_within,
        ),
    ),
    picture=lanes(
        Process,
        bars=[
            bar("writing", "kind1", lambda p: place[p] == Place.writing),
            bar("waiting", "kind4", lambda p: place[p] == Place.waiting),
            bar("inside", "kind0", lambda p: place[p] == Place.critical),
        ],
    ),
)
