"""Recorded documents: what a tenant has really read of its Scheduled Events, in the vendor's JSON.

    {"steps": [{"observed_at_utc": "2026-03-02T08:15:04Z", "document": {"DocumentIncarnation": 2, "Events": [...]}}, ...]}

A recording is a list of such steps, or an object with `steps`, or one with `samples`, each with an `id` and its steps. A document
may also stand there without its time. This module gives them a shape (`recordings`, BadDocument for whatever is out of it), and
holds them against the rules that can be judged from documents alone (`broken`). Whether the model can show such a sequence is the
business of `recorded`.

The shapes of api-version 2020-07-01 and of those before it are read: fields that came later may be missing, a NotBefore may be
written in ISO 8601, and names of VMs may begin with an underscore, which is left away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

SILENCE = timedelta(hours=24)  # without a request for so long, the service is switched off, and counts anew afterwards
TYPES = ("Freeze", "Reboot", "Redeploy", "Preempt", "Terminate")
STATUSES = ("Scheduled", "Started")
MOST = 10_000  # documents of a file


class BadDocument(Exception):
    """What was given is no recording; the sentence says where, what is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event, as a document shows it."""

    id: str
    status: str
    type: str
    resources: frozenset[str]
    not_before: datetime | None  # None once it has started
    source: str

    @property
    def fails(self) -> bool:
        """Is it what a host's failure looks like, when it is seen for the first time?"""
        return self.type == "Reboot" and self.status == "Started" and self.source == "Platform"


@dataclass(frozen=True, slots=True)
class Reading:
    """One document, with the time at which it was read, if that was recorded. `number` counts the steps of the file from 1."""

    number: int
    incarnation: int
    events: tuple[Seen, ...]
    at: datetime | None
    version: str

    def event(self, name: str) -> Seen | None:
        """The event of that id, if the document shows it."""
        return next((event for event in self.events if event.id == name), None)


@dataclass(frozen=True, slots=True)
class Recording:
    """What was read, one after the other."""

    name: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a recording breaks, and in which of its steps."""

    rule: str
    step: int
    sentence: str


# --- reading


def recordings(text: str) -> tuple[Recording, ...]:
    """The recordings of a JSON text. BadDocument if it is out of shape."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"this is not JSON ({error}); give documents as the metadata service writes them") from error
    if isinstance(given, dict) and "samples" in given:
        found = []
        for place, sample in enumerate(_list(given, "samples", "the file"), 1):
            where = f"sample {place}"
            name = _field(sample, "id", str, where) if isinstance(sample, dict) and "id" in sample else where
            found.append(Recording(name, _readings(sample, f"{name}, ")))
        return tuple(found)
    return (Recording("the recording", _readings(given, "")),)


def _readings(given: object, where: str) -> tuple[Reading, ...]:
    steps = given if isinstance(given, list) else _list(given, "steps", where.removesuffix(", ") or "the file")
    if not 0 < len(steps) <= MOST:
        raise BadDocument(f"{where}{len(steps)} steps; a recording has 1 to {MOST}")
    return tuple(_reading(step, number, f"{where}step {number}") for number, step in enumerate(steps, 1))


def _reading(step: object, number: int, where: str) -> Reading:
    if not isinstance(step, dict):
        raise BadDocument(f"{where}: this is no object; write a document, or one under the key document")
    bare = "DocumentIncarnation" in step
    document = step if bare else _field(step, "document", dict, where)
    events = tuple(_event(event, f"{where}, event {place}") for place, event in enumerate(_list(document, "Events", where), 1))
    names = [event.id for event in events]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadDocument(f"{where}: event {twice} is there twice; a document shows an event once")
    at = (
        None
        if bare or "observed_at_utc" not in step
        else _time(_field(step, "observed_at_utc", str, where), f"{where}, observed_at_utc")
    )
    version = step.get("api_version", "") if not bare else ""
    return Reading(number, _field(document, "DocumentIncarnation", int, where), events, at, str(version))


def _event(given: object, where: str) -> Seen:
    status, kind = _among(given, "EventStatus", STATUSES, where), _among(given, "EventType", TYPES, where)
    names = _list(given, "Resources", where)
    if not names or not all(isinstance(name, str) and name for name in names):
        raise BadDocument(f"{where}: Resources is a list of names of VMs, at least one")
    written = _field(given, "NotBefore", str, where)
    assert isinstance(given, dict)
    source = _among(given, "EventSource", ("Platform", "User"), where) if "EventSource" in given else "Platform"
    return Seen(
        _field(given, "EventId", str, where),
        status,
        kind,
        frozenset(name.removeprefix("_") for name in names),
        _time(written, f"{where}, NotBefore") if written else None,
        source,
    )


def _field(given: object, key: str, kind: type, where: str) -> Any:
    right = {str: "a text", int: "a whole number", dict: "an object", list: "a list"}[kind]
    if not isinstance(given, dict) or key not in given:
        raise BadDocument(f"{where}: {key} is missing; it is {right}")
    value = given[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadDocument(f"{where}: {key} is {json.dumps(value)[:60]}; it must be {right}")
    return value


def _list(given: object, key: str, where: str) -> list[Any]:
    found: list[Any] = _field(given, key, list, where)
    return found


def _among(given: object, key: str, choices: tuple[str, ...], where: str) -> str:
    value: str = _field(given, key, str, where)
    if value not in choices:
        raise BadDocument(f"{where}: {key} is {value[:60]!r}; it is {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def _time(written: str, where: str) -> datetime:
    """A time in RFC 1123 or ISO 8601."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(written)
        except (ValueError, TypeError):
            continue
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    raise BadDocument(
        f"{where}: {written[:60]!r} is no time; write it as 'Mon, 02 Mar 2026 08:30:00 GMT' or '2026-03-02T08:30:00Z'"
    )


# --- the rules that documents alone can break


def stretches(recording: Recording) -> Iterator[Recording]:
    """The recording in pieces that one enabled service wrote: cut where a day was silent, or the interface has another version."""
    begin = 0
    for place in range(1, len(recording.readings) + 1):
        if place == len(recording.readings) or _cut(recording.readings[place - 1], recording.readings[place]):
            yield replace(recording, readings=recording.readings[begin:place])
            begin = place


def _cut(before: Reading, after: Reading) -> bool:
    silent = before.at is not None and after.at is not None and after.at - before.at >= SILENCE
    return silent or before.version != after.version


def broken(recording: Recording) -> Broken | None:
    """The first rule that a recording breaks, as far as its documents show; None if they break none."""
    for stretch in stretches(recording):
        gone: set[str] = set()
        before: Reading | None = None
        for reading in stretch.readings:
            found = next(_alone(reading), None) or (before and next(_after(before, reading, gone), None))
            if found:
                return found
            if before:
                gone |= {event.id for event in before.events} - {event.id for event in reading.events}
            before = reading
    return None


def _alone(reading: Reading) -> Iterator[Broken]:
    for event in reading.events:
        if event.status == "Scheduled" and event.not_before is None:
            yield Broken("E4", reading.number, f"event {event.id} is Scheduled and has no NotBefore")
        if event.status == "Started" and event.not_before is not None:
            yield Broken("E4", reading.number, f"event {event.id} is Started and still has a NotBefore")
    updates = [event for event in reading.events if event.status == "Started" and event.type == "Freeze"]
    for place, event in enumerate(updates):
        for other in updates[:place]:
            if event.resources != other.resources:
                said = f"events {other.id} and {event.id} are both Started, for different VMs of one scope"
                yield Broken("W1", reading.number, said)


def _after(before: Reading, reading: Reading, gone: set[str]) -> Iterator[Broken]:
    if before.at and reading.at and reading.at < before.at:
        yield Broken("order", reading.number, "it was read before the one that stands before it")
    if reading.incarnation < before.incarnation:
        said = f"DocumentIncarnation goes back from {before.incarnation} to {reading.incarnation}, and no day was silent"
        yield Broken("P8", reading.number, said)
    if reading.incarnation == before.incarnation and set(reading.events) != set(before.events):
        yield Broken("P8", reading.number, f"DocumentIncarnation is {reading.incarnation} as before, and the events are others")
    for event in reading.events:
        old = before.event(event.id)
        if event.id in gone:
            yield Broken("E8", reading.number, f"event {event.id} is back, after it had gone")
        if old and old.status == "Started" and event.status == "Scheduled":
            yield Broken("E3", reading.number, f"event {event.id} is Scheduled again, after it had Started")
        if old and (old.resources, old.type) != (event.resources, event.type):
            yield Broken(
                "E8", reading.number, f"event {event.id} is another event under the same id: its type or its VMs have changed"
            )
        if old is None and event.status == "Started" and event.type != "Reboot" and reading.incarnation == before.incarnation + 1:
            said = f"event {event.id} is Started at once; only a host's failure, a Reboot, is"
            yield Broken("E3", reading.number, said)
