"""The tables of `traceability.md`: each documented rule with what carries it, and each fault with what holds in spite of it.

`known` is what a carrier can name. A name that is not there is a mistake in `rules.toml`, and the page is not made (KeyError).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from udproof.language import Clock, Constant, Duration, Variable
from udproof.language.claims import TIME_CAN_PASS
from udproof.properties import ALL, of
from udproof.protocol import fleets, mutants, placement
from udproof.protocol.assembly import PARTS
from udproof.protocol.faults import FAULTS, Fault
from udproof.protocol.fleet import Fleet
from udproof.protocol.fleet_file import parse_fleet, schema
from udproof.protocol.rules import Rule, Source, rules

Known = Mapping[str, Mapping[str, str]]  # of each kind the names, with the page that tells of it

_PROTOCOL = "../model/udproof/protocol"
_KINDS = {"variable": Variable, "constant": Constant, "duration": Duration, "clock": Clock}


@cache
def known() -> Known:
    """Of each kind of carrier every name that there is, with the file in which it is declared, as a link from the documents."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in ("action", "deadline", *_KINDS)}
    for name, module in (*PARTS.items(), ("placement", placement)):
        page = f"{_PROTOCOL}/{name}.py"
        for act in getattr(module, "ACTIONS", ()):
            found["action"].setdefault(act.name, page)
        for dead in getattr(module, "DEADLINES", ()):
            found["deadline"].setdefault(dead.name, page)
        for kind, thing in _symbols(module):
            found[kind].setdefault(thing, page)
    return {
        **found,
        "part": {name: f"{_PROTOCOL}/{name}.py" for name in PARTS},
        "property": {prop.name: f"../properties/udproof/properties/{prop.name.replace('-', '_')}.py" for prop in ALL}
        | {TIME_CAN_PASS.name: "language.md"},
        "mutant": {mutant.name: "protocol.md#mistakes-that-must-be-noticed" for mutant in mutants.ALL},
        "fleet": {name: f"{_PROTOCOL}/fleets/{name}.toml" for name in fleets.shipped()},
        "key": dict.fromkeys(_keys(), "fleet-files.md"),
    }


def _symbols(module: ModuleType) -> Iterator[tuple[str, str]]:
    """The variables, constants, durations and clocks that a module declares itself."""
    for value in vars(module).values():
        if isinstance(value, Variable | Constant | Duration | Clock):
            symbol = value.symbol
            if symbol.location and Path(symbol.location.file).stem == module.__name__.rpartition(".")[2]:
                yield from ((kind, symbol.name) for kind, sort in _KINDS.items() if isinstance(value, sort))


def _keys() -> Iterator[str]:
    whole = schema()
    for table, node in whole["properties"].items():
        owner = whole["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
        yield from (f"{table}.{key}" for key in owner.get("properties", ()))


def rule_rows(group: str) -> list[tuple[str, ...]]:
    """The rows of the rules whose ids begin with a letter. KeyError for a carrier that there is not."""
    return [
        (rule.id, rule.says, ", ".join(_link(*carrier) for carrier in rule.carried), rule.open or "", _sources(rule))
        for rule in rules()
        if rule.id.startswith(group)
    ]


def _link(kind: str, name: str) -> str:
    return f"{kind} [`{name}`]({known()[kind][name]})"


def _sources(rule: Rule) -> str:
    return f"{', '.join(_source(source) for source in rule.sources)} ({rule.mark})"


def _source(source: Source) -> str:
    return f"[{source.what}]({source.url})" if source.url else source.what


FAULT_HEAD = ("fault", "budget", "what happens", "rules", "fails", "holds on a condition")


def fault_rows() -> list[tuple[str, ...]]:
    """The rows of the faults: what happens, by which budget, and which properties fail, or hold on a condition."""
    return [
        (
            fault.name,
            f"`{fault.key}`",
            fault.happens,
            ", ".join(fault.rules),
            "; ".join(f"*{name}*: {why}" for name, why in fault.fails.items()) or "none",
            "; ".join(f"*{name}*, provided that {condition}" for name, condition in fault.provided.items()),
        )
        for fault in FAULTS
    ]


def holding_rows() -> list[tuple[str, ...]]:
    """The rows of the properties: under each fault holds, fails, holds on a condition, or nothing if it means nothing there."""
    means = {fault.name: {prop.name for prop in of(small_fleet(fault))} for fault in FAULTS}
    return [(prop.name, *(_cell(fault, prop.name) if prop.name in means[fault.name] else "" for fault in FAULTS)) for prop in ALL]


def _cell(fault: Fault, name: str) -> str:
    return "**fails**" if name in fault.fails else "on a condition" if name in fault.provided else "holds"


_SMALL = """
name = "one-fault"
[walk]
notice = "20s"
recovery = "15s"
attempts = 1
[host_update]
quiescing = { least = "0s", most = "0s" }
applying = { least = "5s", most = "5s" }
watchdog = "5s"
restoring = { least = "5s", most = "5s" }
rollback = { least = "5s", most = "5s" }
[tenants]
[tolerance]
streaming = "5s"
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
workload = "streaming"
[[vm]]
name = "web-1"
host = "rack-1"
set = "web"
update_domain = 1
"""


def small_fleet(fault: Fault) -> Fleet:
    """Two hosts with a VM each, tenants that drain, and one fault, once in a run."""
    table, _, key = fault.key.partition(".")
    text = f"{_SMALL}[{table}]\n{key} = 1\n{'[network]' if table == 'controller' else ''}"
    if table == "migration":  # it is for VMs that may not be updated in place
        text = text.replace("update_domain = 1\n", "update_domain = 1\neligible = false\n")
    return parse_fleet(text, fault.name)
