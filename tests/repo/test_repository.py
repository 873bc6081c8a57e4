"""The repository keeps its own rules: imports run one way, types and lint are clean, modules are small, the wheel is whole."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import answers
import generate
import pytest

from udproof.engines.verdict import Outcome
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of, shipped

ROOT = generate.ROOT
ROOTS = ("model", "properties", "counterexamples", "checker")
LONGEST = 450  # lines of a module
SKIPPED = {"__pycache__", "build", "dist", "gallery"}

# The placement rule is switched off in this fleet so that everybody can see what goes wrong: it expects nothing, and fails.
SHOWN_TO_FAIL = {"bad-placement": {"one-domain-paused", "event-in-one-domain"}}


def run(*arguments: str) -> None:
    """A tool of this Python, which must find nothing."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(answers.ROOTS)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"


def files(*endings: str) -> Iterator[Path]:
    """The files of the project, generated and stored data apart."""
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in SKIPPED and (not name.startswith(".") or name == ".ci")]
        yield from (Path(folder) / name for name in names if name.endswith(endings))


def packages() -> list[Path]:
    """The folders with modules, in all roots."""
    return sorted({path.parent for root in ROOTS for path in (ROOT / root).rglob("*.py") if "__pycache__" not in path.parts})


# --- rules for the code


@pytest.mark.slow
def test_imports_run_one_way() -> None:
    run("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))")


@pytest.mark.slow
def test_types_are_strict_and_clean() -> None:
    run("-m", "mypy")
    examples = sorted(str(path) for path in (ROOT / "docs" / "examples").glob("*.py"))
    run("-m", "mypy", "docs/generate.py", "docs/conf.py", "benchmarks", *examples)


def test_mypy_is_told_of_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tops = {f"udproof.{folder.name}" for folder in packages() if folder.parent.name == "udproof"}
    assert set(project["tool"]["mypy"]["packages"]) == tops
    assert set(project["tool"]["importlinter"]["root_packages"]) == tops


def test_lint_is_clean() -> None:
    run("-m", "ruff", "check", ".")


def test_modules_are_small() -> None:
    sources = [path for path in files(".py") if "tests" not in path.relative_to(ROOT).parts]
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert not {name: size for name, size in sizes.items() if size > LONGEST}


def test_no_root_hides_the_others() -> None:
    assert not [root for root in ROOTS if (ROOT / root / "udproof" / "__init__.py").exists()]


def test_no_module_stands_directly_in_the_namespace() -> None:
    assert not [path for root in ROOTS for path in (ROOT / root / "udproof").glob("*.py")]


def test_every_package_says_that_it_is_typed() -> None:
    assert not [str(folder.relative_to(ROOT)) for folder in packages() if not (folder / "py.typed").exists()]


# --- what is installed


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel that is built from this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    if importlib.util.find_spec("hatchling"):
        run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    else:
        run("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    [built] = folder.glob("*.whl")
    return zipfile.ZipFile(built).namelist()


@pytest.mark.slow
def test_a_wheel_adds_exactly_one_name(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == {"udproof"}


@pytest.mark.slow
def test_a_wheel_holds_every_module_and_its_data(wheel: list[str]) -> None:
    wanted = {
        str(path.relative_to(ROOT / root))
        for root in ROOTS
        for path in (ROOT / root).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= set(wheel)
    assert {f"udproof/protocol/fleets/{name}.toml" for name in (*shipped(), "starter")} <= set(wheel)
    assert "udproof/protocol/fleets/fleet.schema.json" in wheel
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)


# --- what is shipped


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_a_shipped_fleet_gives_what_it_expects(name: str) -> None:
    if name in generate.TOO_LARGE:
        pytest.skip("takes minutes or more: not for a test")
    expected = read_fleet(path_of(name)).expect
    result = generate.verified(name)
    assert result.complete
    if expected == "proved":
        assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PROVED}
    else:
        assert set(generate.violated(name)) == (SHOWN_TO_FAIL[name] if expected is None else set(expected))


# --- what nobody else should have to read

_FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.:/])/(?:wo" r"rk|tm" r"p|ro" r"ot|ho" r"me|Us" r"ers)/"),
    "a document that is not of the project": re.compile(r"\.\./sha" r"red\b"),
    "the host of a package registry": re.compile(r"(?:py" r"pi|pythonhosted|crates|npmjs)\.(?:org|io|com)"),
    "an unfinished place": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}


def test_nothing_speaks_of_one_workplace() -> None:
    found = []
    for path in files(".py", ".md", ".toml", ".json", ".txt", ".cfg", "run"):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {what}" for what, pattern in _FORBIDDEN.items() if pattern.search(text)]
    assert not found


def test_only_the_readme_says_how_to_set_up() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [
        line for block in re.findall(r"^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE) for line in block.splitlines()
    ]
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/udproof verify teaching",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest",
    ]
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "pip install" not in script.read_text(encoding="utf-8"), "it takes the command from the README"
