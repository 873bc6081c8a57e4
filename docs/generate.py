"""Writes every part of the documents that is not written by a person, and says which of them are out of date.

    .venv/bin/python docs/generate.py            writes what has changed
    .venv/bin/python docs/generate.py --check    changes nothing; exit code 1 if something is out of date

Three kinds of text in the pages are made and not written, so that a page cannot say what the program does not:

- what stands between `<!-- generated: NAME -->` and `<!-- /generated -->`: tables read off the model, and example files;
- the output in every ```console block: its commands (the lines that begin with `$ `) are run, in order, in a directory that
  holds the examples and the files that the page shows under `<!-- file: NAME -->`. A line `...` stands for any lines. Figures
  that mean nothing to a reader (seconds, memory, the model's hash) may differ, and are rewritten only together with others;
- the pictures in `docs/pictures`, drawn by the program itself from counterexamples that it finds.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import costs
import diagrams
import exhibits
import judged
import manual
import proofs
import traceability
from answers import DOCS, outputs, with_answers, workplace

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Outcome, Result
from udproof.language import Action, Property, System, Variable
from udproof.language import expressions as ex
from udproof.language.printing import naming, show
from udproof.properties import ALL, CORE, OF_PARTS, of
from udproof.protocol import events, fleets, host, mutants, noticed, tenant, vm, walk
from udproof.protocol.assembly import ALWAYS_ASSUMED, parts_of, protocol
from udproof.protocol.assembly import PARTS as PROTOCOL
from udproof.protocol.faults import FAULTS
from udproof.protocol.fleet_file import read_fleet, schema
from udproof.protocol.rules import GROUPS

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = Path(str(fleets.STARTER)).with_name("fleet.schema.json")

Schema: TypeAlias = Mapping[str, Any]

# Too many states to search while a page is made.
TOO_LARGE = ("large", "twenty-domains")

# What switches each part beyond the core on, in a fleet file.
SWITCHES = {
    "cancellation": "[events]",
    "jobs": "[jobs]",
    "health": "[health]",
    "network": "[network]",
    "controller": "[controller]",
    "breakdown": "[faults]",
    "agent": "[tenants]",
    "metadata": "[metadata]",
    "migration": "[migration]",
}

PICTURES = {
    "late-watchdog.svg": "verify docs/examples/late-watchdog.toml --property pause-bounded --report svg={}",
    "bad-placement.svg": "verify bad-placement --property one-domain-paused --report svg={}",
    "careless-fischer.svg": "verify {careless} --report svg={}",
    "recovery-kept.svg": "verify pipelined.py --property recovery-kept --report svg={}",
}


def pages() -> list[Path]:
    """Every page, the README first."""
    return [*sorted(ROOT.glob("*.md"), key=lambda page: (page.name != "README.md", page)), *sorted(DOCS.rglob("*.md"))]


# --- tables


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


@cache
def on(name: str) -> System:
    """The protocol on a shipped fleet, with the properties that mean something there."""
    fleet = read_fleet(fleets.path_of(name))
    return protocol(fleet, of(fleet))


def teaching() -> System:
    """The protocol's core, on the fleet to learn with."""
    return on("teaching")


def _code(text: str) -> str:
    return f"`{text}`"


def _over(params: tuple[ex.Param, ...]) -> str:
    return ", ".join(param.sort.name for param in params) or "the system"


def actions(part: tuple[Action, ...]) -> str:
    """The actions of a part: who acts, when it may, what happens."""
    rows = []
    for act in part:
        acting = {param.name: param.sort.name for param in act.params}
        named = f"{act.name}({', '.join(f'{param.name}: {param.sort.name}' for param in act.params)})"
        when = "; ".join(guard.label or show(guard.condition, naming(act.params)) for guard in act.guards)
        rows.append((_code(named), acting.get(act.by, act.by), when, act.summary))
    return table(("action", "by", "when", "what happens"), rows)


def variables() -> str:
    """What a state consists of, clocks apart."""
    return _variables(teaching().variables)


def _variables(symbols: Iterable[ex.VariableSymbol]) -> str:
    rows = []
    for symbol in symbols:
        values = ", ".join(symbol.sort.members) if isinstance(symbol.sort, ex.EnumSort) else str(symbol.sort)
        start = "any" if symbol.initial is None else show(symbol.initial, naming(symbol.params)).rpartition(".")[2]
        rows.append((_code(symbol.name), _over(symbol.params), values, start))
    return table(("variable", "one for each", "values", "at the start"), rows)


def clocks() -> str:
    """The clocks."""
    rows = [(_code(c.name), _over(c.params), _code(show(c.during, naming(c.params)))) for c in teaching().clocks]
    return table(("clock", "one for each", "runs while"), rows)


def constants() -> str:
    """What a fleet fixes."""
    rows = [
        (_code(symbol.name), ", ".join(sort.name for sort in symbol.domain) or "the system", str(symbol.sort))
        for symbol in teaching().constants
    ]
    return table(("constant", "of each", "value"), sorted(rows))


def deadlines() -> str:
    """What time waits for."""
    rows = []
    for dead in teaching().deadlines:
        names = naming(dead.params)
        rows.append((dead.name, _over(dead.params), _code(show(dead.condition, names)), _code(show(dead.limit, names))))
    return table(("deadline", "one for each", "while", "time stops at the end of"), rows)


def properties() -> str:
    """Each property with its formula, its premise and where it comes from."""
    return "\n".join(_property(prop) for prop in CORE)


def further_properties() -> str:
    """The same for the properties of the parts beyond the core."""
    return "\n".join(_property(prop) for prop in OF_PARTS)


def _property(prop: Property) -> str:
    names = naming(prop.params)
    about = ", ".join(f"{param.name}: {param.sort.name}" for param in prop.params)
    return (
        f"- **{prop.name}**. {prop.statement}\n"
        f"  For all {about}: `{show(prop.body, names)}`.\n"
        f"  Not vacuous once `{show(prop.premise, names)}`. From: {prop.source}."
    )


@cache
def found() -> Mapping[str, int | None]:
    """The length of the shortest run that shows each mutant; None if its property does not fail."""
    lengths: dict[str, int | None] = {}
    for mutant in mutants.ALL:
        system = mutant.change(on(mutant.fleet))
        verdict = Explore().verify(system, (system.named(mutant.breaks),), Limits()).verdicts[0]
        lengths[mutant.name] = len(verdict.trace.steps) if verdict.trace else None
    return lengths


def mistakes() -> str:
    """The mutants, each with the property that notices it and the length of the shortest run that shows it."""
    rows = [(one.name, one.story, one.breaks, one.fleet, str(found()[one.name] or "not found")) for one in mutants.ALL]
    return table(("mutant", "the mistake", "violates", "on the fleet", "steps"), rows)


def noticed_text() -> str:
    """The record of mistakes that were noticed, fleet by fleet."""
    entries = []
    for fleet in dict.fromkeys(mutant.fleet for mutant in mutants.ALL):
        count = sum(found()[mutant.name] is not None for mutant in mutants.ALL if mutant.fleet == fleet)
        entries.append(noticed.entry(fleet, on(fleet), count))
    return "# Written by docs/generate.py, which plants every mistake; noticed.py says what this is.\n\n" + "\n".join(entries)


@cache
def verified(name: str) -> Result:
    """The whole answer on a shipped fleet."""
    system = on(name)
    return Explore().verify(system, system.checks, Limits())


def violated(name: str) -> tuple[str, ...]:
    """The properties that a shipped fleet violates."""
    return tuple(verdict.property.name for verdict in verified(name).verdicts if verdict.outcome is Outcome.VIOLATED)


def assumptions() -> str:
    """What every verdict about the protocol assumes."""
    return "\n".join(f"- {sentence};" for sentence in ALWAYS_ASSUMED).removesuffix(";") + "."


def shipped() -> str:
    """The shipped fleets, with the figures of those that this machine can finish in seconds."""
    rows = []
    for name in fleets.shipped():
        fleet = read_fleet(fleets.path_of(name))
        lines = fleets.path_of(name).read_text(encoding="utf-8").splitlines()
        about = " ".join(line.removeprefix("# ") for line in lines if line.startswith("# ")).split(". ")[0].rstrip(".")
        size = f"{_several(len(fleet.hosts), 'host')}, {_several(len(fleet.vms), 'VM')}"
        if name in TOO_LARGE:
            rows.append((_code(name), f"{about}.", size, "", "", "takes longer than this table may"))
            continue
        figures = verified(name).figures
        answer = "violates " + ", ".join(violated(name)) if violated(name) else "all proved"
        rows.append((_code(name), f"{about}.", size, f"{figures.states:,}", str(figures.depth), answer))
    return table(("fleet", "what it is", "size", "states", "depth", "answer"), rows)


def _several(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def fleet_keys() -> str:
    """Every key of a fleet file, read off its schema."""
    whole = schema()
    rows: list[tuple[str, ...]] = []
    for key, node in whole["properties"].items():
        inner = _resolved(whole, node)
        if inner.get("type") == "array":
            rows.append((f"**[[{key}]]**", "", "", inner["description"]))
            rows += _keys(whole, _resolved(whole, inner["items"]))
        elif "properties" in inner:
            rows.append((f"**[{key}]**", "", "", inner["description"]))
            rows += _keys(whole, inner)
        else:
            rows.append(_key(key, inner, key in whole["required"]))
    return table(("key", "value", "if absent", "meaning"), rows)


def _keys(whole: Schema, owner: Schema) -> list[tuple[str, ...]]:
    needed = owner.get("required", [])
    return [_key(key, _resolved(whole, node), key in needed) for key, node in owner["properties"].items()]


def _key(key: str, node: Schema, needed: bool) -> tuple[str, ...]:
    absent = _toml(node["default"]) if "default" in node else "it must be given" if needed else ""
    return _code(key), _values(node), absent, str(node["description"])


def _values(node: Schema) -> str:
    match node:
        case {"enum": [*choices]}:
            return " or ".join(_toml(choice) for choice in choices)
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"{low} to {high}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"oneOf": _}:
            return '`"proved"` or `{ violated = ["NAME"] }`'
        case {"properties": {"least": _, "most": _}}:
            return "two times: `{ least, most }`"
        case {"type": "string", "examples": [*_]} if "pattern" in node and "minLength" not in node:
            return "a time"
        case _:
            return "a text"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return _code("{ " + ", ".join(f"{key} = {json.dumps(inner)}" for key, inner in value.items()) + " }")
    return _code(json.dumps(value))


def _resolved(whole: Schema, node: Schema) -> Schema:
    return {**whole["$defs"][node["$ref"].rsplit("/", 1)[1]], **node} if "$ref" in node else node


def example(name: str) -> str:
    """A file of `docs/examples`, as a code block."""
    language = {".py": "python", ".toml": "toml"}[Path(name).suffix]
    return f"```{language}\n{(DOCS / 'examples' / name).read_text(encoding='utf-8')}```"


def further_parts() -> str:
    """The parts beyond the core: what each is, what switches it on, and a fleet that does."""
    rows = []
    for name, switch in SWITCHES.items():
        module = PROTOCOL[name]
        essay = (module.__doc__ or "").strip().split("\n")[0].rstrip(".")
        shown = ", ".join(_code(fleet) for fleet in fleets.shipped() if name in parts_of(read_fleet(fleets.path_of(fleet))))
        rows.append((f"[{name}](../model/udproof/protocol/{name}.py)", essay, _code(switch), shown))
    return table(("part", "what it is", "switched on by", "on in"), rows)


def part_actions(name: str) -> str:
    """The actions of a part beyond the core, and its variables."""
    module = PROTOCOL[name]
    symbols = {id(value.symbol): value.symbol for value in vars(module).values() if isinstance(value, Variable)}
    theirs = [symbol for symbol in symbols.values() if symbol.location and symbol.location.file.endswith(f"/{name}.py")]
    return f"{actions(module.ACTIONS)}\n\n{_variables(theirs)}"


def evidence() -> str:
    """Where each property holds, and where it does not: the shipped fleets that this machine can finish in seconds.

    One that a fleet does not claim (a time-out is no dwell) is in neither column.
    """
    rows = []
    for prop in ALL:
        found: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
        for name in fleets.shipped():
            if name in TOO_LARGE:
                continue
            for verdict in verified(name).verdicts:
                if verdict.property.name == prop.name:
                    found[verdict.outcome].append(_code(name))
        proved = "every other" if prop in CORE and found[Outcome.VIOLATED] else "every one" if prop in CORE else ""
        rows.append((prop.name, proved or ", ".join(found[Outcome.PROVED]), ", ".join(found[Outcome.VIOLATED])))
    return table(("property", "proved on", "violated on"), rows)


def _rules(group: str) -> str:
    return table(("rule", "what it says", "carried by", "not carried", "source"), traceability.rule_rows(group))


PARTS: dict[str, Callable[[], str]] = {
    "gallery": lambda: exhibits.page(DOCS),
    "walk actions": lambda: actions(walk.ACTIONS),
    "event actions": lambda: actions(events.ACTIONS),
    "host actions": lambda: actions(host.ACTIONS),
    "vm actions": lambda: actions(vm.ACTIONS),
    "tenant actions": lambda: actions(tenant.ACTIONS),
    "variables": variables,
    "clocks": clocks,
    "constants": constants,
    "deadlines": deadlines,
    "properties": properties,
    "further properties": further_properties,
    "further parts": further_parts,
    "evidence": evidence,
    **{f"part {name}": partial(part_actions, name) for name in SWITCHES},
    **{f"rules {group}": partial(_rules, group) for group in GROUPS},
    "costs": lambda: table(costs.HEAD, costs.rows()),
    "faults": lambda: table(traceability.FAULT_HEAD, traceability.fault_rows()),
    "holding": lambda: table(("property", *(fault.name for fault in FAULTS)), traceability.holding_rows()),
    "proof": proofs.explained,
    "mutants": mistakes,
    "reviewed": lambda: table(judged.COUNT_HEAD, judged.counts()),
    "survivors": lambda: table(judged.HEAD, judged.rows()),
    "further survivors": lambda: table(judged.FURTHER_HEAD, judged.further()),
    "assumptions": assumptions,
    "shipped fleets": shipped,
    "fleet keys": fleet_keys,
    **manual.PARTS,
}
_GENERATED = re.compile(r"(?P<begin><!-- generated: (?P<name>[^\n]+?) -->\n)(?P<old>.*?)(?P<end><!-- /generated -->)", re.DOTALL)


def with_parts(text: str) -> str:
    """A page with its generated parts made anew. KeyError for the name of a part that does not exist."""

    def anew(found: re.Match[str]) -> str:
        name = found["name"]
        made = example(name.removeprefix("example ")) if name.startswith("example ") else PARTS[name]()
        return f"{found['begin']}\n{made}\n\n{found['end']}"

    return _GENERATED.sub(anew, text)


# --- pictures


def picture(name: str) -> str:
    """A picture, drawn anew by the command line."""
    with tempfile.TemporaryDirectory() as folder:
        directory = workplace(Path(folder), (DOCS / "tutorial.md").read_text(encoding="utf-8"))
        right = (DOCS / "examples" / "fischer.py").read_text(encoding="utf-8")
        careless = directory / "careless.py"
        careless.write_text(right.replace('"check_after", 2', '"check_after", 1'), encoding="utf-8")
        command = PICTURES[name].replace("{careless}", careless.name).replace("{}", name)
        said = outputs([f"udproof {command}"], directory)[0]
        drawn = directory / name
        if not drawn.exists():
            raise RuntimeError(f"udproof {command} drew no picture; it said:\n{said}")
        return drawn.read_text(encoding="utf-8")


# --- all of it


def schema_text() -> str:
    """The schema to which the first line of each shipped fleet points."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def generated() -> Iterator[tuple[Path, str]]:
    """Every file that is generated or holds generated parts, with the text that it should have."""
    for files in (exhibits.files, diagrams.files, manual.files):
        yield from files()
    for name in PICTURES:
        yield DOCS / "pictures" / name, picture(name)
    yield SCHEMA, schema_text()
    yield noticed.FILE, noticed_text()
    for page in pages():
        yield page, with_answers(with_parts(page.read_text(encoding="utf-8")))


def main(arguments: list[str]) -> int:
    """Write what has changed, or with `--check` only name it. Returns the exit code."""
    late = 0
    for path, text in generated():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        late += 1
        sys.stdout.write(f"{path.relative_to(ROOT)} is out of date\n")
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(late > 0 and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
