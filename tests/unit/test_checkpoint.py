"""Checkpoints: a search that was killed goes on to the same end, and nothing that is damaged or of something else is read."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract import large
from tests.systems import known
from tests.systems.results import outcomes, summary

from udproof.engines import explore
from udproof.engines.checkpoint import LEVELS, MANIFEST, BadCheckpoint, Folder, Identity, Saved
from udproof.engines.explore import Explore
from udproof.engines.machine import Machine, Tuning
from udproof.engines.verdict import Limits, Result
from udproof.language import System

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = Tuning(team_frontier=1, team_states=1)


@pytest.fixture
def every_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint at the end of every level, however little time has passed."""
    monkeypatch.setattr(explore, "_SAVE", 0.0)
    monkeypatch.setattr(explore, "_SAVE_SHARE", 0)


def verify(system: System, limits: Limits) -> Result:
    return Explore().verify(system, system.checks, limits)


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_level: None) -> Iterator[list[Path]]:
    """Copies of the folder as each checkpoint left it: what a process killed right then would leave."""
    copies: list[Path] = []
    write = Folder.write

    def written(folder: Folder, identity: Identity, saved: Saved) -> None:
        write(folder, identity, saved)
        copies.append(tmp_path / f"stage-{len(copies)}")
        copies[-1].mkdir()
        for name in (MANIFEST, LEVELS):
            (copies[-1] / name).write_bytes((folder.path / name).read_bytes())

    monkeypatch.setattr(Folder, "write", written)
    yield copies


# --- the same end


@pytest.mark.parametrize("symmetry", [True, False])
@pytest.mark.parametrize("name", ["fischer-wrong-way-round", "wolf-goat-cabbage", "walk-3-3"])
def test_from_every_checkpoint_the_search_ends_the_same(
    name: str, symmetry: bool, stages: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = known(name).build()
    plain = summary(verify(system, Limits(symmetry=symmetry)))
    first = verify(system, Limits(symmetry=symmetry, checkpoints=tmp_path / "first"))
    assert summary(first) == plain
    assert first.resumed is None
    assert len(stages) >= known(name).depth
    for depth, stage in list(enumerate(stages))[:: max(1, len(stages) // 4)]:
        for jobs in (1, 2):
            with monkeypatch.context() as patched:
                patched.setattr(explore, "Machine", functools.partial(Machine, tuning=AT_ONCE))
                again = verify(system, Limits(symmetry=symmetry, jobs=jobs, checkpoints=stage, resume=True))
            assert summary(again) == plain
            assert again.resumed is not None
            assert again.resumed >= depth, "the second time it goes on from where the first has brought the checkpoint"


def test_a_search_that_a_limit_ended_goes_on(tmp_path: Path) -> None:
    system = large(18)
    plain = verify(system, Limits(symmetry=False))
    slices = 0
    folder = tmp_path / "slices"
    result = verify(system, Limits(symmetry=False, seconds=0.1, checkpoints=folder))
    while not result.complete:
        slices += 1
        assert set(outcomes(result).values()) <= {"unknown", "violated"}
        result = verify(system, Limits(symmetry=False, seconds=0.1 * (1 + slices), checkpoints=folder, resume=True))
    assert summary(result) == summary(plain)
    assert slices >= 1


KILLED = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.contract import large
from udproof.engines import explore
from udproof.engines.verdict import Limits
explore._SAVE, explore._SAVE_SHARE = 0.0, 0
system = large({size})
explore.Explore().verify(system, system.checks, Limits(symmetry=False, jobs=2, checkpoints=Path(sys.argv[1])))
print("done")
"""


def test_killed_at_any_moment_it_resumes_to_the_same_counts(tmp_path: Path) -> None:
    size = 19
    paths = [str(ROOT / part) for part in ("model", "properties", "counterexamples", "checker")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    system = large(size)
    for number, patience in enumerate((0.0, 0.05, 0.15)):
        folder = tmp_path / str(number)
        script = KILLED.format(root=str(ROOT), size=size)
        with subprocess.Popen([sys.executable, "-c", script, str(folder)], env=environment, stdout=subprocess.PIPE) as process:
            while process.poll() is None and not (folder / MANIFEST).exists():
                time.sleep(0.002)
            time.sleep(patience)
            process.send_signal(signal.SIGKILL)
            assert process.communicate()[0] in (b"", b"done\n")
        result = verify(system, Limits(symmetry=False, checkpoints=folder, resume=True))
        assert (result.figures.states, result.figures.depth, result.complete) == (1 << size, size, True)
        assert result.figures.transitions == size << size
        assert outcomes(result) == {"real": "proved", "low": "violated"}


def test_killed_before_its_first_checkpoint_it_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / LEVELS).write_bytes(b"half a state")
    (tmp_path / "folder" / ".0123456789abcdef.tmp").write_text("half a manifest")
    entry = known("peterson")
    result = verify(entry.build(), Limits(checkpoints=tmp_path / "folder", resume=True))
    assert (result.figures.states, result.complete, result.resumed) == (entry.states, True, None)


# --- damage, and what does not fit


@pytest.fixture
def half(tmp_path: Path, every_level: None) -> Path:
    """The checkpoint of a search of `walk-2-2` without symmetry."""
    system = known("walk-2-2").build()
    verify(system, Limits(symmetry=False, checkpoints=tmp_path / "half"))
    return tmp_path / "half"


def resumed(folder: Path, limits: Limits | None = None, system: System | None = None, properties: int | None = None) -> Result:
    system = system or known("walk-2-2").build()
    limits = limits or Limits(symmetry=False, checkpoints=folder, resume=True)
    return Explore().verify(system, system.checks[:properties], limits)


def test_a_flipped_bit_anywhere_is_refused(half: Path) -> None:
    for name in (LEVELS, MANIFEST):
        right = (half / name).read_bytes()
        for place in range(0, len(right), max(1, len(right) // 11)):
            wrong = bytearray(right)
            wrong[place] ^= 1
            (half / name).write_bytes(wrong)
            with pytest.raises(BadCheckpoint, match=r"damaged|cannot be read"):
                resumed(half)
        (half / name).write_bytes(right)
    assert resumed(half).complete


@pytest.mark.parametrize("name", [LEVELS, MANIFEST])
def test_a_shortened_file_is_refused(half: Path, name: str) -> None:
    content = (half / name).read_bytes()
    for size in (0, 1, len(content) // 2, len(content) - 8):
        (half / name).write_bytes(content[:size])
        with pytest.raises(BadCheckpoint, match=r"shorter|damaged"):
            resumed(half)


def test_what_a_killed_process_wrote_after_the_checkpoint_does_not_count(half: Path) -> None:
    with (half / LEVELS).open("ab") as file:
        file.write(b"and half of a level")
    entry = known("walk-2-2")
    assert resumed(half).figures.states == entry.states


def test_a_checkpoint_of_something_else_is_refused(half: Path) -> None:
    limits = Limits(symmetry=False, checkpoints=half, resume=True)
    with pytest.raises(BadCheckpoint, match=r"another model \(walk-"):
        resumed(half, limits, known("peterson").build())
    with pytest.raises(BadCheckpoint, match="other properties"):
        resumed(half, limits, properties=1)
    with pytest.raises(BadCheckpoint, match="--no-symmetry"):
        resumed(half, Limits(checkpoints=half, resume=True))


def test_a_checkpoint_of_another_version_is_refused(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "MULTIPLIERS", (1, 3, 5))
    with pytest.raises(BadCheckpoint, match="another version"):
        resumed(half)
    monkeypatch.undo()
    content = json.loads((half / MANIFEST).read_text())
    content["format"] = "udproof checkpoint 99"
    (half / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(BadCheckpoint, match="damaged"):
        resumed(half)


# --- folders


def test_folders_that_cannot_be_used(half: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    (tmp_path / "empty").mkdir()
    for folder, resume, said in [
        (half, False, "holds a checkpoint already"),
        (tmp_path / "full", False, r"something else than a checkpoint \(thesis.txt\)"),
        (tmp_path / "full", True, "something else"),
        (tmp_path / "empty", True, "there is no checkpoint"),
        (tmp_path / "nowhere", True, "there is no checkpoint"),
        (tmp_path / "file", False, "no checkpoint can be kept there"),
        (tmp_path / "no" / "where", False, "no checkpoint can be kept there"),
        (Path("/proc"), False, "something else|no checkpoint can be kept"),
    ]:
        with pytest.raises(BadCheckpoint, match=said) as refused:
            resumed(half, Limits(symmetry=False, checkpoints=folder, resume=resume))
        assert str(refused.value).startswith(str(folder))
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["thesis.txt"]


def test_two_processes_do_not_share_a_folder(half: Path) -> None:
    with (half / LEVELS).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BadCheckpoint, match="another process"):
            resumed(half)
    assert resumed(half).complete


# --- a full disk


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_full_disk_ends_the_search_undecided(tmp_path: Path, checkpoints: bool, every_level: None) -> None:
    folder = tmp_path / "folder" if checkpoints else None
    system = large(14)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        result = verify(system, Limits(symmetry=False, checkpoints=folder))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not result.complete
    assert result.stopped is not None
    assert "could not be written to disk (File too large)" in result.stopped
    assert outcomes(result) == {"real": "unknown", "low": "violated"}
    if folder is not None:  # there is room again
        again = verify(system, Limits(symmetry=False, checkpoints=folder, resume=True))
        assert again.resumed is not None
        assert summary(again) == summary(verify(system, Limits(symmetry=False)))


def test_a_checkpoint_that_cannot_be_written_ends_the_search_undecided(
    tmp_path: Path, every_level: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Folder, "write", full)
    result = verify(large(10), Limits(symmetry=False, checkpoints=tmp_path / "folder"))
    assert result.stopped == "the checkpoint could not be written (No space left on device)"
    assert set(outcomes(result).values()) == {"unknown"}
