"""Levels on disk, and checkpoints, from which a search that was killed goes on.

*Levels.* A search appends every level to a file before it looks into its states; each stored state is in there once. Traces are
found backwards through this file, and the table of visited states can be filled from it again. So a checkpoint is this file and a
small *manifest*: how long the levels are, the counters, and what had been seen when the last of them began.

*Atomic.* The levels are written and forced to the disk first; then the manifest takes the place of the one before in one step
(`write_atomically`). Levels are appended only, so the older manifest is right about the longer file, too. Whenever a process is
killed, the folder holds the older or the newer checkpoint, whole. A lock keeps two processes out of one folder.

*Nothing is believed.* The manifest carries a SHA-256 of itself and of the levels that it speaks of. It names the model, its
properties, and a digest of the very code that was searched, so states that were packed another way are never read as if they were
packed this way. What does not fit is refused with `BadCheckpoint`; a damaged checkpoint cannot lead to a verdict.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from udproof.counterexamples.files import write_atomically

FORMAT = "udproof checkpoint 1"
MANIFEST, LEVELS = "checkpoint.json", "levels.bin"
_PIECE = 1 << 20  # bytes read at a time, about

Words = tuple[int, ...]


class BadCheckpoint(Exception):
    """A checkpoint, or a folder for one, that cannot be used; the text is a sentence: where, why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a checkpoint is of. Searches of the same identity have the same states, packed the same way."""

    system: str
    model: str  # the hash of the system
    properties: tuple[str, ...]
    symmetry: bool
    code: str  # a digest of the compiled model and of how states are stored


@dataclass(frozen=True, slots=True)
class Saved:
    """The manifest: where a search was when its last level began."""

    sizes: tuple[int, ...]  # bytes of each level, the frontier last
    digest: str  # of all these levels
    counters: Mapping[str, int]
    seen: Mapping[int, tuple[int, Words]]  # bit of the watch -> level and packed state


@dataclass(slots=True)
class Levels:
    """The levels of a search, in a file without a buffer. `checked` keeps a digest of them, which a checkpoint needs."""

    file: FileIO
    entry: int  # bytes of a state
    checked: bool = False
    sizes: list[int] = field(default_factory=list)
    _digest: Any = field(default_factory=hashlib.sha256)

    def append(self, pieces: Iterable[bytes]) -> None:
        """Write the next level. OSError if the disk does not take it; then it counts for nothing."""
        digest, start = self._digest.copy(), sum(self.sizes)
        self.file.seek(start)
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[self.file.write(rest) :]
            if self.checked:
                digest.update(piece)
        self.sizes, self._digest = [*self.sizes, self.file.tell() - start], digest

    def read(self, level: int) -> Iterator[bytes]:
        """The states of a level, in pieces. OSError, also if the file has become shorter."""
        self.file.seek(sum(self.sizes[:level]))
        left = self.sizes[level]
        while left:
            piece = self.file.read(min(left, _PIECE - _PIECE % self.entry))
            if not piece:
                raise OSError(None, "the file is shorter than it was written")
            left -= len(piece)
            yield piece

    def restore(self, saved: Saved) -> Iterator[tuple[int, bytes]]:
        """The pieces of the levels of a checkpoint, each with the number of its level. BadCheckpoint if they are damaged.

        Damage may show at the end only: nothing may be concluded before.
        """
        self.sizes, self._digest = list(saved.sizes), hashlib.sha256()
        try:
            for level in range(len(self.sizes)):
                for piece in self.read(level):
                    self._digest.update(piece)
                    yield level, piece
        except OSError as problem:
            raise BadCheckpoint(f"{LEVELS} cannot be read ({problem.strerror}); the checkpoint is lost.") from problem
        if self.digest != saved.digest:
            raise BadCheckpoint(f"{LEVELS} is damaged: its checksum is not that in {MANIFEST}; the checkpoint is lost.")
        self.file.truncate(sum(self.sizes))

    @property
    def digest(self) -> str:
        """The digest of all levels."""
        return str(self._digest.hexdigest())


class Folder(AbstractContextManager["Folder"]):
    """A folder for the checkpoints of one search, held by this process while it is entered."""

    def __init__(self, path: Path, resume: bool) -> None:
        """Make the folder ready, or open the checkpoint that it holds. BadCheckpoint if that cannot be."""
        self.path = path
        try:
            _look(path, resume)
            if not resume:
                path.mkdir(exist_ok=True)
            self.file = FileIO(os.open(path / LEVELS, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        except OSError as problem:
            raise BadCheckpoint(f"{path}: no checkpoint can be kept there ({problem.strerror}); give another folder.") from problem
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._found = _look(path, resume)
            if self._found is None:
                self.file.truncate(0)
        except OSError as problem:
            self.file.close()
            raise BadCheckpoint(f"{path}: another process keeps its checkpoints there; give another folder.") from problem
        except BadCheckpoint:
            self.file.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.file.close()

    def saved(self, identity: Identity) -> Saved | None:
        """The checkpoint that is there; None if the run ended before its first. BadCheckpoint if it is of something else."""
        if self._found is None:
            return None
        was = Identity(**{**self._found["identity"], "properties": tuple(self._found["identity"]["properties"])})
        for wrong, what in (
            (was.model != identity.model, f"it is of another model ({was.system}, {was.model})"),
            (was.properties != identity.properties, f"it was made for other properties ({', '.join(was.properties)})"),
            (was.symmetry != identity.symmetry, f"it was made with {'--symmetry' if was.symmetry else '--no-symmetry'}"),
            (was.code != identity.code, "it was made by another version of udproof"),
        ):
            if wrong:
                raise BadCheckpoint(f"{self.path}: this checkpoint does not fit: {what}; resume what it is of, or begin anew.")
        seen = {int(bit): (level, tuple(words)) for bit, (level, words) in self._found["seen"].items()}
        saved = Saved(tuple(self._found["sizes"]), self._found["digest"], self._found["counters"], seen)
        if (self.path / LEVELS).stat().st_size < sum(saved.sizes):
            raise BadCheckpoint(f"{self.path}: {LEVELS} is shorter than {MANIFEST} says; the checkpoint is lost.")
        return saved

    def write(self, identity: Identity, saved: Saved) -> None:
        """Make this the checkpoint. OSError if it cannot be written; then the one before is still there."""
        os.fsync(self.file.fileno())
        content = {"format": FORMAT, "identity": asdict(identity), **asdict(saved)}
        content["seen"] = {str(bit): where for bit, where in saved.seen.items()}  # as JSON will have it
        write_atomically(self.path / MANIFEST, json.dumps({**content, "checksum": _checksum(content)}, indent=1) + "\n")


def _look(path: Path, resume: bool) -> dict[str, Any] | None:
    """The manifest in a folder to resume from; None for a new folder, or one whose run ended before its first checkpoint."""
    names = {entry.name for entry in path.iterdir() if not entry.name.endswith(".tmp")} if path.exists() else set()
    if names - {MANIFEST, LEVELS}:
        raise BadCheckpoint(f"{path}: this folder holds something else than a checkpoint ({min(names)}); give another folder.")
    if not resume:
        if MANIFEST in names:
            raise BadCheckpoint(f"{path}: this folder holds a checkpoint already; go on from it with --resume, or remove it.")
        return None
    if LEVELS not in names:
        raise BadCheckpoint(f"{path}: there is no checkpoint; --resume takes the folder that --checkpoint was given.")
    if MANIFEST not in names:
        return None
    damaged = BadCheckpoint(f"{path / MANIFEST} is damaged; the checkpoint is lost.")
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise damaged from problem
    if not isinstance(content, dict) or content.pop("checksum", None) != _checksum(content):
        raise damaged
    if content["format"] != FORMAT:
        raise BadCheckpoint(f"{path}: this is a {content['format']}, and only a {FORMAT} can be read.")
    return content


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
