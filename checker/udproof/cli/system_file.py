"""System files: a Python file that somebody wrote in the modelling language, executed, and its `system` taken.

Such a file is code, and runs with the rights of whoever calls udproof; that is why no file is ever executed that was not named
on the command line. It is compiled from its text each time: Python's cache of compiled files goes by the time of the last
change, and a verdict about the version before would be a wrong one.

Whatever goes wrong ends in one sentence with file and line. The language says where a mistake stands (`ModelError`); of any
other exception the line is the last one of the user's own files that was being run.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import udproof
from udproof.cli.console import clean
from udproof.cli.exits import Refused
from udproof.language import Location, ModelError, System


def read_system(path: str) -> tuple[System, Location]:
    """The `system` of a file, and the line that assigns it. Refused, with one sentence, for whatever is wrong."""
    text = _text(path)
    tree = _parsed(text, path)
    module = ModuleType(f"system_file_{Path(path).stem}")
    module.__file__ = path
    with _at_home(module, Path(path)), contextlib.redirect_stdout(sys.stderr):
        try:
            exec(compile(tree, path, "exec"), module.__dict__)
        except ModelError as mistake:
            raise Refused(told(mistake, Location(path, 1))) from mistake
        except SystemExit as left:
            raise Refused(f"{_place(left, path)}: the file raised SystemExit; a system file only defines a system.") from left
        except Exception as error:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise Refused(f"{_place(error, path)}: the file raised {_one_line(what)}") from error
    system = module.__dict__.get("system")
    if isinstance(system, System):
        return system, Location(path, _line_of_system(tree))
    right = "write system = System(...) at the top level of the file"
    if system is None:
        raise Refused(f"{clean(path)}:1: the file defines no system; {right}.")
    raise Refused(f"{clean(path)}:{_line_of_system(tree)}: system is of type {type(system).__name__}, not System; {right}.")


def told(mistake: ModelError, otherwise: Location) -> str:
    """A mistake in a model as `file:line: sentence`; a place inside udproof itself helps nobody, so then `otherwise`."""
    place = mistake.location
    if place is None or not (place.file == otherwise.file or _users(place.file)):
        place = otherwise
    return f"{clean(place)}: {_one_line(mistake.sentence)}"


def _text(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise Refused(f"{clean(path)}: there is no such file; check the path.") from error
    except IsADirectoryError as error:
        raise Refused(f"{clean(path)}: this is a directory; give the path of a file in it.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        reason = getattr(error, "strerror", None) or str(error)
        raise Refused(f"{clean(path)}: the file cannot be read ({clean(reason)}); give a readable file.") from error


def _parsed(text: bytes, path: str) -> ast.Module:
    try:
        return ast.parse(text, path)
    except SyntaxError as error:
        raise Refused(f"{clean(path)}:{error.lineno or 1}: this is not Python: {_one_line(error.msg)}.") from error
    except (ValueError, RecursionError, MemoryError) as error:  # NUL characters; nested too deeply
        raise Refused(f"{clean(path)}:1: this is not Python: {_one_line(str(error) or type(error).__name__)}.") from error


@contextlib.contextmanager
def _at_home(module: ModuleType, path: Path) -> Iterator[None]:
    """Run the file as Python would: its folder is searched first. Its neighbours are forgotten afterwards, since the next
    system file may have others of the same names."""
    folder, before = str(path.resolve().parent), set(sys.modules)
    sys.modules[module.__name__] = module  # where dataclasses and annotations look for names
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - before:
            if _within(Path(getattr(sys.modules[name], "__file__", None) or os.devnull), Path(folder)):
                del sys.modules[name]


def _place(error: BaseException, path: str) -> str:
    """The last line that ran of the file itself or of one beside it."""
    folder, place = Path(path).resolve().parent, f"{path}:1"
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == path or (_users(frame.filename) and _within(Path(frame.filename), folder)):
            place = f"{frame.filename}:{frame.lineno}"
    return clean(place)


def _users(file: str) -> bool:
    """May the file be the user's: neither of udproof nor of Python nor installed, even if all these lie below the user's folder?"""
    path, ours = Path(file), [*udproof.__path__, sysconfig.get_path("stdlib")]
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return path.suffix == ".py" and not installed and not any(_within(path, Path(root)) for root in ours)


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _line_of_system(tree: ast.Module) -> int:
    """The line of the last assignment to `system` at the top level, where one can be seen; 1 otherwise."""
    found = 1
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == "system" for target in targets):
            found = node.lineno
    return found


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))
