"""The reference walk in Promela, for SPIN.

Written by hand for SPIN, to be as fast there as we can make it, and not translated: one process; one `d_step` an action, so
that SPIN stores the states of the walk and none between them; no channels; bit fields, so that the state vector is short; one
counter a host serves as lead and as pause, since a host never needs both. Where a property could come to be broken it is
asserted: when a host pauses, that no host of another domain is paused; when a pause grows longer, that it is under its limit.
So SPIN, too, gives a verdict. Arrays of bytes, and one number a host for phase and counter together, were tried and were no
faster.
"""

from __future__ import annotations

LEAD, PAUSE = 3, 4


def promela(domains: int, hosts: int) -> str:
    """The model for so many domains of so many hosts each."""
    every = range(domains * hosts)
    actions = [line for domain in range(domains) for line in _of_domain(domain, range(domain * hosts, (domain + 1) * hosts), every)]
    lines = [
        "#define IDLE 0",
        "#define NOTIFIED 1",
        "#define PAUSED 2",
        "#define UPDATED 3",
        f"unsigned open : {domains.bit_length()};",
        *(f"unsigned phase{host} : 2; unsigned count{host} : 2;" for host in every),
        "init {",
        "end: do",
        *actions,
        *_tick(every),
        "od",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _of_domain(domain: int, mine: range, every: range) -> list[str]:
    opened = f"open == {domain + 1}"
    some_idle = " || ".join(f"phase{host} == IDLE" for host in mine)
    all_updated = " && ".join(f"phase{host} == UPDATED" for host in mine)
    nobody_else = " && ".join(f"phase{host} != PAUSED" for host in every if host not in mine)
    alone = f"; assert({nobody_else})" if nobody_else else ""
    lines = [f":: d_step {{ open == 0 && ({some_idle}) -> open = {domain + 1} }}"]
    for host in mine:
        phase, count = f"phase{host}", f"count{host}"
        lines += [
            f":: d_step {{ {opened} && {phase} == IDLE -> {phase} = NOTIFIED }}",
            f":: d_step {{ {opened} && {phase} == NOTIFIED && {count} == {LEAD} -> {phase} = PAUSED; {count} = 0{alone} }}",
            f":: d_step {{ {phase} == PAUSED && {count} >= 1 -> {phase} = UPDATED; {count} = 0 }}",
        ]
    return [*lines, f":: d_step {{ {opened} && {all_updated} -> open = 0 }}"]


def _tick(every: range) -> list[str]:
    none_at_its_end = " && ".join(f"!(phase{host} == PAUSED && count{host} == {PAUSE - 1})" for host in every)
    lines = [f":: d_step {{ {none_at_its_end} ->"]
    for host in every:
        waits = f"phase{host} == NOTIFIED && count{host} < {LEAD} -> count{host}++"
        # a bit field of two bits would wrap round at the limit, so what is asserted stands before
        pauses = f"phase{host} == PAUSED -> assert(count{host} + 1 < {PAUSE}); count{host}++"
        lines.append(f"   if :: {waits} :: {pauses} :: else fi;")
    return [*lines, "   skip }"]
