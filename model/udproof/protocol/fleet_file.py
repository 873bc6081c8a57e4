"""Fleet files: TOML that a person writes, read into a `Fleet`, or refused with every mistake and its place.

A verdict is worth no more than the fleet that it is about, so a file is either understood in full or refused: an
unknown key is a mistake and never ignored, a duration without a unit is not guessed at. A person who has made three
mistakes is told of three, each in one sentence that says where, what is wrong and what would be right:

    fleet.toml:7:10: walk.notice: 15 has no unit; write "15s" for seconds, or "15min" for minutes
        notice = 15
                 ^

The work is done in four readings, each by the smallest thing that can do it: `tomllib` reads the text as data,
`fleet_shape` looks at each key (with pydantic), `fleet_rules` at how the parts fit together, and if anything is wrong,
`toml_positions` finds the places. A fleet is data: nothing in a file is evaluated, and no text of it reaches a terminal
with its control characters. What a file may say is told by `starter()` for people and by `schema()` for editors.

pydantic takes longer to import than the whole of `udproof --help` may take; so it is imported when a file is read.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from udproof.protocol import fleets
from udproof.protocol.fleet import Fleet
from udproof.protocol.fleet_mistakes import Complaint, FleetFileError, Mistake, printable, show
from udproof.protocol.toml_positions import Path as KeyPath
from udproof.protocol.toml_positions import Positions

__all__ = ["MAX_BYTES", "FleetFileError", "Mistake", "parse_fleet", "read_fleet", "schema", "starter"]

MAX_BYTES = 10_000_000


# --- the public functions


def read_fleet(path: str | Path) -> Fleet:
    """The fleet of a file. Raises FleetFileError for everything that may be wrong with the file or in it."""
    name = str(path)
    return parse_fleet(_text(_bytes(Path(path), name), name), name)


def parse_fleet(text: str, source_name: str) -> Fleet:
    """The fleet of a TOML text. `source_name` stands for the file in messages. Raises FleetFileError."""
    from udproof.protocol import fleet_rules, fleet_shape

    data = _data(text, source_name)
    draft, complaints = fleet_shape.read_shape(data)
    fleet = fleet_rules.build(draft, complaints)
    if fleet is None:
        positions = Positions(text, only=[path for c in complaints for path in (c.path, c.other) if path is not None])
        lines = text.split("\n")
        raise FleetFileError(source_name, (_mistake(complaint, data, positions, lines) for complaint in complaints))
    return fleet


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a fleet file, for editors and other programs. It is the caller's own copy."""
    from udproof.protocol import fleet_schema

    return deepcopy(fleet_schema.json_schema())


def starter() -> str:
    """A fleet file to begin with: every key with its default and a comment. It reads as a valid fleet."""
    return fleets.STARTER.read_text(encoding="utf-8")


# --- from bytes to data


def _whole_file(name: str, what: str, right: str) -> FleetFileError:
    return FleetFileError(name, [Mistake(1, 1, "the file", what, right)])


def _at(text: str, offset: int, name: str, what: str, right: str) -> FleetFileError:
    before = text[:offset].split("\n")
    line = text.split("\n")[len(before) - 1].removesuffix("\r")
    return FleetFileError(name, [Mistake(len(before), len(before[-1]) + 1, "the file", what, right, line)])


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _whole_file(name, "there is no such file", "check the path; udproof init writes a fleet") from error
    except IsADirectoryError as error:
        raise _whole_file(name, "this is a directory", "give the path of a fleet file in it") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        reason = getattr(error, "strerror", None) or str(error)
        raise _whole_file(name, f"it cannot be read ({reason})", "give a readable file") from error
    if len(content) > MAX_BYTES:
        raise _whole_file(name, "it is larger than 10 MB", "a fleet of 2000 VMs takes less than 1 MB: check the path")
    return content


def _text(content: bytes, name: str) -> str:
    if content.startswith(codecs.BOM_UTF8):
        raise _whole_file(name, "it begins with a byte order mark", "save it as UTF-8 without BOM")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _whole_file(name, "it is UTF-16", "save it as UTF-8 without BOM")
    if b"\0" in content:
        raise _whole_file(name, f"it is a binary file (byte {content.index(0)} is NUL)", "a fleet file is TOML text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").split("\n")
        what = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8"
        mistake = Mistake(len(before), len(before[-1]) + 1, "the file", what, "save the file as UTF-8")
        raise FleetFileError(name, [mistake]) from error


def _data(text: str, name: str) -> dict[str, Any]:
    if not text.strip():
        raise _whole_file(name, "it is empty", "run udproof init to write a fleet to begin with")
    if text.startswith("\ufeff"):
        raise _whole_file(name, "it begins with a byte order mark", "save it as UTF-8 without BOM")
    for pattern, what, right in _REFUSED:
        if found := pattern.search(text):
            raise _at(text, found.start(), name, what, right)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FleetFileError(name, [_syntax_mistake(str(error), text)]) from error
    except RecursionError as error:
        raise _whole_file(name, "its arrays or tables are nested too deeply", "a fleet nests three levels") from error
    except ValueError as error:  # Python reads no number of more than 4300 digits
        number = _LONG_NUMBER.search(text)
        raise _at(
            text, number.start() if number else 0, name, "this number is too long to be read", "write a smaller one"
        ) from error


# What tomllib would read, but should not be given: a pattern, what is wrong, what would be right.
_REFUSED = (
    # In a text that was decoded carelessly; a file's bytes have none.
    (re.compile("[\ud800-\udfff]"), "half a surrogate pair is no character", "remove it"),
    # The time that tomllib takes for a dotted key grows with the square of its parts.
    (re.compile(r"^(?:[^.\n]*+\.){1001}", re.MULTILINE), "this line has over 1000 dots", "a key has two dots at most"),
)
_LONG_NUMBER = re.compile(r"(?<!\d)\d[\d_]{4000}")

# What tomllib says, in words for whoever wrote the file: how its message begins, what is wrong, what would be right.
_SYNTAX = (
    ("Invalid value", "this is no value", 'write a text in double quotes ("30s"), a number, true or false'),
    ("Expected newline", "there is more after the value", 'write each key = value in a line of its own, texts as "30s"'),
    ("Expected '='", "there is no = after the key", "write key = value"),
    ("Invalid statement", "this begins no statement", "write key = value, [table], [[array]] or # comment"),
    ("Invalid initial", "there is no key here", 'a key consists of letters, digits, - and _, or stands in "quotes"'),
    ("Cannot overwrite", "this key is given twice", "keep one of the two"),
    ("Duplicate inline", "this key is given twice", "keep one of the two"),
    ("Cannot declare", "this table is given twice", "keep one of the two; only [[set]], [[host]] and [[vm]] repeat"),
    ("Cannot mutate", "this table is already given in another place", "write all its keys in that place"),
    ("Cannot redefine", "this table is already given in another place", "write all its keys in that place"),
    ("Invalid date", "there is no such date", 'a fleet needs none; a duration is a text such as "15min"'),
    ("Unterminated string", "a text has no closing quotation mark", 'close it with "'),
    ("Unclosed array", "an array lacks a comma or its closing bracket", "separate with , and close with ]"),
    ("Unclosed inline table", "a { table lacks a comma or its closing brace", "separate with , and close with }"),
    ('Expected "\'"', "a text has no closing quotation mark", "close it with '"),
    ("Expected ']", "a [table] lacks its closing bracket", "close [table] with ] and [[array]] with ]]"),
    ("Illegal character", "this character may not stand in a text", "close the text in its line; a line break is \\n"),
    ("Found invalid character", "this character may not stand in a comment", "remove it"),
    ("Unescaped '\\'", "the backslash begins no known escape", "write \\\\ for a backslash"),
)
_AT = re.compile(r"(?P<message>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)


def _syntax_mistake(message: str, text: str) -> Mistake:
    """tomllib's message, "Invalid value (at line 1, column 8)", as a mistake."""
    lines = text.split("\n")
    found = _AT.fullmatch(message)
    line, column = len(lines), len(lines[-1]) + 1
    if found and found["line"]:
        line, column = int(found["line"]), int(found["column"])
    said = found["message"] if found else message
    unknown = (f"this is not TOML ({printable(said)})", "see https://toml.io for how it is written")
    what, right = next((words for beginning, *words in _SYNTAX if said.startswith(beginning)), unknown)
    source = lines[line - 1].removesuffix("\r")
    if what.endswith("given twice"):  # tomllib says where the second one ends
        column = len(source) - len(source.lstrip()) + 1
    elif said.startswith("Unescaped"):  # and here, where the two characters of the escape end
        column -= 2
    return Mistake(line, column, "TOML syntax", what, right, source)


# --- from complaints to mistakes


def _mistake(complaint: Complaint, data: dict[str, Any], positions: Positions, lines: Sequence[str]) -> Mistake:
    path = complaint.path
    position = positions.key(path) if complaint.of_key else positions.value(path)
    what = complaint.what
    if complaint.other is not None:
        what += f" (see line {positions.value(complaint.other).line})"
    source = lines[position.line - 1].removesuffix("\r") if path else ""
    return Mistake(position.line, position.column, _where(path, data), what, complaint.right, source)


def _where(path: KeyPath, data: dict[str, Any]) -> str:
    """`walk.notice`; `vm "db-0", host`; `vm number 3` if it has no name."""
    if not path:
        return "the file"
    if len(path) == 1 or not isinstance(path[1], int):
        return ".".join(printable(str(part)) for part in path)
    element = data[str(path[0])][path[1]]
    name = element.get("name") if isinstance(element, dict) else None
    whose = show(name) if isinstance(name, str) and name else f"number {path[1] + 1}"
    rest = ".".join(printable(str(part)) for part in path[2:])
    return f"{path[0]} {whose}, {rest}" if rest else f"{path[0]} {whose}"
