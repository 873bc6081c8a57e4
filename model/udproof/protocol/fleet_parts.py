"""What a fleet file says of the parts beyond the core: whether it fits together, and the data that it makes.

A key that would do nothing is a mistake: a tolerance that no VM has, a VM that drains where nobody tells it of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from udproof.protocol.durations import format_duration
from udproof.protocol.fleet import Controller, Faults, Health, Metadata, Migration, Network, Span, Tenants
from udproof.protocol.fleet_mistakes import Complaint, show
from udproof.protocol.fleet_schema import FleetTable, SetTable, SpanTable, VmTable
from udproof.protocol.fleet_shape import Draft
from udproof.protocol.toml_positions import Path

TABLES = frozenset({"events", "metadata", "jobs", "health", "faults", "migration", "network", "controller", "tenants", "tolerance"})
IDS = 6  # the most events of one set and step in a run


def settings(tables: FleetTable) -> dict[str, Any]:
    """The fields of a `Fleet` that tell of the parts."""
    tenants, metadata, health, jobs = tables.tenants, tables.metadata, tables.health, tables.jobs
    faults, migration, network, controller = tables.faults, tables.migration, tables.network, tables.controller
    return {
        "cancellations": tables.events.cancellations,
        "suspensions": tables.events.suspensions,
        "second_job": None if jobs is None else jobs.second,
        "health": None if health is None else Health(health.ill, health.gate, health.recovery),
        "faults": Faults(faults.hangs, faults.detection if faults.hangs else Fraction(0), faults.host_failures),
        "migration": None if migration is None else Migration(_span(migration.switch_over), migration.failures),
        "network": None if network is None else Network(network.losses, network.duplicates, network.reorderings),
        "controller": None if controller is None else Controller(controller.lease, controller.failovers),
        "metadata": None if metadata is None else Metadata(metadata.staleness, metadata.failed_reads),
        "tenants": None if tenants is None else Tenants(tenants.approval, tenants.poll, _span(tenants.preparation)),
        "tolerance": {name: time for name, time in tables.tolerance if time is not None},
    }


def complaints(draft: Draft) -> Iterator[Complaint]:
    """What does not fit together, with its place and what would be right."""
    yield from _spans(draft.tables)
    yield from _events(draft)
    yield from _switches(draft)
    yield from _tenants(draft)


def _spans(tables: FleetTable) -> Iterator[Complaint]:
    spans: dict[Path, SpanTable] = {}
    if tables.tenants is not None:
        spans["tenants", "preparation"] = tables.tenants.preparation
    if tables.migration is not None:
        spans["migration", "switch_over"] = tables.migration.switch_over
    for path, span in spans.items():
        if span.least > span.most:
            least, most = format_duration(span.least), format_duration(span.most)
            yield Complaint(path, f"least ({least}) is more than most ({most})", "swap the two")


def _events(draft: Draft) -> Iterator[Complaint]:
    """One event, of a set and a step, has room for so many ids."""
    tables = draft.tables
    jobs = 1 if tables.jobs is None else 2
    ids = tables.walk.attempts * jobs + tables.events.cancellations + tables.events.suspensions
    if ids > IDS:
        what = f"one step could be announced {ids} times (attempts for each job, cancellations and suspensions)"
        yield Complaint(("events",), what, f"lower one of these: a step is announced {IDS} times at most")


def _switches(draft: Draft) -> Iterator[Complaint]:
    """Tables and keys that mean nothing without another one."""
    tables, data = draft.tables, draft.data
    for part, needed in (("metadata", "tenants"), ("controller", "network")):
        if part in data and needed not in data:
            yield Complaint((part,), f"[{part}] means nothing without [{needed}]", f"add a table [{needed}], or remove [{part}]")
    if isinstance(data.get("faults"), dict) and "detection" in data["faults"] and not tables.faults.hangs:
        yield Complaint(
            ("faults", "detection"), "no host hangs here, so that none is found out", "write hangs = 1 too, or remove it"
        )
    if isinstance(data.get("health"), dict) and "gate" in data["health"] and tables.health is not None and not tables.health.ill:
        yield Complaint(("health", "gate"), "no VM falls ill here, so that nothing waits for it", "write ill = 1 too, or remove it")
    eligible = all(vm.eligible for vm in tables.vms) and not draft.lacks("vm")
    if tables.migration is not None and eligible:
        yield Complaint(("migration",), "every VM may be updated in place, so that none moves", "write eligible = false for a VM")


def _span(table: SpanTable) -> Span:
    return Span(table.least, table.most)


def _rows(draft: Draft) -> Iterator[tuple[Path, SetTable | VmTable]]:
    for index, table in zip(draft.rows.get("set", []), draft.tables.sets, strict=True):
        yield ("set", index), table
    for index, vm in zip(draft.rows.get("vm", []), draft.tables.vms, strict=True):
        yield ("vm", index), vm


def _tenants(draft: Draft) -> Iterator[Complaint]:
    tables, walk = draft.tables, draft.data.get("walk")
    told = "tenants" in draft.data
    if tables.tenants is not None and isinstance(walk, dict) and "approval" in walk:
        right = "remove approval here: with [tenants], its own approval counts"
        yield Complaint(("walk", "approval"), "it is told twice who approves", right, other=("tenants",))
    used = set()
    for path, row in _rows(draft):
        if isinstance(row, SetTable) and row.vms is None and (row.workload or row.drains is not None):
            key = "workload" if row.workload else "drains"
            right = "give it to the [[vm]] tables of the set; only a set with vms is generated"
            yield Complaint((*path, key), f"{key} generates nothing without vms", right)
            continue
        if row.workload:
            used.add(row.workload)
            if getattr(tables.tolerance, row.workload) is None and not _is_given(draft, row.workload):
                right = f'write {row.workload} = "10s" under [tolerance]: the longest interruption that it can take'
                yield Complaint((*path, "workload"), f"there is no tolerance for {show(row.workload)}", right)
        for key, value in (("workload", row.workload), ("drains", row.drains)):
            if value is not None and not told:
                right = f"add a table [tenants], or remove {key}"
                yield Complaint((*path, key), f"{key} means nothing where no agent prepares a VM", right)
    for name, _ in tables.tolerance:
        if _is_given(draft, name) and name not in used and not draft.lacks("vm") and not draft.lacks("set"):
            right = f"remove it, or write workload = {show(name)} for a VM"
            yield Complaint(("tolerance", name), f"no VM has the workload {show(name)}", right)


def _is_given(draft: Draft, workload: str) -> bool:
    given = draft.data.get("tolerance")
    return isinstance(given, dict) and workload in given
