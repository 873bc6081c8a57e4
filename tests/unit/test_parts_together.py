"""Parts side by side: each was written to stand alone, and must not disturb another.

Each row switches several parts on, on two hosts with a VM each, and says which properties fail; they are those that fail for a
reason that has nothing to do with how parts are joined. Capacity, where drained and failed VMs count as out of service, is the one
that other parts can take away:

- a host that fails, or hangs, beside a domain that is drained or ill;
- a step that is called off: the next one is announced at once, while VMs of the first have not read yet that their event is gone;
- a read that fails puts this off by a poll, to the very end of the recovery.
"""

from __future__ import annotations

import pytest
from tests.systems.results import outcomes

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.properties import of
from udproof.protocol.assembly import parts_of, protocol
from udproof.protocol.fleet_file import parse_fleet

BASE = """
name = "together"
[walk]
notice = "20s"
recovery = "10s"
attempts = 1
[host_update]
quiescing = { least = "0s", most = "0s" }
applying = { least = "5s", most = "5s" }
watchdog = "5s"
restoring = { least = "5s", most = "5s" }
rollback = { least = "5s", most = "5s" }
[[set]]
name = "web"
update_domains = 2
[[host]]
name = "rack-0"
[[host]]
name = "rack-1"
[[vm]]
name = "web-0"
host = "rack-0"
set = "web"
update_domain = 0
[[vm]]
name = "web-1"
host = "rack-1"
set = "web"
update_domain = 1
"""
TABLES = {
    "cancellation": "[events]\ncancellations = 1\nsuspensions = 1\n",
    "jobs": '[jobs]\nsecond = "after"\n',
    "jobs-at-once": '[jobs]\nsecond = "at-once"\n',
    "health": "[health]\nill = 1\n",
    "breakdown": '[faults]\nhangs = 1\ndetection = "5s"\nhost_failures = 1\n',
    "migration": "[migration]\nfailures = 1\n",
    "network": "[network]\nlosses = 1\nduplicates = 1\n",
    "controller": '[controller]\nlease = "5s"\n',
    "agent": "[tenants]\n",
    "metadata": "[metadata]\nfailed_reads = 1\n",
}


@pytest.mark.parametrize(
    ("together", "violated"),
    [
        ("cancellation network controller", set()),
        ("jobs network controller", set()),
        ("health network controller", set()),
        ("network controller migration", set()),
        ("network controller agent", set()),
        ("cancellation jobs health migration", set()),
        ("cancellation jobs-at-once", {"one-domain-paused", "recovery-kept"}),  # which fail by themselves: jobs overlap
        ("jobs breakdown migration", set()),
        ("health agent", set()),
        ("agent migration", set()),
        ("cancellation agent", {"capacity-kept"}),
        ("breakdown agent migration", {"capacity-kept"}),
        ("cancellation agent metadata", {"capacity-kept"}),
        ("jobs agent metadata migration", {"capacity-kept"}),
        ("health breakdown", {"capacity-kept"}),
    ],
)
def test_parts_do_not_disturb_each_other(together: str, violated: set[str]) -> None:
    parts = together.split()
    text = BASE + "".join(TABLES[part] for part in parts)
    if "migration" in parts:
        text = text.replace("update_domain = 1\n", "update_domain = 1\neligible = false\n")
    fleet = parse_fleet(text, "together")
    assert {*parts_of(fleet)} - {"walk", "events", "host", "tenant", "vm"} == {part.removesuffix("-at-once") for part in parts}
    system = protocol(fleet, of(fleet))
    found = outcomes(Explore().verify(system, system.checks, Limits()))
    assert {name for name, outcome in found.items() if outcome != "proved"} == violated
