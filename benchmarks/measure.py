"""A command as a fresh process, and what it cost, as the kernel tells when it has ended.

Processor time includes all threads and the children that the command has waited for; `memory` is the largest resident set of any of
them. Linux counts the parent's into it at the moment a process is started, so nothing can appear to need less than this Python does
(some 30 MB): this matters for tiny programs only. Python is started as a user starts it: our modules are compiled to bytecode once,
before anything is measured, and what would have them compiled in each process anew is taken out of the environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
_ROOTS = [str(ROOT / folder) for folder in (".", "model", "properties", "counterexamples", "checker")]
_UNWANTED = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE"}  # they slow imports

T = TypeVar("T")


class Failed(Exception):
    """A command ended with a code that it should not end with; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall-clock and of processor time, bytes, and what the command wrote."""

    wall: float
    cpu: float
    memory: int
    said: str


def cost(command: Sequence[str], folder: Path | None = None) -> Cost:
    """Run a command to its end. Failed unless it ends with code 0; OSError if there is no such program."""
    own = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
    environment = own | {"PYTHONPATH": os.pathsep.join(_ROOTS)}
    with tempfile.TemporaryFile("w+b") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with code {process.returncode} and said:\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit, said)


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of ours with this Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def prepare() -> None:
    """Compile our modules to bytecode, as an installation does."""
    cost([sys.executable, "-m", "compileall", "-q", str(ROOT / "benchmarks"), *_ROOTS[1:]])


def together(costs: Sequence[Cost]) -> Cost:
    """Commands that ran one after the other, as one; it says what the last said."""
    return Cost(sum(c.wall for c in costs), sum(c.cpu for c in costs), max(c.memory for c in costs), costs[-1].said)


def in_turns(contenders: Mapping[str, Callable[[], T]], turns: int) -> dict[str, list[T]]:
    """Call each contender `turns` times, one after the other in each turn."""
    found: dict[str, list[T]] = {name: [] for name in contenders}
    for _ in range(turns):
        for name, call in contenders.items():
            found[name].append(call())
    return found
