"""What must hold: one property a file, gathered here in the order in which reports list them.

The first three are the reason why the project exists; the others make the model worth trusting. Those of `CORE` are about every
fleet; a further one is about a part that a fleet may switch on, and means nothing without it: `of` says which a fleet has.
"""

from __future__ import annotations

from dataclasses import replace

from udproof.language import Property
from udproof.properties.approved_by_one_prepared import approved_by_one_prepared
from udproof.properties.attempts_kept import attempts_kept
from udproof.properties.cancelled_id_retired import cancelled_id_retired
from udproof.properties.cancelled_means_no_impact import cancelled_means_no_impact
from udproof.properties.capacity_kept import capacity_kept
from udproof.properties.clock_synchronised import clock_synchronised
from udproof.properties.document_faithful import document_faithful
from udproof.properties.eligible_only import eligible_only
from udproof.properties.event_in_one_domain import event_in_one_domain
from udproof.properties.event_lifecycle import event_lifecycle
from udproof.properties.failure_told import failure_told
from udproof.properties.memory_preserved import memory_preserved
from udproof.properties.migration_bounded import migration_bounded
from udproof.properties.notified_before_freeze import notified_before_freeze
from udproof.properties.one_domain_paused import one_domain_paused
from udproof.properties.one_migration_at_a_time import one_migration_at_a_time
from udproof.properties.only_failed_hosts_fall import only_failed_hosts_fall
from udproof.properties.part_lemmas import LEMMAS
from udproof.properties.pause_bounded import pause_bounded
from udproof.properties.prepared_before_approved import prepared_before_approved
from udproof.properties.rebooted_for_a_reason import rebooted_for_a_reason
from udproof.properties.recover_after_impact import recover_after_impact
from udproof.properties.recovery_kept import recovery_kept
from udproof.properties.report_true import report_true
from udproof.properties.shown_while_open import shown_while_open
from udproof.properties.suspended_means_quiet import suspended_means_quiet
from udproof.properties.switches_over_alone import switches_over_alone
from udproof.properties.tolerance_respected import tolerance_respected
from udproof.properties.vm_follows_host import vm_follows_host
from udproof.protocol.assembly import THE_CORE, parts_of
from udproof.protocol.fleet import Fleet

CORE = (
    one_domain_paused,
    pause_bounded,
    notified_before_freeze,
    memory_preserved,
    clock_synchronised,
    eligible_only,
    recovery_kept,
    event_lifecycle,
    event_in_one_domain,
    vm_follows_host,
    shown_while_open,
    attempts_kept,
    report_true,
)
HEADLINE = CORE[:3]
OF_PARTS = (
    cancelled_means_no_impact,
    cancelled_id_retired,
    suspended_means_quiet,
    document_faithful,
    prepared_before_approved,
    approved_by_one_prepared,
    recover_after_impact,
    tolerance_respected,
    capacity_kept,
    failure_told,
    only_failed_hosts_fall,
    migration_bounded,
    one_migration_at_a_time,
    switches_over_alone,
    rebooted_for_a_reason,
)
ALL = (*CORE, *OF_PARTS)


def of(fleet: Fleet) -> tuple[Property, ...]:
    """The properties that mean something on a fleet: the core's, and those of the parts that it switches on.

    With such parts they come with lemmas that a proof for every fleet may need (`part_lemmas`).
    """
    tenants, health = fleet.tenants, fleet.health
    means_something = {
        recovery_kept: health is None or health.recovery == "dwell",
        cancelled_means_no_impact: fleet.cancellations + fleet.suspensions > 0,
        cancelled_id_retired: fleet.cancellations + fleet.suspensions > 0,
        suspended_means_quiet: fleet.suspensions > 0 and fleet.second_job != "at-once",  # else the other job's step may be open
        document_faithful: fleet.metadata is not None,
        prepared_before_approved: tenants is not None and tenants.approval != "nobody",
        approved_by_one_prepared: tenants is not None and tenants.approval == "any",  # elsewhere the one above says more
        recover_after_impact: tenants is not None,
        tolerance_respected: tenants is not None and any(entry.workload for entry in fleet.vms),
        failure_told: fleet.faults.hangs + fleet.faults.host_failures > 0,
        only_failed_hosts_fall: fleet.faults.hangs + fleet.faults.host_failures > 0,
        migration_bounded: fleet.migration is not None,
        one_migration_at_a_time: fleet.migration is not None,
        switches_over_alone: fleet.migration is not None,
        rebooted_for_a_reason: fleet.migration is not None and any(not entry.eligible for entry in fleet.vms),
        capacity_kept: tenants is not None or health is not None,
    }
    found = tuple(prop for prop in ALL if means_something.get(prop, True))
    further = set(parts_of(fleet)) - set(THE_CORE)
    return tuple(replace(prop, lemmas=LEMMAS) for prop in found) if further else found


__all__ = ["ALL", "CORE", "HEADLINE", "OF_PARTS", "of"]
