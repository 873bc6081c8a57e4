"""Recorded documents as states of the model: can the protocol show them, one after the other?

The recording is made into a fleet: the VMs that an event names are on one host, which is one step of the walk, in one update
domain of one set. A document is then an event status for each of these steps, and a failure event for each host. A reader
(`observe`) is joined to the protocol on that fleet: it reads a document only if it is the next one of the recording, and how
often the truth may have changed since the last reading is bounded by how far the incarnation has grown. The recording is a
behaviour of the model if some run lets the reader read all of it, and that run tells what went on in between.

Times are not compared here: the fleet's are as short as they can be, so that any order that some times allow is allowed. The
rules about dates and numbers are in `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from udproof.language import Bool, Constant, Index, Int, Property, System, Variable, action, forall, ite, require
from udproof.language import expressions as ex
from udproof.protocol import breakdown, cancellation, jobs, walk
from udproof.protocol.assembly import protocol
from udproof.protocol.documents import Reading, Recording, Seen
from udproof.protocol.events import IDS, Status, event, start
from udproof.protocol.fleet import Faults, Fleet, Grouping, HostEntry, SecondJob, Span, Timing, VmEntry
from udproof.protocol.part import joining
from udproof.protocol.placement import ATTEMPTS, Event, Host, Step

READINGS = 255  # the most documents of a recording
ANNOUNCED = 4  # events of the same VMs, in two jobs of two attempts each
MANY = 7  # changes between two readings; more are not counted


class OutsideOfTheModel(Exception):
    """A recording shows what the model does not have; the sentence says what, and in which step."""


class Position(Index):
    """A place in the recording: its first document, its second, ..."""


place = Constant("place", Position, to=Int.between(0, READINGS))
shown = Constant("shown", Position, Event, to=Status)
failure_shown = Constant("failure_shown", Position, Host, to=Bool)
gap = Constant("gap", Position, to=Int.between(0, MANY))  # by how much the incarnation has grown

read_so_far = Variable("read_so_far", to=Int.between(0, READINGS), init=0)
changes = Variable("changes", to=Int.between(0, MANY), init=0)  # of the document, since the last reading


@action(by="reader", says=lambda p: f"{p} is read")
def observe(p: Position) -> None:
    """The next document of the recording is read."""
    require(read_so_far.value == place[p], "it is the next document")
    require(forall(Event, lambda e: event[e] == shown[p, e]), "the events are as it shows them")
    require(forall(Host, lambda h: breakdown.failure_event[h] == failure_shown[p, h]), "the failures are as it shows them")
    require((changes.value <= gap[p]) | (gap[p] == MANY), "no more has changed than its number has grown")
    read_so_far.value = read_so_far.value + 1
    changes.value = 0


def _another_change() -> None:
    changes.value = ite(changes.value < MANY, changes.value + 1, MANY)


def _of_step(d: Step) -> None:
    _another_change()


def _of_event(e: Event) -> None:
    _another_change()


def _of_host(h: Host) -> None:
    _another_change()


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as the model has it: of each step its event's status, of each host whether a failure is shown."""

    number: int  # of the recording's step
    statuses: tuple[int, ...]  # members of `Status`
    failures: tuple[bool, ...]
    grown: int  # by how much the incarnation has grown since the last one, or MANY


@dataclass(frozen=True, slots=True)
class Mapped:
    """A recording as the model's: the VMs of each step and of each host, with its step, and each change of the document once."""

    steps: tuple[frozenset[str], ...]
    hosts: tuple[tuple[frozenset[str], int], ...]
    documents: tuple[Shown, ...]
    announced: int  # how often the same step at most
    called_off: int  # how many events went without having been seen to start
    failed: int
    rebooted: frozenset[str]  # VMs whose update was announced as a reboot


def mapped(recording: Recording) -> Mapped:
    """The recording in the model's terms. OutsideOfTheModel if it shows what the model does not have."""
    readings = recording.readings
    lives = _lives(readings)
    updates = [seen for seen in lives.values() if not seen.fails]
    steps = _apart([seen.resources for seen in updates], "events of the same VMs name the same VMs", lives)
    failed = _apart([seen.resources for seen in lives.values() if seen.fails], "a host fails once, with all its VMs", lives)
    hosts: list[tuple[frozenset[str], int]] = []
    for vms in failed:
        inside = [number for number, group in enumerate(steps) if vms & group]
        if inside and not vms <= steps[inside[0]]:
            raise OutsideOfTheModel(f"a failure of {_names(vms)} is of VMs of several steps; in the model a host is in one step")
        if not inside:
            steps.append(vms)
        hosts.append((vms, inside[0] if inside else len(steps) - 1))
    steps = steps or [frozenset({"vm"})]
    for number, group in enumerate(steps):
        rest = group - {vm for vms, step in hosts if step == number for vm in vms}
        hosts += [(rest, number)] if rest else []
    counts = [sum(seen.resources == group for seen in updates) for group in steps]
    started = {event.id for reading in readings for event in reading.events if event.status == "Started"}
    present = {event.id for event in readings[-1].events}
    return Mapped(
        tuple(steps),
        tuple(hosts),
        tuple(_documents(readings, steps, hosts, lives)),
        max(1, *counts),
        len([name for name, seen in lives.items() if not seen.fails and name not in started | present]),
        len(failed),
        frozenset(vm for seen in updates if seen.type == "Reboot" for vm in seen.resources),
    )


def _lives(readings: tuple[Reading, ...]) -> dict[str, Seen]:
    """Each event of the recording as it was first seen."""
    found: dict[str, Seen] = {}
    for reading in readings:
        for event_ in reading.events:
            if event_.source == "User" or event_.type not in ("Freeze", "Reboot"):
                what = "a user has asked for it" if event_.source == "User" else f"it is a {event_.type}"
                raise OutsideOfTheModel(
                    f"step {reading.number}: event {event_.id} is none that the model has ({what}); it has updates of hosts by the "
                    "platform, and failures of hosts"
                )
            found.setdefault(event_.id, event_)
    return found


def _apart(named: list[frozenset[str]], right: str, lives: dict[str, Seen]) -> list[frozenset[str]]:
    groups = list(dict.fromkeys(named))
    for number, group in enumerate(groups):
        for other in groups[:number]:
            if group & other:
                raise OutsideOfTheModel(f"one event names {_names(other)}, and another {_names(group)}; in the model {right}")
    return groups


def _names(vms: frozenset[str]) -> str:
    return ", ".join(sorted(vms))


def _documents(
    readings: tuple[Reading, ...], steps: list[frozenset[str]], hosts: list[tuple[frozenset[str], int]], lives: dict[str, Seen]
) -> Iterator[Shown]:
    number_of = [status.value for status in (Status.scheduled.node, Status.started.node) if isinstance(status, ex.Lit)]
    codes = dict(zip(("Scheduled", "Started"), map(int, number_of), strict=True))
    before: Shown | None = None
    incarnation = readings[0].incarnation
    for reading in readings:
        statuses, failures = [0] * len(steps), [False] * len(hosts)
        for event_ in reading.events:
            if lives[event_.id].fails:
                failures[[vms for vms, _ in hosts].index(event_.resources)] = True
                continue
            step = steps.index(event_.resources)
            if statuses[step]:
                raise OutsideOfTheModel(f"step {reading.number}: two events name {_names(event_.resources)} at the same time")
            statuses[step] = codes[event_.status]
        grown = MANY if before is None else min(reading.incarnation - incarnation, MANY)
        incarnation = reading.incarnation
        found = Shown(reading.number, tuple(statuses), tuple(failures), grown)
        if before is None or (before.statuses, before.failures, 0) != (found.statuses, found.failures, grown):
            yield found
        before = found


# --- the fleet and the system


def fleet_of(of: Mapped, second_job: SecondJob | None) -> Fleet:
    """The fleet that a recording tells of, with times as short as can be. OutsideOfTheModel if a budget is too small for it."""
    if of.failed > breakdown.MOST:
        raise OutsideOfTheModel(f"{of.failed} hosts fail; in the model {breakdown.MOST} do in a run")
    if of.called_off > cancellation.MOST:
        raise OutsideOfTheModel(f"{of.called_off} events go without having started; in the model {cancellation.MOST} do in a run")
    if of.announced > ANNOUNCED:
        raise OutsideOfTheModel(f"the same VMs have {of.announced} events; {ANNOUNCED} can be followed")
    if len(of.documents) > READINGS:
        raise OutsideOfTheModel(f"it has {len(of.documents)} documents that differ; {READINGS} can be followed")
    none, one = Fraction(0), Fraction(1)
    at_once = Span(none, none)
    timing = Timing(
        one, one, Fraction(30), at_once, at_once, at_once, none, at_once, at_once, none, one
    )  # notice and recovery of 1 s; everything else at once
    hosts = tuple(HostEntry(f"host-{number}", f"step-{step}") for number, (_, step) in enumerate(of.hosts))
    vms = tuple(
        VmEntry(vm, host.name, "recorded", step, vm not in of.rebooted)
        for host, (names, step) in zip(hosts, of.hosts, strict=True)
        for vm in sorted(names)
    )
    return Fleet(
        "recorded",
        Grouping.UPDATE_DOMAIN,
        timing,
        min(of.announced, ATTEMPTS if second_job is None else (IDS - of.called_off) // 2),
        "any",
        True,
        hosts,
        vms,
        cancellations=of.called_off,
        second_job=second_job,
        faults=Faults(host_failures=of.failed),
    )


def observed(of: Mapped, second_job: SecondJob | None) -> System:
    """The protocol on that fleet, and the reader of the recording."""
    fleet = fleet_of(of, second_job)
    system = protocol(fleet)
    changed = [joining(walk.announce)(_of_step), joining(walk.close)(_of_step), joining(start)(_of_event)]
    if fleet.cancellations:
        changed.append(joining(cancellation.cancel)(_of_step))
    if second_job == "at-once":
        changed.append(joining(jobs.begin_at_once)(_of_step))
    if of.failed:
        changed += [joining(breakdown.fail)(_of_host), joining(breakdown.close_failure)(_of_host)]
    for change in changed:
        system = change(system)
    events = [int(name.removeprefix("recorded@step-")) for name in system.instance.elements["Event"]]
    steps, hosts = range(len(events)), range(len(of.hosts))
    tables: dict[str, dict[tuple[int, ...], int]] = {
        "place": {(number,): number for number in range(len(of.documents))},
        "gap": {(number,): document.grown for number, document in enumerate(of.documents)},
        "shown": {(n, e): document.statuses[events[e]] for n, document in enumerate(of.documents) for e in steps},
        "failure_shown": {(n, h): int(document.failures[h]) for n, document in enumerate(of.documents) for h in hosts},
    }
    names = tuple(f"document {document.number}" for document in of.documents)
    instance = replace(
        system.instance,
        elements={**system.instance.elements, "Position": names},
        constants={**system.instance.constants, **tables},
    )
    return replace(system, actions=(*system.actions, observe), instance=instance)


def never(number: int) -> Property:
    """That the reader never has read so many documents: false exactly if the model can show them."""
    body = ex.Not(ex.Eq(ex.Read(read_so_far.symbol, ()), ex.Lit(number, ex.IntSort(number, number))))
    return Property(f"never-{number}", f"No run shows {number} documents of the recording.", "", (), body, ex.TRUE, None, None)
