"""What is released: the wheel and the source distribution hold what they should and nothing else, and tell the truth."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import generate
import pytest

ROOT = generate.ROOT
ROOTS = ("model", "properties", "counterexamples", "checker")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAMED = f"udproof-{PROJECT['version']}"
AT_THE_TOP = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


def build(source: Path, target: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(target)], cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("built")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(built / f"{NAMED}-py3-none-any.whl")


def about(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"{NAMED}.dist-info/METADATA").decode())


@pytest.mark.slow
def test_a_wheel_holds_the_package_and_its_man_page_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """test_repository looks whether the package is whole; here, whether there is anything besides."""
    known = {str(path.relative_to(ROOT / root)) for root in ROOTS for path in (ROOT / root).rglob("*") if path.is_file()}
    rest = {name for name in wheel.namelist() if name not in known}
    said = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert rest == {f"{NAMED}.data/data/share/man/man1/udproof.1", *(f"{NAMED}.dist-info/{name}" for name in said)}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")]
    assert {name.rpartition("/")[0] for name in known if name.endswith(".py")} <= {
        name.rpartition("/")[0] for name in wheel.namelist() if name.endswith("/py.typed")
    }


@pytest.mark.slow
def test_a_wheel_says_of_itself_what_is_so(wheel: zipfile.ZipFile) -> None:
    meta = about(wheel)
    assert (meta["Name"], meta["Version"], meta["License-Expression"]) == ("udproof", PROJECT["version"], "MIT")
    assert meta["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in (meta.get_all("Classifier") or [])
    assert meta.get_payload().startswith("# udproof")


@pytest.mark.slow
def test_a_source_distribution_is_enough_to_build_from_and_to_test(built: Path, tmp_path: Path, wheel: zipfile.ZipFile) -> None:
    with tarfile.open(built / f"{NAMED}.tar.gz") as archive:
        names = {name.removeprefix(f"{NAMED}/") for name in archive.getnames()}
    subprocess.run(["tar", "-xzf", str(built / f"{NAMED}.tar.gz"), "-C", str(tmp_path)], check=True)
    assert {"pyproject.toml", "README.md", "LICENSE", "tests/conftest.py", "docs/conf.py", "docs/udproof.1", *AT_THE_TOP} <= names
    strange = re.compile(r"(^|/)(__pycache__|\.git|\.venv|\.\w+_cache|\.hypothesis)(/|$)|\.pyc$|^(build|dist|site)/")
    assert not [name for name in names if strange.search(name)]
    build(tmp_path / NAMED, tmp_path / "again")
    again = zipfile.ZipFile(tmp_path / "again" / f"{NAMED}-py3-none-any.whl")
    assert {name: wheel.read(name) for name in wheel.namelist()} == {name: again.read(name) for name in again.namelist()}


def test_the_versions_of_python_are_those_that_are_told() -> None:
    told = {entry.rpartition(" ")[2] for entry in PROJECT["classifiers"] if re.fullmatch(r".* :: 3\.\d+", entry)}
    oldest = min(told, key=lambda version: int(version.split(".")[1]))
    assert PROJECT["requires-python"] == f">={oldest}"


def test_the_changes_have_the_version() -> None:
    headings = re.findall(r"^## (\S+?),", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == PROJECT["version"]
