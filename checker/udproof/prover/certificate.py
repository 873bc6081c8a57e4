"""The folder of a certificate: looked at before a proof is searched for, and written whole or not at all.

A search may take minutes, so a folder that cannot be used is refused first. The files are written to a folder beside the one asked
for, which gets its name only when all of them are there: whoever finds a certificate finds a whole one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from udproof.language import ModelError


@dataclass
class Place:
    """Where a certificate will be. `write` fills it; what is never filled leaves nothing behind."""

    folder: Path
    _beside: Path
    written: bool = field(default=False, init=False)

    def write(self, files: Mapping[str, str]) -> None:
        """Write these files, by name, and give the folder its name. ModelError if that fails."""
        try:
            for name, text in files.items():
                (self._beside / name).write_text(text, encoding="utf-8")
            self._beside.rename(self.folder)  # over an empty folder, or where there was none
        except OSError as problem:
            raise _refused(self.folder, problem) from problem
        self.written = True


@contextmanager
def reserved(folder: Path) -> Iterator[Place]:
    """A place for a certificate, made sure of now. ModelError if the folder is not empty or nothing can be written there."""
    folder = folder.absolute()
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ModelError(f"{folder} is not empty; give a new folder for the certificate.")
        beside.mkdir(parents=True)
    except OSError as problem:
        raise _refused(folder, problem) from problem
    try:
        yield Place(folder, beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # gone already, if it was written


def _refused(folder: Path, problem: OSError) -> ModelError:
    return ModelError(f"the certificate cannot be written to {folder} ({problem.strerror}); give a new folder that can be made.")
