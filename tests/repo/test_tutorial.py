"""The tutorial, followed word for word by somebody who has a new environment, the wheel and an empty folder, ends where it says.

Of what it does, only looking for lemmas takes long. So the proof that a first run finds is kept (docs/kept.py), and is put where
the user's cache would have it; nothing in it is believed, every question is asked again. The nightly profile begins without it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import answers
import kept
import pytest

ROOT = answers.DOCS.parent
NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; what udproof needs is taken from the environment of the tests."""
    folder = tmp_path_factory.mktemp("newcomer")

    def run(*arguments: str | Path) -> None:
        subprocess.run([sys.executable, "-m", *map(str, arguments)], cwd=ROOT, check=True, capture_output=True)

    run("hatchling", "build", "-t", "wheel", "-d", folder)
    [wheel] = folder.glob("*.whl")
    run("venv", "--without-pip", folder / "venv")
    run("pip", "--python", folder / "venv" / "bin" / "python", "install", "--no-deps", "--no-index", "--no-compile", wheel)
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv"


@pytest.mark.slow
def test_the_tutorial_ends_where_it_says(installed: Path, tmp_path: Path) -> None:
    page = (answers.DOCS / "tutorial.md").read_text(encoding="utf-8")
    empty, cache = tmp_path / "empty", tmp_path / "cache"
    empty.mkdir()
    proofs = cache / "udproof" / "proofs"
    proofs.mkdir(parents=True)
    kept_proof = kept.PROOF.read_text(encoding="utf-8")
    if not NIGHTLY:
        (proofs / kept.file_name(kept_proof)).write_text(kept_proof, encoding="utf-8")
    own = {key: value for key, value in os.environ.items() if key not in (*answers.ELSEWHERE, "PYTHONPATH", "VIRTUAL_ENV")}
    path = os.pathsep.join([str(installed / "bin"), os.environ["PATH"]])
    environment = {**own, "PATH": path, "COLUMNS": "120", "HOME": str(tmp_path), "XDG_CACHE_HOME": str(cache)}

    assert answers.followed(page, empty, environment) == page

    drawn = (empty / "recovery-kept.svg").read_bytes()
    assert drawn == (answers.DOCS / "pictures" / "recovery-kept.svg").read_bytes(), "the page shows another picture"
    proof = (empty / "proof.txt").read_text()
    assert [line.count("any times") for line in proof.splitlines() if line.startswith("PROVED")] == [1, 1]
    assert [path.name for path in proofs.iterdir()] == [kept.file_name(kept_proof)], "it is of another model: run docs/generate.py"


@pytest.mark.slow
def test_the_man_page_is_installed(installed: Path) -> None:
    page = installed / "share" / "man" / "man1" / "udproof.1"
    assert page.read_bytes() == (answers.DOCS / "udproof.1").read_bytes()


def test_every_file_of_the_tutorial_is_one_that_the_reader_was_told_to_save() -> None:
    text = (answers.DOCS / "tutorial.md").read_text(encoding="utf-8")
    for name in re.findall(r"^<!-- file: (\S+) -->$", text, re.MULTILINE):
        assert f"ave this as `{name}`" in text
    assert "docs/" not in "".join(re.findall(r"^\$ .*$", text, re.MULTILINE)), "the reader has nothing but what the page shows"
