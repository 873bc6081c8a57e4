"""Whether the parts of a fleet file fit together, and the fleet that they make.

`fleet_shape` has looked at each key by itself. Here generated sets are dealt out, names are looked up, and the step of
each host is found. It goes in stages, because a mistake must not bring false ones after it: first the rows (each set,
host and VM by itself, against the names of all others), and only when all rows are right what the whole fleet must obey
(every host has a step, the placement rule).

The rule for a generated set is the documented one: VM number i, from 0 and in order of placement, goes to domain
i mod U. With h hosts per domain, the VMs of a domain are dealt to its hosts in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from udproof.protocol import fleet_parts
from udproof.protocol.durations import format_duration
from udproof.protocol.fleet import Fleet, Grouping, HostEntry, Span, Timing, VmEntry
from udproof.protocol.fleet_mistakes import SPELLED_OUT, Complaint, nearest, show
from udproof.protocol.fleet_schema import MAX_ENTRIES, SetTable, SpanTable
from udproof.protocol.fleet_shape import Draft
from udproof.protocol.toml_positions import Path

# What says nothing about the hosts and VMs: a mistake in it does not stop the check of the whole fleet.
_APART = frozenset({"name", "expect", "walk", "host_update", "limits", "guest_clock", *fleet_parts.TABLES})


@dataclass(frozen=True, slots=True)
class _Host:
    path: Path  # of its [[host]], or of the [[set]] that generates it
    name: str
    step: str | None
    fault_domain: int | None


@dataclass(frozen=True, slots=True)
class _Vm:
    path: Path
    name: str
    host: str
    availability_set: str | None
    update_domain: int | None
    eligible: bool
    workload: str | None
    drains: bool | None


@dataclass
class _Plan:
    """The fleet in the making. Of hosts and VMs that share a name, the first one stays."""

    grouping: Grouping
    complaints: list[Complaint]
    sets: dict[str, tuple[Path, SetTable]] = field(default_factory=dict)
    hosts: dict[str, _Host] = field(default_factory=dict)
    vms: dict[str, _Vm] = field(default_factory=dict)

    def complain(self, path: Path, what: str, right: str, other: Path | None = None) -> None:
        self.complaints.append(Complaint(path, what, right, other=other))


def build(draft: Draft, complaints: list[Complaint]) -> Fleet | None:
    """The fleet of a draft; None if there is a complaint, old or new. New complaints are added to the list."""
    wrong = {complaint.path[:2] for complaint in complaints}
    plan = _Plan(Grouping(draft.tables.walk.grouping), complaints)
    _check_spans(draft, plan)
    # Where the grouping is not known, or the fleet too large to be laid out, every further complaint might be false.
    if wrong & {("walk",), ("walk", "grouping")} or not _check_size(draft, plan):
        return None
    _lay_out(draft, plan)
    _check_sets(draft, plan)
    _check_hosts(plan)
    _check_vms(draft, plan)
    complaints.extend(fleet_parts.complaints(draft))
    if any(complaint.path[0] not in _APART for complaint in complaints if complaint.path):
        return None
    steps = _steps(plan)
    if len(steps) < len(plan.hosts):
        return None
    fleet = _fleet(draft, plan, steps)
    if fleet.check_placement and ("walk", "placement_rule") not in wrong:
        _check_placement(fleet, plan)
    return None if complaints else fleet


# --- the rows


def _check_spans(draft: Draft, plan: _Plan) -> None:
    for stage, span in draft.tables.host_update:
        if isinstance(span, SpanTable) and span.least > span.most:
            least, most = format_duration(span.least), format_duration(span.most)
            plan.complain(("host_update", stage), f"least ({least}) is more than most ({most})", "swap the two")


def _check_size(draft: Draft, plan: _Plan) -> bool:
    """Is there a fleet at all, and is it small enough to be laid out?"""
    tables = draft.tables
    sizes = {
        "VMs": len(tables.vms) + sum(row.vms or 0 for row in tables.sets),
        "hosts": len(tables.hosts) + sum(_domains(row, plan.grouping) * row.hosts_per_domain for row in tables.sets if row.vms),
    }
    for kind, size in sizes.items():
        if size > MAX_ENTRIES:
            plan.complain((), f"the fleet has {size} {kind}", f"a fleet has at most {MAX_ENTRIES} {kind}")
    is_empty = not (tables.vms or any(row.vms for row in tables.sets) or draft.lacks("vm") or draft.lacks("set"))
    if is_empty:
        plan.complain((), "the fleet has no VM", "add [[vm]] tables, or give a [[set]] the number of its vms")
    return not is_empty and max(sizes.values()) <= MAX_ENTRIES


def _lay_out(draft: Draft, plan: _Plan) -> None:
    """Fill in the plan: the generated hosts and VMs in the order of their sets, then the ones written out."""
    tables, rows = draft.tables, draft.rows
    for index, availability_set in zip(rows.get("set", []), tables.sets, strict=True):
        path: Path = ("set", index)
        first = plan.sets.setdefault(availability_set.name, (path, availability_set))
        if first[0] != path:
            _complain_of_name(plan, "set", availability_set.name, path, first[0])
        elif availability_set.vms:
            _generate(availability_set, path, plan)
    for index, host in zip(rows.get("host", []), tables.hosts, strict=True):
        _add_host(plan, _Host(("host", index), host.name, host.step, host.fault_domain))
    for index, vm in zip(rows.get("vm", []), tables.vms, strict=True):
        row = _Vm(("vm", index), vm.name, vm.host, vm.availability_set, vm.update_domain, vm.eligible, vm.workload, vm.drains)
        _add_vm(plan, row)


def _generate(table: SetTable, path: Path, plan: _Plan) -> None:
    """The hosts and VMs of a set that gives the number of its VMs."""
    by_update_domain = plan.grouping is Grouping.UPDATE_DOMAIN
    domains = _domains(table, plan.grouping)
    tag, step = ("ud", "step") if by_update_domain else ("fd", "fd")
    hosts: list[list[str]] = []
    for domain in range(domains):
        hosts.append([f"{table.name}-{tag}{domain}-{_letters(i)}" for i in range(table.hosts_per_domain)])
        for name in hosts[-1]:
            _add_host(plan, _Host(path, name, f"{step}-{domain}", None if by_update_domain else domain))
    for number in range(table.vms or 0):
        turn, domain = divmod(number, domains)
        host = hosts[domain][turn % table.hosts_per_domain]
        update_domain = domain if by_update_domain else None
        _add_vm(plan, _Vm(path, f"{table.name}-{number}", host, table.name, update_domain, True, table.workload, table.drains))


def _domains(table: SetTable, grouping: Grouping) -> int:
    return table.update_domains if grouping is Grouping.UPDATE_DOMAIN else table.fault_domains


def _letters(number: int) -> str:
    """a, b, ..., z, aa, ab, ... as the columns of a spreadsheet."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = "abcdefghijklmnopqrstuvwxyz"[rest] + letters
    return letters


def _add_host(plan: _Plan, host: _Host) -> None:
    first = plan.hosts.setdefault(host.name, host)
    if first is not host:
        _complain_of_name(plan, "host", host.name, host.path, first.path)


def _add_vm(plan: _Plan, vm: _Vm) -> None:
    first = plan.vms.setdefault(vm.name, vm)
    if first is not vm:
        _complain_of_name(plan, "VM", vm.name, vm.path, first.path)


def _complain_of_name(plan: _Plan, kind: str, name: str, path: Path, first: Path) -> None:
    generated = " that its set generates" if first[0] == "set" and kind != "set" else ""
    what = f"there is another {kind} of the name {show(name)}{generated}"
    plan.complain((*path, "name"), what, f"give each {kind} a name of its own", other=(*first, "name"))


def _check_sets(draft: Draft, plan: _Plan) -> None:
    used = draft.names("vm", "set")
    for name, (path, table) in plan.sets.items():
        if table.vms is None and name not in used and not draft.lacks("vm"):
            plan.complain(path, f"no VM is in the set {show(name)}", f"give it vms = 10, or some [[vm]] set = {show(name)}")
        if table.vms is None and "hosts_per_domain" in table.model_fields_set:
            right = "give vms too to have the set generated, or remove it and write the hosts out"
            plan.complain((*path, "hosts_per_domain"), "hosts_per_domain generates nothing without vms", right)


def _check_hosts(plan: _Plan) -> None:
    if plan.grouping is Grouping.UPDATE_DOMAIN:
        return
    for host in plan.hosts.values():
        if host.fault_domain is None:
            right = "write fault_domain = 0 (or 1, or 2): the walk goes by fault domains"
            plan.complain(host.path, f"the host {show(host.name)} has no fault_domain", right)


def _check_vms(draft: Draft, plan: _Plan) -> None:
    host_names = draft.names("host") | set(plan.hosts)
    set_names = draft.names("set")
    knows_hosts = draft.is_named("host") and not draft.lacks("set")
    knows_sets = draft.is_named("set")
    for vm in plan.vms.values():
        if vm.path[0] == "set":
            continue
        if knows_hosts and vm.host not in host_names:
            _complain_of_reference(plan, (*vm.path, "host"), vm.host, host_names)
        if vm.availability_set is None:
            if vm.update_domain is not None:
                right = "name its set too, or remove update_domain: a VM that stands alone has none"
                plan.complain((*vm.path, "update_domain"), f"the VM {show(vm.name)} is in no set", right)
        elif vm.availability_set not in set_names:
            if knows_sets:
                _complain_of_reference(plan, (*vm.path, "set"), vm.availability_set, set_names)
        elif vm.availability_set in plan.sets:
            _check_member(vm, *plan.sets[vm.availability_set], plan)


def _complain_of_reference(plan: _Plan, path: Path, name: str, known: Iterable[str]) -> None:
    kind = path[-1]
    # Looking for the nearest of 2000 names takes a tenth of a second, and only the first mistakes are spelled out.
    meant = nearest(name, sorted(known)) if len(plan.complaints) < SPELLED_OUT else None
    right = f"did you mean {show(meant)}?" if meant else f"add a [[{kind}]] with this name"
    plan.complain(path, f"there is no {kind} {show(name)}", right)


def _check_member(vm: _Vm, set_path: Path, table: SetTable, plan: _Plan) -> None:
    """Does a VM that is written out fit into its set?"""
    if table.vms is not None:
        plan.complain(
            (*vm.path, "set"),
            f"the set {show(table.name)} is generated (vms = {table.vms}), so no further VM can be in it",
            "remove vms from the set and write all its VMs out, or name another set",
            other=(*set_path, "vms"),
        )
    elif vm.update_domain is None and plan.grouping is Grouping.UPDATE_DOMAIN:
        right = f"write update_domain = 0 (at most {table.update_domains - 1})"
        plan.complain(vm.path, f"the VM {show(vm.name)} of the set {show(table.name)} has no update_domain", right)
    elif vm.update_domain is not None and vm.update_domain >= table.update_domains:
        plan.complain(
            (*vm.path, "update_domain"),
            f"the set {show(table.name)} has {table.update_domains} update domains, and so no number {vm.update_domain}",
            f"write one from 0 to {table.update_domains - 1}, or raise update_domains of the set",
            other=set_path,
        )
    host = plan.hosts.get(vm.host)
    if plan.grouping is Grouping.FAULT_DOMAIN and host and (host.fault_domain or 0) >= table.fault_domains:
        plan.complain(
            (*vm.path, "host"),
            f"the set {show(table.name)} has {table.fault_domains} fault domains, and this host is in {host.fault_domain}",
            f"choose a host in one from 0 to {table.fault_domains - 1}, or raise fault_domains of the set",
            other=host.path,
        )


# --- the whole fleet


def _steps(plan: _Plan) -> dict[str, str]:
    """The step of each host. A host whose step is neither given nor follows is complained of, and left out."""
    domains: dict[str, set[int]] = {name: set() for name in plan.hosts}
    for vm in plan.vms.values():
        if vm.update_domain is not None:
            domains[vm.host].add(vm.update_domain)
    steps: dict[str, str] = {}
    for host in plan.hosts.values():
        found = sorted(domains[host.name])
        if host.step is not None:
            steps[host.name] = host.step
        elif plan.grouping is Grouping.FAULT_DOMAIN:
            steps[host.name] = f"fd-{host.fault_domain}"
        elif len(found) == 1:
            steps[host.name] = f"step-{found[0]}"
        else:
            numbers = " and ".join(str(number) for number in found)
            reason = f"its VMs have the update domains {numbers}" if found else "no VM of a set stands on it"
            what = f"the step of the host {show(host.name)} does not follow from its VMs: {reason}"
            plan.complain(host.path, what, 'say in which step it is updated, for example step = "step-0"')
    return steps


def _fleet(draft: Draft, plan: _Plan, steps: dict[str, str]) -> Fleet:
    tables = draft.tables
    walk = tables.walk

    def domain(vm: _Vm) -> int:
        number = vm.update_domain if plan.grouping is Grouping.UPDATE_DOMAIN else plan.hosts[vm.host].fault_domain
        return number or 0  # a VM that stands alone is the only one of its set: any number does

    return Fleet(
        name=tables.name,
        grouping=plan.grouping,
        timing=_timing(draft),
        attempts=walk.attempts,
        approval=walk.approval,
        check_placement=walk.placement_rule == "checked",
        hosts=tuple(HostEntry(name, step) for name, step in steps.items()),
        vms=tuple(_vm_entry(vm, domain(vm)) for vm in plan.vms.values()),
        expect=tables.expect,
        **fleet_parts.settings(tables),
    )


def _vm_entry(vm: _Vm, domain: int) -> VmEntry:
    drains = True if vm.drains is None else vm.drains
    return VmEntry(vm.name, vm.host, vm.availability_set, domain, vm.eligible, vm.workload, drains)


def _timing(draft: Draft) -> Timing:
    def span(table: SpanTable) -> Span:
        return Span(table.least, table.most)

    tables = draft.tables
    stages = tables.host_update
    return Timing(
        notice=tables.walk.notice,
        recovery=tables.walk.recovery,
        pause_limit=tables.limits.pause,
        quiescing=span(stages.quiescing),
        paused=span(stages.paused),
        applying=span(stages.applying),
        watchdog=stages.watchdog,
        restoring=span(stages.restoring),
        rollback=span(stages.rollback),
        clock_sync_delay=tables.guest_clock.sync_delay,
        clock_sync_bound=tables.limits.clock_sync,
    )


def _check_placement(fleet: Fleet, plan: _Plan) -> None:
    step = {host.name: host.step for host in fleet.hosts}
    kind = "update domain" if fleet.grouping is Grouping.UPDATE_DOMAIN else "fault domain"

    def described(vm: VmEntry) -> str:
        return f"VM {show(vm.name)} ({kind} {vm.domain}, host {show(vm.host)})"

    for first, second in fleet.misplaced():
        plan.complain(
            (*plan.vms[second.name].path, "host"),
            f"{described(second)} and {described(first)} are both updated in the step "
            f"{show(step[second.host])}, which pauses two domains of the set {show(second.availability_set)} together",
            'place them in different steps, or write placement_rule = "unchecked" under [walk] to let verify show what goes wrong',
            other=plan.vms[first.name].path,
        )
