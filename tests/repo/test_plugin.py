"""The pytest plugin in a project of somebody else: udproof comes from a wheel that is built here, and this folder is not seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

ROOT = Path(__file__).resolve().parents[2]

DESIGNS = {
    "late.toml": """
name = "late"
[host_update]
applying = { least = "5s", most = "60s" }
watchdog = "25s"
[[set]]
name = "web"
vms = 2
update_domains = 2
""",
    "sleepy.py": '''
from udproof.language import Bool, System, Variable, action, invariant

awake, dreaming = Variable("awake", to=Bool, init=True), Variable("dreaming", to=Bool, init=False)

@action
def blink() -> None:
    """It blinks."""
    awake.value = ~awake.value

@invariant(premise=lambda: dreaming.value)
def sleeps_to_dream() -> Bool:
    """Nobody dreams awake."""
    return ~(dreaming.value & awake.value)

system = System("sleepy", (blink,), (sleeps_to_dream,))
''',
}

TESTS = """
import pytest

ran = []

@pytest.mark.udproof("lone-vm")
def test_marked():
    ran.append("marked")

@pytest.mark.udproof(fleet="../late.toml", properties=["pause-bounded"], timeout="10min")
def test_violated():
    ran.append("violated")

@pytest.mark.udproof(fleet="../late.toml", properties=["eligible-only"])
@pytest.mark.udproof("lone-vm", engine="zones", properties="pause-bounded")
def test_two_markers(udproof_verify):
    assert udproof_verify("lone-vm", properties="pause-bounded").holds

@pytest.mark.udproof("teaching", timeout=0)
def test_unknown():
    ran.append("unknown")

def test_vacuous(udproof_verify):
    udproof_verify("../sleepy.py")

def test_misspelt(udproof_verify):
    udproof_verify("teaching", propertys=[])

def test_no_such_file(udproof_verify):
    udproof_verify("missing.toml")

@pytest.mark.udproof
def test_no_fleet():
    pass

def test_marked_later():
    pass

def test_a_test_does_not_run_unless_it_has_passed():
    assert ran == ["marked"]
"""


LATER = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.name == "test_marked_later":
            item.add_marker(pytest.mark.udproof("lone-vm"))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def environment(installed: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "UDPROOF"))}
    return {**own, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}


@pytest.fixture(scope="module")
def project(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a project, and what pytest said there, strict about everything."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in DESIGNS.items():
        (folder / name).write_text(text)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_fleet.py").write_text(TESTS)
    (folder / "tests" / "conftest.py").write_text(LATER)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n")
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "-ra", "--udproof-pictures", "pictures"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env=environment(installed),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return folder, done.stdout


def part(said: str, test: str) -> str:
    """What pytest said of one failure."""
    return re.split(r"\n_{3,} ", said.split(f" {test} _", 1)[1], maxsplit=1)[0].split("\n====", 1)[0]


@pytest.mark.slow
def test_what_passes_passes_and_what_does_not_fails(project: tuple[Path, str]) -> None:
    said = project[1]
    failed = set(re.findall(r"^FAILED tests/test_fleet.py::(\w+)", said, re.MULTILINE))
    assert failed == {
        "test_violated",
        "test_unknown",
        "test_vacuous",
        "test_misspelt",
        "test_no_such_file",
        "test_no_fleet",
        "test_marked_later",
    }
    assert "7 failed, 3 passed" in said
    assert "error" not in said.splitlines()[-1]


@pytest.mark.slow
def test_a_violation_shows_the_steps_and_links_the_picture(project: tuple[Path, str]) -> None:
    folder, said = project
    told = part(said, "test_violated")
    assert "udproof: not passed (VIOLATED: pause-bounded)" in told
    assert "web-0 has been paused for 30 s, and the limit is 30 s" in told
    assert re.search(r"^\d+ +25 s +time +5 s pass, until 30 s +FALSE$", told, re.MULTILINE)
    [link] = re.findall(r"^Picture of pause-bounded: (\S+)$", told, re.MULTILINE)
    picture = Path(unquote(urlparse(link).path))
    assert picture.parent == (folder / "pictures").resolve()
    assert picture.read_text().startswith("<svg")
    assert "Traceback" not in told


@pytest.mark.slow
def test_undecided_and_vacuous_fail_with_that_word(project: tuple[Path, str]) -> None:
    said = project[1]
    assert "not passed (UNKNOWN: one-domain-paused, " in part(said, "test_unknown")
    assert "not passed (VACUOUS: sleeps-to-dream)" in part(said, "test_vacuous")


@pytest.mark.slow
def test_a_mistake_is_told_in_a_sentence(project: tuple[Path, str]) -> None:
    said = project[1]
    assert "udproof has no option propertys here; it has properties, engine," in part(said, "test_misspelt")
    assert "missing.toml" in part(said, "test_no_such_file")
    assert "the marker udproof takes one fleet" in part(said, "test_no_fleet")
    assert "one that is added later finds no fixture udproof_verify" in part(said, "test_marked_later")


# What pytest does with a plugin when it starts: import it, take its options, and configure it.
_COST = """
import sys, time
from _pytest.config import get_config
config = get_config()
before = set(sys.modules)
begun = time.perf_counter()
config.pluginmanager.import_plugin("udproof.plugin")
sys.modules["udproof.plugin"].pytest_configure(config)
cost = time.perf_counter() - begun
print(cost * 1000, *sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
def test_a_project_that_does_not_use_it_pays_little(installed: Path) -> None:
    costs = []
    for _ in range(3):
        env = {**environment(installed), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run([sys.executable, "-c", _COST], env=env, capture_output=True, text=True, check=True)
        cost, *new = done.stdout.split()
        assert set(new) == {"udproof", "udproof.plugin"}
        costs.append(float(cost))
    assert min(costs) < 20, "milliseconds"
