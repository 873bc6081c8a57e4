"""What must hold: one property a file, gathered here in the order in which reports list them.

The first three are the reason why the project exists; the others make the model worth trusting.
"""

from udproof.properties.clock_synchronised import clock_synchronised
from udproof.properties.eligible_only import eligible_only
from udproof.properties.event_in_one_domain import event_in_one_domain
from udproof.properties.event_lifecycle import event_lifecycle
from udproof.properties.memory_preserved import memory_preserved
from udproof.properties.notified_before_freeze import notified_before_freeze
from udproof.properties.one_domain_paused import one_domain_paused
from udproof.properties.pause_bounded import pause_bounded
from udproof.properties.recovery_kept import recovery_kept

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
)
HEADLINE = CORE[:3]

__all__ = ["CORE", "HEADLINE"]
