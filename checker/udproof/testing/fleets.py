"""Fleets that a fleet file can say, as strategies for Hypothesis: the file as text, or what it says.

`fleet_files` draws texts of TOML that `udproof verify` takes: every rule of fleet files is kept, so nothing drawn is refused.
`fleets` reads them. The numbers are small, so that most of these fleets are decided in well under a second; the times are not
kind, so that in some of them a property is violated, or time stops. That is for the checker to say, and no mistake of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from udproof.protocol.fleet import Fleet
from udproof.protocol.fleet_file import parse_fleet

_Table = dict[str, Any]
_WORKLOADS = ("real_time", "streaming", "transcoding", "networking")


@st.composite
def fleet_files(draw: st.DrawFn, *, parts: bool = False) -> str:
    """The text of a fleet file with one or two availability sets, and perhaps a host of its own.

    With `parts`, some of what lies beyond the core takes part too: agents, faults, a second job, messages, replicas, and so on.
    """
    unit = draw(st.sampled_from([5_000, 1_000, 500]))  # milliseconds: one file has one grid, so that a tick is not too short
    tables: dict[str, _Table | list[_Table]] = {
        "walk": {
            "notice": _time(draw, unit, 0, 4),
            "recovery": _time(draw, unit, 0, 4),
            "attempts": draw(st.integers(1, 2)),
            "approval": draw(st.sampled_from(["any", "nobody"])),
        },
        "host_update": {
            **{stage: _span(draw, unit, most) for stage, most in (("quiescing", 1), ("paused", 1), ("applying", 4))},
            "watchdog": _time(draw, unit, 0, 4),
            **{stage: _span(draw, unit, 2) for stage in ("restoring", "rollback")},
        },
        "limits": {"pause": _time(draw, unit, 1, 9), "clock_sync": _time(draw, unit, 1, 2)},
        "guest_clock": {"sync_delay": _time(draw, unit, 0, 1)},
        "set": [_set(draw, name) for name in draw(st.sampled_from([["web"], ["web"], ["web", "db"]]))],
    }
    if draw(st.booleans()):
        tables["host"] = [{"name": "own", "step": draw(st.sampled_from(["step-0", "step-1", "late"]))}]
        tables["vm"] = [{"name": "alone", "host": "own", "eligible": draw(st.booleans())}]
    if parts:
        _add_parts(draw, unit, tables)
    return _toml({"name": "drawn"}, tables)


def fleets(*, parts: bool = False) -> st.SearchStrategy[Fleet]:
    """The fleets of `fleet_files`."""
    return fleet_files(parts=parts).map(lambda text: parse_fleet(text, "drawn.toml"))


def _set(draw: st.DrawFn, name: str) -> _Table:
    return {
        "name": name,
        "vms": draw(st.integers(1, 3)),
        "update_domains": draw(st.integers(1, 2)),
        "hosts_per_domain": draw(st.sampled_from([1, 1, 1, 2])),
    }


def _add_parts(draw: st.DrawFn, unit: int, tables: dict[str, Any]) -> None:
    """Switch a few parts on; those that need another one come with it."""
    budget = st.integers(0, 1)
    chosen = draw(st.sets(st.sampled_from(["events", "jobs", "health", "faults", "network", "tenants", "migration"]), max_size=3))
    if "events" in chosen:
        tables["events"] = {"cancellations": draw(budget), "suspensions": draw(budget)}
    if "jobs" in chosen:
        tables["jobs"] = {"second": draw(st.sampled_from(["after", "at-once"]))}
    if "health" in chosen:
        recovery = draw(st.sampled_from(["dwell", "time-out"]))
        ill = draw(budget)
        tables["health"] = {"ill": ill, **({"gate": draw(st.booleans())} if ill else {}), "recovery": recovery}
    if "faults" in chosen:
        hangs = draw(budget)
        found_out = {"detection": _time(draw, unit, 0, 2)} if hangs else {}
        tables["faults"] = {"hangs": hangs, "host_failures": draw(budget), **found_out}
    if "network" in chosen:
        tables["network"] = {key: draw(budget) for key in ("losses", "duplicates", "reorderings")}
        if draw(st.booleans()):
            tables["controller"] = {"lease": _time(draw, unit, 1, 3), "failovers": 1}
    if "migration" in chosen and any(not vm["eligible"] for vm in tables.get("vm", [])):
        tables["migration"] = {"switch_over": _span(draw, unit, 2), "failures": draw(budget)}
    if "tenants" in chosen:
        _add_tenants(draw, unit, tables)


def _add_tenants(draw: st.DrawFn, unit: int, tables: dict[str, Any]) -> None:
    del tables["walk"]["approval"]  # the agents' policy takes its place
    policy = draw(st.sampled_from(["any", "each", "leader", "nobody"]))
    tables["tenants"] = {"approval": policy, "poll": _time(draw, unit, 1, 2), "preparation": _span(draw, unit, 2)}
    if draw(st.booleans()):
        tables["metadata"] = {"staleness": _time(draw, unit, 0, 2), "failed_reads": draw(st.integers(0, 1))}
    if draw(st.booleans()):
        workload = draw(st.sampled_from(_WORKLOADS))
        tables["set"][0]["workload"] = workload
        tables["tolerance"] = {workload: _time(draw, unit, 1, 6)}


def _time(draw: st.DrawFn, unit: int, low: int, high: int) -> str:
    return f"{unit * draw(st.integers(low, high))}ms"


def _span(draw: st.DrawFn, unit: int, most: int) -> _Table:
    low, high = sorted((draw(st.integers(0, most)), draw(st.integers(0, most))))
    return {"least": f"{unit * low}ms", "most": f"{unit * high}ms"}


def _toml(top: Mapping[str, object], tables: Mapping[str, _Table | Sequence[_Table]]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in top.items()]
    for name, table in tables.items():
        for row in [table] if isinstance(table, dict) else table:
            lines += ["", f"[{name}]" if isinstance(table, dict) else f"[[{name}]]"]
            lines += [f"{key} = {_value(value)}" for key, value in row.items()]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    """A value of TOML; the texts here need no escapes."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else f'"{value}"'
