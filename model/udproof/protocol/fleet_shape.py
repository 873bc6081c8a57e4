"""Whether each key of a fleet file has the right shape, and a sentence for each that has not.

pydantic finds what differs from the models of `fleet_schema`; its words ("Input should be a valid integer") are a
programmer's. Here they become sentences about a fleet file, made of what the models say of themselves: the nearest known
key, the description of a missing one, the range of a number.

A mistake in one table does not hide those in others: what is sound goes on, as a draft, to `fleet_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from udproof.protocol.fleet_mistakes import Complaint, nearest, show
from udproof.protocol.fleet_schema import MAX_ENTRIES, FleetTable, json_schema
from udproof.protocol.toml_positions import Path


@dataclass(frozen=True)
class Draft:
    """What is sound in a file: the tables that have the right shape, while the others are left out.

    `rows` says which elements of the file's arrays "set", "host" and "vm" the elements of the draft are. `data` is all
    that the file gives: what an unsound table mentions must not be taken for absent.
    """

    tables: FleetTable
    rows: Mapping[str, list[int]]
    data: Mapping[str, Any]

    def names(self, array: str, key: str = "name") -> set[str]:
        """All the names that stand under a key of an array's tables, in the sound and the unsound ones."""
        rows = self.data.get(array)
        tables = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return {name for table in tables if isinstance(name := table.get(key), str)}

    def is_named(self, array: str) -> bool:
        """Does every table of this array give its name? (Else a name that nobody has may be the missing one.)"""
        rows = self.data.get(array, [])
        names = [row.get("name") if isinstance(row, dict) else None for row in rows] if isinstance(rows, list) else [None]
        return not self._has_strangers() and all(isinstance(name, str) for name in names)

    def lacks(self, array: str) -> bool:
        """Has something of this array been left out?"""
        rows = self.data.get(array, [])
        return self._has_strangers() or not isinstance(rows, list) or len(self.rows.get(array, [])) < len(rows)

    def _has_strangers(self) -> bool:
        """Are there unknown tables? One of them may be a misspelt array: [[hosts]]."""
        known = {field.alias or name for name, field in FleetTable.model_fields.items()}
        return any(key not in known and isinstance(value, list | dict) for key, value in self.data.items())


def read_shape(data: Mapping[str, Any]) -> tuple[Draft, list[Complaint]]:
    """Check the shape of a file's data. Returns what is sound of it, and a complaint for each thing that is not."""
    arrays = {key: data[key] for key in ("set", "host", "vm") if isinstance(data.get(key), list)}
    crowded = [key for key, rows in arrays.items() if len(rows) > MAX_ENTRIES]  # each row may be worth a complaint
    complaints = [
        Complaint((key,), f"there are {len(arrays[key])} of them", f"a fleet has at most {MAX_ENTRIES}") for key in crowded
    ]
    given = {key: value for key, value in data.items() if key not in crowded}
    rows = {key: [*range(len(array))] for key, array in arrays.items() if key not in crowded}
    try:
        return Draft(FleetTable.model_validate(given), rows, data), complaints
    except ValidationError as error:
        errors = error.errors(include_url=False)
    # What is wrong falls out, to a depth of two: a whole [[vm]], but of [walk] only the key, which then has its default.
    wrong = {error["loc"][:2] for error in errors}
    rows = {key: [index for index in indices if (key, index) not in wrong] for key, indices in rows.items()}
    sound: dict[str, Any] = {"name": "unnamed"}
    for key, value in given.items():
        if key in rows:
            sound[key] = [value[index] for index in rows[key]]
        elif isinstance(value, dict) and (key,) not in wrong:
            sound[key] = {inner: item for inner, item in value.items() if (key, inner) not in wrong}
        elif (key,) not in wrong:
            sound[key] = value
    return Draft(FleetTable.model_validate(sound), rows, data), complaints + [_complaint(error) for error in errors]


# --- sentences


def _node(path: Path) -> dict[str, Any]:
    """What the schema says of the key at a path; nothing for a key that it does not know."""
    node = _resolved(json_schema())
    for part in path:
        node = _resolved(node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {}))
    return node


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    return {**json_schema()["$defs"][node["$ref"].rsplit("/", 1)[1]], **node}


def _complaint(error: ErrorDetails) -> Complaint:
    """pydantic's error in this file format's words."""
    path = error["loc"]
    given = show(error["input"])
    node = _node(path)
    match error["type"]:
        case "udproof":
            return Complaint(path, error["ctx"]["what"], error["ctx"]["right"])
        case "missing":
            example = show(node["examples"][0])
            meaning = node["description"][0].lower() + node["description"][1:].removesuffix(".")
            right = f"write {path[-1]} = {example} ({meaning})"
            return Complaint(path[:-1], f"the key {path[-1]} is missing", right)
        case "extra_forbidden":
            return Complaint(path, f"the key {show(path[-1])} is unknown", _known_key(path), of_key=True)
        case "literal_error":
            choices = " or ".join(show(choice) for choice in node["enum"])
            return Complaint(path, f"{given} is none of its values", f"write {choices}")
        case "int_type" | "greater_than_equal" | "less_than_equal":
            what = "is not a whole number" if error["type"] == "int_type" else "is out of range"
            right = f"write a whole number from {node['minimum']} to {node['maximum']}"
            return Complaint(path, f"{given} {what}", right)
        case "bool_type":
            return Complaint(path, f"{given} is not a truth value", "write true or false, without quotes")
        case "list_type":
            right = f"write [[{path[-1]}]], with two brackets, before the keys of each {path[-1]}"
            return Complaint(path, f"{path[-1]} is not an array of tables", right)
        case "model_type":
            keys = ", ".join(node.get("properties", {}))
            return Complaint(path, f"{given} is not a table", f"write a table with the keys {keys}")
        case _:
            return Complaint(path, f"{given} is not allowed: {error['msg']}", node.get("description", "see the schema"))


def _known_key(path: Path) -> str:
    """What the writer of an unknown key may have meant."""
    key, table = str(path[-1]), path[:-1]
    known = _node(table).get("properties", {})
    meant = nearest(key, known)
    tables = json_schema()["properties"]
    homes = ["the top of the file (above the first [table])"] if key in tables else []
    homes += [_heading(name) for name in tables if key in _keys_of(name)]
    hint = f"{key} belongs to {' or '.join(homes)}"
    if meant:
        return f"did you mean {meant}?" + (f" ({hint})" if homes else "")
    return hint if homes else f"the keys here are {', '.join(known)}"


def _keys_of(table: str) -> Mapping[str, Any]:
    node = _node((table,))
    keys: Mapping[str, Any] = _resolved(node.get("items", node)).get("properties", {})
    return keys


def _heading(table: str) -> str:
    return f"[[{table}]]" if _node((table,)).get("type") == "array" else f"[{table}]"
