"""The manual, read off the program: the page of its command, its man page, and the page of its names in Python.

Every sentence about an option is the one that `--help` prints, and every sentence about a function is its docstring, so that help
and manual cannot differ. The man page is kept in the tree, since an installation takes it from there.
"""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import beside
import click
import kept
from answers import DOCS

from udproof.cli.commands import program

MAN = DOCS / "udproof.1"

# What the program reads of its environment, `TMPDIR` by way of Python.
VARIABLES = {
    "NO_COLOR": "If set and not empty: no colours, unless --color says otherwise.",
    "FORCE_COLOR": "If set and not empty: colours even where the output is no terminal, unless NO_COLOR is set.",
    "UDPROOF_DEBUG": "If set and not empty: as --debug.",
    "XDG_CACHE_HOME": "Proofs that were found are kept below it, in udproof/proofs; without it below ~/.cache.",
    "GITHUB_ACTIONS": "Set to true by GitHub: with --ci auto, annotations are for it.",
    "GITHUB_STEP_SUMMARY": "The file to which GitHub wants the summary of a step added.",
    "TF_BUILD": "Set by Azure Pipelines: with --ci auto, annotations are for it.",
    "AGENT_TEMPDIRECTORY": "Where Azure Pipelines wants the summary of a step, to be uploaded.",
    "TMPDIR": "Where a large search keeps the levels that it has still to look into.",
}

# The packages whose names are for everybody, and what each is for.
PACKAGES = {
    "udproof.api": "Verify a design, and look at the answers; its page is [From Python](python-api.md).",
    "udproof.protocol.variant": "The protocol with parts of your own; its page is [Your own controller](your-own-controller.md).",
    "udproof.language": "What a model is written in; its page is [the modelling language](language.md).",
    "udproof.testing": "Strategies for Hypothesis, and the state machine; its page is [In your tests](testing.md).",
}


# --- what there is to say of a command


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: how it is called, what it does in paragraphs, its options, and what comes last."""

    name: str
    usage: str
    about: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    epilog: str


def entries() -> Iterator[Entry]:
    """The program, then each of its commands in the order of its help."""
    root = click.Context(program, info_name=program.name, **program.context_settings)
    yield _entry(program, root)
    for name in program.list_commands(root):
        command = program.commands[name]
        if not command.hidden:
            yield _entry(command, click.Context(command, info_name=name, parent=root))


def _entry(command: click.Command, ctx: click.Context) -> Entry:
    records = [param.get_help_record(ctx) for param in command.get_params(ctx)]
    about = inspect.cleandoc(command.help or "").split("\n\n")
    return Entry(
        name=ctx.command_path,
        usage=" ".join((ctx.command_path, *command.collect_usage_pieces(ctx))),
        about=tuple(" ".join(paragraph.split()) for paragraph in about),
        options=tuple(record for record in records if record is not None and record[1]),
        epilog=" ".join((command.epilog or "").split()),
    )


def summaries() -> Iterator[tuple[str, str]]:
    """Each command with the first sentence of its help."""
    for entry in list(entries())[1:]:
        yield entry.name, re.split(r"(?<=[.?]) ", entry.about[0])[0]


# --- as a page


def page() -> str:
    """The commands with their options, in Markdown."""
    summary = [(f"[{name}](#{name.replace(' ', '-')})", _prose(about)) for name, about in summaries()]
    return "\n\n".join((_table(("command", "what it does"), summary), *map(_section, entries())))


def _section(entry: Entry) -> str:
    rows = [(f"`{names}`", _prose(text)) for names, text in entry.options]
    parts = (f"## {entry.name}", f"```text\n{entry.usage}\n```", *map(_prose, entry.about), _table(("option", "meaning"), rows))
    return "\n\n".join((*parts, *([_prose(entry.epilog)] if entry.epilog else ())))


def environment() -> str:
    """What the program reads of its environment, as a table."""
    return _table(("variable", "meaning"), [(f"`{name}`", _prose(text)) for name, text in VARIABLES.items()])


def _prose(text: str) -> str:
    """A text that Markdown sets as it is, but for what stands in backquotes."""
    pieces = text.split("`")
    pieces[0::2] = [re.sub(r"([*<])", r"\\\1", piece) for piece in pieces[0::2]]
    return "`".join(pieces)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# --- as a man page


def man() -> str:
    """The man page, in the macros of man(7)."""
    whole, *commands = entries()
    version = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    lines = [
        '.\\" Written by docs/generate.py from the command itself.',
        f'.TH UDPROOF 1 "" "udproof {version}" "User Commands"',
        ".SH NAME",
        "udproof \\- a model checker for controllers that update hosts under running virtual machines",
        ".SH SYNOPSIS",
        _roff(whole.usage),
        ".SH DESCRIPTION",
        *_paragraphs(whole.about),
        *_options(whole),
        ".SH COMMANDS",
    ]
    for entry in commands:
        epilog = (entry.epilog,) if entry.epilog else ()
        lines += [f".SS {_roff(entry.usage)}", *_paragraphs(entry.about), *_options(entry), *_paragraphs(epilog)]
    lines.append(".SH ENVIRONMENT")
    for name, text in VARIABLES.items():
        lines += [".TP", f".B {name}", _roff(text)]
    return "\n".join(lines) + "\n"


def _paragraphs(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        yield from (".PP", _roff(text))


def _options(entry: Entry) -> Iterator[str]:
    for names, text in entry.options:
        yield from (".TP", f".B {_roff(names)}", _roff(text))


def _roff(text: str) -> str:
    """A text that roff sets as it is; what stands in backquotes is set bold."""
    escaped = re.sub(r"^(?=[.'])", r"\\&", text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq"))
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", escaped)


# --- names in Python


def names() -> str:
    """What can be imported from the packages that are for everybody, in Markdown."""
    return "\n\n".join(f"## {package}\n\n{about}\n\n{_exported(package)}" for package, about in PACKAGES.items())


def _exported(package: str) -> str:
    module = importlib.import_module(package)
    return "\n\n".join(_named(name, getattr(module, name)) for name in module.__all__)


def _named(name: str, thing: Any) -> str:
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return f"### {name}\n\n{_value(thing)}"
    about = _about(thing)
    if not inspect.isclass(thing):
        return f"### {name}\n\n```text\n{name}{_signature(thing)}\n```\n\n{about}"
    rows = [(f"`.{member}{called}`", text) for member, called, text in _members(thing)]
    return f"### {name}\n\n{about}" + (f"\n\n{_table(('of it', 'meaning'), rows)}" if rows else "")


def _value(thing: Any) -> str:
    """What a name is that is neither a class nor a function: another name for a type, or a value."""
    if hasattr(thing, "__origin__"):
        return f"Another name for the type `{re.sub(r'(?:[a-z_]+[.])+', '', str(thing))}`."
    return f"A value of the type `{type(thing).__name__}`."


def _about(thing: Any) -> str:
    """A docstring as Markdown, which docstrings here are."""
    text = inspect.getdoc(thing) or ""
    return "\n\n".join(_prose(" ".join(paragraph.split())) for paragraph in text.split("\n\n"))


def _members(owner: type) -> Iterator[tuple[str, str, str]]:
    """The public fields, properties and methods that a class defines itself and explains, each with how it is called."""
    for name, value in vars(owner).items():
        if name.startswith("_"):
            continue
        thing = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        text = inspect.getdoc(thing) if isinstance(thing, property | cached_property) or inspect.isfunction(thing) else None
        if text:
            yield name, _signature(thing) if inspect.isfunction(thing) else "", _prose(" ".join(text.split()))


def _signature(routine: Any) -> str:
    """How a function is called: the annotations as they are written."""
    shown = []
    signature = inspect.signature(routine)
    kinds = [param.kind for param in signature.parameters.values()]
    for number, param in enumerate(signature.parameters.values()):
        if param.kind is param.KEYWORD_ONLY and param.KEYWORD_ONLY not in kinds[:number] and param.VAR_POSITIONAL not in kinds:
            shown.append("*")
        if param.name in ("self", "cls"):
            continue
        star = "*" if param.kind is param.VAR_POSITIONAL else "**" if param.kind is param.VAR_KEYWORD else ""
        annotation = "" if param.annotation is param.empty else f": {param.annotation}"
        default = "" if param.default is param.empty else f" = {param.default!r}" if annotation else f"={param.default!r}"
        shown.append(f"{star}{param.name}{annotation}{default}")
    returned = "" if signature.return_annotation is signature.empty else f" -> {signature.return_annotation}"
    return f"({', '.join(shown)}){returned}"


# --- files


# The generated parts of these pages, by name.
PARTS: dict[str, Callable[[], str]] = {"manual": page, "environment": environment, "names": names, "beside": beside.measured}


def files() -> Iterator[tuple[Path, str]]:
    """The stored files that are made here and for the tutorial, with the text that each should have."""
    yield MAN, man()
    yield from kept.files()
