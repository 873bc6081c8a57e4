"""The command as a process: exit codes, limits, interrupts, pipes, terminals, and what it imports to say hello."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from udproof.cli.commands import program
from udproof.properties import CORE

ROOT = Path(__file__).resolve().parents[2]
UDPROOF = [sys.executable, "-c", "from udproof.cli import main; main()"]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("model", "properties", "counterexamples", "checker")),
    "COLUMNS": "120",
}

# A lock with nine wheels of ten digits: more states than any of these tests will wait for, and no two elements are alike.
LOCK = '''
import sys
from dataclasses import replace

from udproof.language import Bool, Int, System, Variable, action, invariant, ite

wheels = [Variable(f"wheel{number}", to=Int.between(0, 9), init=0) for number in range(9)]


def turning(wheel):
    @action
    def turn() -> None:
        """A wheel turns by one digit."""
        wheel.value = ite(wheel.value == 9, 0, wheel.value + 1)

    return replace(turn, name=f"turn_{wheel.symbol.name}")


@invariant()
def digits() -> Bool:
    """A wheel shows a digit."""
    return wheels[0].value <= 9


system = System("lock", actions=tuple(turning(wheel) for wheel in wheels), properties=(digits,))
print("read", file=sys.stderr, flush=True)
'''


def udproof(*args: str, folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*UDPROOF, *args], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    return done


def broken_trace(folder: Path) -> str:
    """A trace of a shipped model with a step taken out."""
    CliRunner().invoke(program, ["verify", "--mutant", "PauseOverrun", "--report", "itf=run.itf.json"])
    document = json.loads((folder / "run.itf.json").read_text())
    document["states"].pop(2)
    (folder / "run.itf.json").write_text(json.dumps(document))
    return "run.itf.json"


def vacuous(folder: Path) -> str:
    text = LOCK.replace("@invariant()", "@invariant(premise=lambda: wheels[0].value > 9)")
    (folder / "vacuous.py").write_text(text.replace("range(9)", "range(2)"))
    return "vacuous.py"


def hopeful(folder: Path) -> str:
    (folder / "hopeful.toml").write_text(
        'name = "hopeful"\nexpect = { violated = "pause-bounded" }\n'
        '[[host]]\nname = "h"\nstep = "s"\n[[vm]]\nname = "v"\nhost = "h"\n[walk]\nnotice = "20s"\nrecovery = "30s"\n'
    )
    return "hopeful.toml"


def test_exit_codes_of_the_process(tmp_path: Path) -> None:
    for args, code in [(["verify", "bad-placement", "lone-vm"], 10), (["verify", "--no-such-option"], 2), (["--help"], 0)]:
        assert udproof(*args, folder=tmp_path).returncode == code, args


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = [
        (["verify", "lone-vm"], 0),
        (["verify", "bad-placement"], 10),
        (["verify", "--mutant", "SilentFreeze"], 10),
        (["verify", hopeful(tmp_path)], 8),
        (["verify", "teaching", "--timeout", "0s"], 5),
        (["verify", vacuous(tmp_path)], 9),
        (["verify", "nowhere.toml"], 2),
        (["verify", "--no-such-option"], 2),
        (["replay", broken_trace(tmp_path)], 6),
        (["verify", "lone-vm", vacuous(tmp_path), "bad-placement"], 10),
        (["--help"], 0),
    ]
    for args, code in table:
        assert CliRunner().invoke(program, args).exit_code == code, args


@pytest.mark.slow
@pytest.mark.parametrize("limit", [("--timeout", "1s"), ("--memory", "64MB")])
def test_a_limit_on_a_large_fleet_leaves_all_undecided(limit: tuple[str, str], tmp_path: Path) -> None:
    began = time.monotonic()
    done = udproof("verify", "large", *limit, folder=tmp_path)
    assert done.returncode == 5
    assert "PROVED" not in done.stdout
    assert done.stdout.count("UNKNOWN") == len(CORE) + 1  # and that time can pass
    assert re.search(r"Searched: \d+ states, .* depth \d+, .* s, .* MB; not complete: .* limit of", done.stdout)
    assert limit[0] == "--memory" or time.monotonic() - began < 30, "one second is not half a minute"


@pytest.mark.parametrize("limit", [("--timeout", "1s"), ("--memory", "96MB")])
def test_a_limit_ends_a_search_with_figures(limit: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "lock.py").write_text(LOCK)
    done = udproof("verify", "lock.py", *limit, "--format", "json", folder=tmp_path)
    assert done.returncode == 5
    data = json.loads(done.stdout)
    assert (data["complete"], data["counts"]["unknown"], data["counts"]["proved"]) == (False, 1, 0)
    assert data["figures"]["states"] > 1000
    assert data["figures"]["frontier"] > 0
    assert "limit of" in data["stopped"]


def test_the_memory_limit_is_kept_as_seen_from_outside(tmp_path: Path) -> None:
    (tmp_path / "lock.py").write_text(LOCK)
    command = [*UDPROOF, "verify", "lock.py", "--memory", "80MB", "--quiet"]
    # A child that has not called exec yet counts with its parent's memory, so the parent has to be a small process.
    watch = "import resource, subprocess, sys\ncode = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode\n"
    watch += "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    seen = subprocess.run(
        [sys.executable, "-c", watch, *command], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    *answer, last = seen.stdout.splitlines()
    code, most = map(int, last.split())
    assert code == 5
    assert any("the memory limit of 80 MB was reached" in line for line in answer)
    assert most * (1 if sys.platform == "darwin" else 1024) <= 1.1 * 80e6


def test_ctrl_c_tells_how_far_it_got(tmp_path: Path) -> None:
    (tmp_path / "lock.py").write_text(LOCK)
    command = [*UDPROOF, "verify", "lock.py", "lone-vm"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == "read\n"
        time.sleep(1.5)  # for the search to begin
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"lock\.py: interrupted after \d+\.\d s: [1-9]\d+ states, \d+ transitions, depth [1-9]\d*\.", err)
    assert "UNKNOWN  digits" in out
    assert "PROVED" not in out
    assert "lone-vm" not in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("args", "code"),
    [(["verify", "lone-vm"], 0), (["verify", "bad-placement", "--report", "json=x.json"], 10), (["schema"], 0), (["--help"], 0)],
)
def test_a_reader_who_leaves_early_changes_nothing_in_the_answer(args: list[str], code: int, tmp_path: Path) -> None:
    gone, end = os.pipe()
    os.close(gone)
    done = subprocess.run(
        [*UDPROOF, *args], cwd=tmp_path, env=ENVIRONMENT, stdout=end, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(end)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert (tmp_path / "x.json").exists() is ("json=x.json" in args)


def test_on_a_terminal_progress_is_a_live_line_that_vanishes(tmp_path: Path) -> None:
    (tmp_path / "lock.py").write_text(LOCK)
    ours, theirs = pty.openpty()
    command = [*UDPROOF, "verify", "lock.py", "--timeout", "2s"]
    environment = ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if not piece:
                break
            seen += piece
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 5
    assert re.search(rb"lock: \d+ states, \d+ transitions, depth \d+, \d+ states/s, frontier \d+ growing, \d+ MB, ", seen)
    assert "states/s" not in out


def test_the_help_imports_nothing_heavy(tmp_path: Path) -> None:
    script = """
import sys
from udproof.cli.commands import program
for args in (["--help"], ["verify", "--help"], ["list", "--help"]):
    try:
        program.main(args)
    except SystemExit as left:
        assert left.code == 0
heavy = ("pydantic", "rich", "tomllib", "json", "udproof.language", "udproof.protocol", "udproof.properties", "udproof.engines",
         "udproof.counterexamples", "udproof.cli.verify", "udproof.cli.sources")
found = sorted(name for name in sys.modules if name in heavy)
assert not found, found
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Usage: udproof") == 3


def test_shell_completion_is_there(tmp_path: Path) -> None:
    environment = ENVIRONMENT | {"_UDPROOF_COMPLETE": "bash_complete", "COMP_WORDS": "udproof ver", "COMP_CWORD": "1"}
    done = subprocess.run(UDPROOF, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "plain,verify\n"
