"""The command, called within the process: what it prints, what it writes, and how it ends."""

import json
import re
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result

from udproof.cli import catalog, engines, progress, report_text, reports, verify
from udproof.cli.commands import program
from udproof.cli.console import clean
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.parameters import Memory
from udproof.cli.runs import judged
from udproof.cli.sources import load
from udproof.engines.explore import Explore
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Verdict
from udproof.engines.verdict import Result as Answer
from udproof.language import Property, System
from udproof.properties import ALL as PROPERTIES
from udproof.protocol import fleets, mutants
from udproof.protocol.assembly import PARTS
from udproof.protocol.faults import FAULTS
from udproof.protocol.fleet_file import parse_fleet

Udproof = Callable[..., Result]

TURNSTILE = '''
from udproof.language import Bool, Int, System, Variable, action, implies, invariant, require

count = Variable("count", to=Int.between(0, 9), init=0)


@action(by="visitor")
def enter() -> None:
    """Somebody enters."""
    require(count.value < 3)
    count.value = count.value + 1


@invariant(premise=lambda: count.value > 0, cause=lambda: f"{count.value} are inside")
def few() -> Bool:
    """At most two are inside."""
    return count.value <= 2


@invariant(premise=lambda: count.value > 7)
def never_tested() -> Bool:
    """Eight make a crowd."""
    return count.value < 9


system = System("turnstile", actions=(enter,), properties=(few, never_tested), assumptions=("nobody jumps over it",))
'''


@pytest.fixture
def udproof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Udproof:
    """Calls the command in an empty folder; whatever it does, it must not end in an exception or a traceback."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str, **env: str) -> Result:
        result = CliRunner().invoke(program, list(args), env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result

    return call


def fleet_with(tmp_path: Path, name: str, expect: str) -> str:
    """A shipped fleet as a file of one's own, with another expectation."""
    text = re.sub(r"^expect = .*\n", "", fleets.path_of(name).read_text(), flags=re.MULTILINE)
    path = tmp_path / f"my-{name}.toml"
    path.write_text(text.replace(f'name = "{name}"\n', f'name = "{name}"\nexpect = {expect}\n', 1))
    return path.name


def schema_of_results() -> dict[str, Any]:
    return json.loads((resources.files("udproof.cli") / "result.schema.json").read_text())


def checked(document: str) -> dict[str, Any]:
    """The JSON of a result, after a look at whether it is as the schema says."""
    data = json.loads(document)
    jsonschema.Draft202012Validator(schema_of_results()).validate(data)
    return data


# --- verify, as text


def test_verify_proves_a_fleet_and_says_on_what_that_rests(udproof: Udproof) -> None:
    result = udproof("verify", "lone-vm")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"lone-vm, model [0-9a-f]{16}: 1 host, 1 VM, 1 step; unit of time 5 s", lines[0])
    verdicts = [line for line in lines if line.startswith("PROVED (this fleet)")]
    assert [line.split()[3] for line in verdicts] == [prop.name for prop in load("lone-vm").system.checks]
    assert all("No " in line or "." in line for line in verdicts), "each line has the statement"
    assert all("(it holds in all 145 reachable states)" in line for line in verdicts)
    assert "  - the walk goes by update domain" in lines
    assert "Warning: never fired: reboot, boot." in lines
    assert re.search(r"Fired: announce 2, close 24, .*approve 10\.", result.stdout)
    assert re.search(r"Searched: 145 states, \d+ transitions, depth 28, .* s, .* MB; every reachable", result.stdout)
    assert result.stderr == ""


def test_verify_shows_a_violation_with_cause_steps_and_how_to_draw_it(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")  # wide enough that no cell of the table is broken into two lines
    result = udproof("verify", "bad-placement")
    assert result.exit_code == 10
    assert "one-domain-paused is violated at step 7, after 0 s" in result.stdout
    assert "  db-0 (UD 0) and db-1 (UD 1) of db are impacted at the same time." in result.stdout
    assert re.search(r"^7 .* (rack-[12]) .* stage\[\1\]: quiescing → paused .* FALSE$", result.stdout, re.MULTILINE)
    assert "udproof verify bad-placement --property event-in-one-domain --report svg=event-in-one-domain.svg" in result.stdout


def test_verify_takes_systems_of_ones_own(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "turnstile.py").write_text(TURNSTILE)
    result = udproof("verify", "turnstile.py")
    assert result.exit_code == 10
    assert "VIOLATED  few " in result.stdout
    assert "  3 are inside." in result.stdout
    assert "  - nobody jumps over it" in result.stdout


def test_a_property_that_is_never_put_to_the_test_is_vacuous(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "turnstile.py").write_text(TURNSTILE)
    result = udproof("verify", "turnstile.py", "--property", "never-tested")
    assert result.exit_code == 9
    assert "VACUOUS" in result.stdout
    assert "PROVED" not in result.stdout


def test_a_system_without_properties_has_nothing_checked(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text(TURNSTILE.replace("properties=(few, never_tested)", "properties=()"))
    result = udproof("verify", "empty.py")
    assert result.exit_code == 7
    assert "nothing was checked" in result.stderr


def test_some_properties_can_be_selected_and_the_others_are_counted(udproof: Udproof) -> None:
    result = udproof("verify", "lone-vm", "--property", "pause-bounded", "--property", "eligible-only")
    assert result.exit_code == 0
    assert result.stdout.count("PROVED") == 2
    assert "12 of 14 properties were not selected, and not checked." in result.stdout


def test_an_unknown_property_is_no_pass(udproof: Udproof) -> None:
    result = udproof("verify", "lone-vm", "--property", "pause-bouned")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "--property pause-bouned: lone-vm has no such property; did you mean pause-bounded?\n"


def test_limits_leave_what_is_undecided_unknown(udproof: Udproof) -> None:
    for limit in (("--timeout", "0s"), ("--memory", "1MB")):
        result = udproof("verify", "teaching", *limit)
        assert result.exit_code == 5
        assert result.stdout.count("UNKNOWN") == 14
        assert "PROVED" not in result.stdout
        assert "limit of" in result.stdout


def test_stop_at_first_leaves_the_rest_undecided(udproof: Udproof) -> None:
    result = udproof("verify", "bad-placement", "--stop-at-first")
    assert result.exit_code == 10
    assert "VIOLATED  event-in-one-domain" in result.stdout
    assert result.stdout.count("UNKNOWN") == 13


def test_the_worst_of_several_files_counts(udproof: Udproof) -> None:
    result = udproof("verify", "lone-vm", "bad-placement", "lone-vm")
    assert result.exit_code == 10
    assert result.stdout.count("PROVED (this fleet)  pause-bounded") == 3


def test_the_order_of_the_codes() -> None:
    order = [Code.INTERRUPTED, Code.INTERNAL, Code.USAGE, Code.VIOLATED, Code.UNEXPECTED, Code.MISSING, Code.UNDECIDED]
    order += [Code.NOTHING, Code.VACUOUS, Code.EMPTY, Code.HOLDS]
    assert sorted(Code) == sorted(order)
    for place, code in enumerate(order):
        assert worst(order[place:]) is worst(reversed(order[place:])) is code
    assert worst([]) is Code.NOTHING


def test_a_mistake_in_one_file_is_told_before_any_search(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[walk]\nnotise = 1\n")
    (tmp_path / "b.py").write_text("system = 1\n")
    result = udproof("verify", "lone-vm", "a.toml", "b.py", "teachin")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "a.toml:2:1: walk.notise" in result.stderr
    assert "b.py:1: system is of type int, not System" in result.stderr
    assert "did you mean teaching?" in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["verfy"], "'verify'?"),
        (["verify", "--propery", "x"], "Did you mean '--property'?"),
        (["verify", "nowhere.toml"], "nowhere.toml:1:1: the file: there is no such file"),
        (["verify", "nowhere.py"], "nowhere.py: there is no such file"),
        (["verify", "."], "this is a directory"),
        (["verify", "trace.itf.json"], "udproof replay trace.itf.json"),
        (["verify", "a\0b"], "a\\x00b"),
        (["verify", "a\0b.py"], "a\\x00b.py"),
        (["verify", "--mutant", "PausOverrun"], "did you mean PauseOverrun?"),
        (["verify", "--mutant", "Pause"], "did you mean PauseOverrun?"),
        (["verify", "--mutant", "???"], "the known names are AnnouncedWhileRecovering, "),
        (["verify", "--mutant", "PauseOverrun", "x.py"], "x.py is a system file"),
        (["verify", "--memory", "4"], "write 4GB"),
        (["verify", "--memory", "4gb"], "write 4GB"),
        (["verify", "--memory", "4X"], "the units are kB, MB, GB, KiB, MiB, GiB"),
        (["verify", "--memory", "much"], 'such as "4GB"'),
        (["verify", "--timeout", "10"], 'write "10s" for seconds'),
        (["verify", "--timeout", "-1s"], "negative"),
        (["verify", "--engine", "bdd"], "'explore', 'zones', 'bounded', 'parametric', 'abstraction', 'auto'"),
        (["verify", "--report", "pdf=x"], "FORMAT is json, junit, sarif, html, markdown, svg"),
        (["verify", "--report", "json"], "write json=PATH"),
        (["verify", "--report", "json=."], "this is a directory"),
        (["verify", "--report", "json=no/where.json"], "there is no directory"),
        (["verify", "--report", "json=x", "--report", "svg=./x"], "that of another report already"),
        (["verify", "lone.toml", "--report", "json=lone.toml"], "that of a file to verify already"),
        (["list", "things"], "'properties', 'faults', 'mutants', 'fleets', 'parts'"),
        (["simulate", "--steps", "0"], "--steps"),
        (["render", "x", "--to", "pdf"], "'svg', 'png', 'sequence', 'mermaid', 'html', 'markdown', 'text'"),
        (["replay", "nowhere.itf.json"], "nowhere.itf.json: the file cannot be read (No such file or directory)"),
        ([], "Usage: udproof"),
    ],
)
def test_mistakes_in_usage(udproof: Udproof, tmp_path: Path, args: list[str], said: str) -> None:
    (tmp_path / "lone.toml").write_text(fleets.path_of("lone-vm").read_text())
    result = udproof(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert not args or len(result.stderr.splitlines()) == 1


# --- expectations of a fleet


@pytest.mark.parametrize(
    ("name", "expect", "more", "code", "said"),
    [
        ("lone-vm", '"proved"', [], 0, None),
        ("bad-placement", '"proved"', [], 10, None),
        ("bad-placement", '{ violated = ["one-domain-paused", "event-in-one-domain"] }', [], 0, "as expected"),
        ("bad-placement", '{ violated = ["one-domain-paused"] }', [], 10, None),
        ("bad-placement", '{ violated = ["one-domain-paused"] }', ["--property", "one-domain-paused"], 0, "as expected"),
        ("bad-placement", '{ violated = ["one-domain-paused"] }', ["--property", "pause-bounded"], 0, None),
        ("bad-placement", '{ violated = ["one-domain-paused", "event-in-one-domain"] }', ["--stop-at-first"], 5, None),
        ("lone-vm", '{ violated = "pause-bounded" }', [], 8, "unexpected: the fleet file says that pause-bounded is violated"),
        ("lone-vm", '{ violated = "pause-bounded" }', ["--timeout", "0s"], 5, None),
        ("lone-vm", '{ violated = "pause-bounded" }', ["--mutant", "PauseOverrun"], 10, None),
        ("lone-vm", '{ violated = "pause-bound" }', [], 2, "did you mean pause-bounded?"),
    ],
)
def test_expectations(
    udproof: Udproof, tmp_path: Path, name: str, expect: str, more: list[str], code: int, said: str | None
) -> None:
    result = udproof("verify", fleet_with(tmp_path, name, expect), *more)
    assert result.exit_code == code
    assert (said or "") in result.output
    assert said or "expected" not in result.stdout


# --- how it is searched


def test_symmetry_and_workers_are_told_where_they_matter(udproof: Udproof) -> None:
    plain = udproof("verify", "teaching", "--no-symmetry", "--jobs", "1")
    assert re.search(r"Searched: 4685 states, \d+ transitions, .* MB, without symmetry; every reachable", plain.stdout)
    data = checked(udproof("verify", "teaching", "--jobs", "2", "--format", "json").stdout)
    told = {"engine": "explore", "symmetry": True, "workers": 1, "resumed": None, "looked_into": None}
    assert data["search"] == told
    assert data["figures"]["stored"] < data["figures"]["states"] == 4685


def test_a_search_that_was_ended_goes_on_from_its_checkpoint(udproof: Udproof) -> None:
    ended = udproof("verify", "bad-placement", "--stop-at-first", "--checkpoint", "kept")
    assert (ended.exit_code, ended.stdout.count("UNKNOWN")) == (10, 13)
    assert ended.stderr == "bad-placement: to go on from the last checkpoint, give --resume kept.\n"
    plain = checked(udproof("verify", "bad-placement", "--format", "json").stdout)
    resumed = udproof("verify", "bad-placement", "--resume", "kept")
    assert resumed.exit_code == 10
    assert re.search(rf"Searched: {plain['figures']['states']} states .* MB, resumed at depth 1; every reachable", resumed.stdout)
    again = checked(udproof("verify", "bad-placement", "--resume", "kept", "--format", "json").stdout)
    for data in (plain, again):
        data.pop("search")
        for figures in (data["figures"], *data["verdicts"]):
            figures.pop("seconds")
        data["figures"].pop("memory")
    assert again == plain


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["lone-vm", "--checkpoint", "x", "--resume", "x"], "leave --checkpoint out"),
        (["teaching", "lone-vm", "--checkpoint", "x"], "--checkpoint x: a checkpoint is of one file"),
        (["teaching", "lone-vm", "--resume", "x"], "--resume x: a checkpoint is of one file"),
        (["lone-vm", "--resume", "x"], "x: there is no checkpoint"),
        (["lone-vm", "--checkpoint", "no/where"], "no checkpoint can be kept there (No such file or directory)"),
        (["lone-vm", "--checkpoint", "kept"], "kept: this folder holds a checkpoint already"),
        (["teaching", "--resume", "kept"], "kept: this checkpoint does not fit: it is of another model (lone-vm, "),
        (["lone-vm", "--resume", "kept", "--property", "pause-bounded"], "it was made for other properties ("),
        (["lone-vm", "--resume", "kept", "--no-symmetry"], "it was made with --symmetry"),
        (["lone-vm", "--jobs", "0"], "0 is not in the range"),
    ],
)
def test_mistakes_with_checkpoints(udproof: Udproof, args: list[str], said: str) -> None:
    udproof("verify", "lone-vm", "--checkpoint", "kept")
    result = udproof("verify", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_sentences_are_wrapped_on_a_terminal_only() -> None:
    subject = load("lone-vm")
    run = judged(subject, subject.system.checks, Explore().verify(subject.system, subject.system.checks, Limits()))
    piped, shown = list(report_text.text(run, 90)), list(report_text.text(run, 90, wrap=True))
    assert max(map(len, piped)) > 132
    assert max(len(click.unstyle(line)) for line in shown) <= 90
    together = [" ".join(click.unstyle(" ".join(lines)).split()) for lines in (piped, shown)]
    assert together[0] == together[1]
    row = next(at for at, line in enumerate(shown) if "pause-bounded" in click.unstyle(line))
    assert shown[row + 1].startswith(" " * 20), "what a verdict goes on with stands under its statement"


# --- mutants


def test_a_mutant_is_looked_for_in_its_own_fleet_and_expectations_do_not_count(udproof: Udproof) -> None:
    result = udproof("verify", "--mutant", "PauseOverrun")
    assert result.exit_code == 10
    assert "teaching with the mistake PauseOverrun" in result.stdout
    assert "what the fleet file expects is not asked" in result.stderr
    assert "udproof verify teaching --mutant PauseOverrun --property pause-bounded --report" in result.stdout


def test_a_mutant_that_does_not_fit_is_refused(udproof: Udproof, tmp_path: Path) -> None:
    text = fleets.path_of("lone-vm").read_text().replace("attempts = 2", 'attempts = 2\napproval = "nobody"')
    (tmp_path / "lone.toml").write_text(text)
    refused: dict[str, tuple[str, ...]] = {}
    for mutant in mutants.ALL:
        try:
            load("lone.toml", mutant.name)
        except Refused as problem:
            refused[mutant.name] = tuple(problem.sentences)
    assert set() < set(refused) < {mutant.name for mutant in mutants.ALL} and all(refused.values())
    name, sentences = next(iter(refused.items()))
    result = udproof("verify", "lone.toml", "--quiet", "--mutant", name)
    assert result.exit_code == 2 and sentences[0] in result.stderr


# --- verify, as JSON and as reports


@pytest.mark.parametrize(
    "args",
    [["lone-vm"], ["bad-placement"], ["--mutant", "NoResync"], ["teaching", "--timeout", "0s"], ["lone-vm", "bad-placement"]],
)
def test_json_is_as_its_schema_says(udproof: Udproof, args: list[str]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of_results())
    result = udproof("verify", *args, "--format", "json", "--quiet")
    data = checked(result.stdout)
    assert data["schema_version"] == 1
    for run in data.get("runs", [data]):
        counts = run["counts"]
        assert counts["selected"] == len(run["verdicts"]) == sum(counts[outcome.value] for outcome in Outcome)
        assert counts["available"] == counts["selected"] + counts["skipped"]
        assert counts["checked"] == counts["proved"] + counts["violated"]
        assert all((verdict["trace"] is not None) == (verdict["verdict"] == "violated") for verdict in run["verdicts"])


def test_the_schema_refuses_a_proof_without_a_complete_search(udproof: Udproof) -> None:
    data = checked(udproof("verify", "lone-vm", "--format", "json").stdout)
    with pytest.raises(jsonschema.ValidationError):
        checked(json.dumps({**data, "complete": False}))


def test_json_says_which_model_it_is_about(udproof: Udproof) -> None:
    data = checked(udproof("verify", "--mutant", "NoResync", "--format", "json").stdout)
    subject = load(None, "NoResync")
    assert data["model"] == {
        "hash": subject.system.hash,
        "fleet": "teaching",
        "kind": "fleet",
        "source": "teaching",
        "mutant": "NoResync",
        "parts": ["walk", "events", "host", "tenant", "vm"],
        "faults": {},
    }
    assert (data["exit_code"], data["expected"], data["complete"]) == (10, None, True)


def test_json_says_which_faults_the_fleet_allows(udproof: Udproof) -> None:
    data = checked(udproof("verify", "breakdown", "--format", "json").stdout)
    assert data["model"]["faults"] == {"hang": 1, "host-failure": 1}, "its file allows one of each"


def test_json_is_the_same_each_time_but_for_time_and_memory(udproof: Udproof) -> None:
    texts = [udproof("verify", "bad-placement", "--format", "json").stdout for _ in range(2)]
    first, second = (re.sub(r'"(seconds|memory)": [0-9.]+', "", text) for text in texts)
    assert first == second


def test_reports_are_written_beside_the_text(udproof: Udproof, tmp_path: Path) -> None:
    result = udproof(
        *("verify", "bad-placement", "--report", "json=all.json", "--report", "markdown=all.md"),
        *("--report", "svg=picture.svg", "--report", "itf=run.itf.json"),
    )
    assert result.exit_code == 10
    assert "VIOLATED" in result.stdout
    names = ("one-domain-paused", "event-in-one-domain")
    expected = ["all.json", "all.md", *(f"picture-{name}.svg" for name in names), *(f"run-{name}.itf.json" for name in names)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)
    assert result.stderr.splitlines() == [
        "all.json: json report written.",
        "all.md: markdown report written.",
        *(f"picture-{name}.svg: svg report written." for name in names),
        *(f"run-{name}.itf.json: itf report written." for name in names),
    ]
    assert checked((tmp_path / "all.json").read_text())["counts"]["violated"] == 2
    assert (tmp_path / "picture-one-domain-paused.svg").read_text().startswith("<svg")
    markdown = (tmp_path / "all.md").read_text()
    assert "## one-domain-paused is violated at step 7, after 0 s" in markdown
    assert "| **VIOLATED** | one-domain-paused |" in markdown


def test_one_violation_takes_the_path_as_it_is_given(udproof: Udproof, tmp_path: Path) -> None:
    udproof("verify", "bad-placement", "--property", "one-domain-paused", "--report", "svg=picture.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.svg"]


def test_violations_of_several_files_have_the_names_of_both(udproof: Udproof, tmp_path: Path) -> None:
    name = fleet_with(tmp_path, "bad-placement", '"proved"')
    udproof("verify", "bad-placement", name, "--property", "one-domain-paused", "--report", "itf=run.itf.json")
    written = {path.name for path in tmp_path.iterdir()} - {name}
    assert written == {"run-bad-placement-one-domain-paused.itf.json", "run-my-bad-placement-one-domain-paused.itf.json"}


def test_without_a_violation_there_is_no_picture_and_a_word_about_it(udproof: Udproof, tmp_path: Path) -> None:
    result = udproof("verify", "lone-vm", "--report", "svg=picture.svg")
    assert result.exit_code == 0
    assert result.stderr == "--report svg=picture.svg: no property is violated, so there is no counterexample to write.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_after_all_costs_no_verdict(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: object, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reports, "write_atomically", full)
    formats = ("json", "markdown", "junit", "sarif", "html")
    result = udproof("verify", "lone-vm", *(part for form in formats for part in ("--report", f"{form}=x.{form}")))
    assert result.exit_code == 2
    assert "PROVED" in result.stdout
    for form in formats:
        assert f"x.{form}: the {form} report could not be written (No space left on device)." in result.stderr


# --- an engine is not believed


def lying(change: Callable[[Answer], Answer]) -> type[Explore]:
    class Lying(Explore):
        def verify(
            self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None
        ) -> Answer:
            return change(super().verify(system, properties, limits, progress))

    return Lying


def shortened(answer: Answer) -> Answer:
    def cut(verdict: Verdict) -> Verdict:
        trace = verdict.trace and replace(verdict.trace, steps=verdict.trace.steps[:-1])
        return replace(verdict, trace=trace)

    return replace(answer, verdicts=tuple(cut(verdict) for verdict in answer.verdicts))


def unfollowable(answer: Answer) -> Answer:
    def cut(verdict: Verdict) -> Verdict:
        trace = verdict.trace and replace(verdict.trace, steps=verdict.trace.steps[1:])
        return replace(verdict, trace=trace)

    return replace(answer, verdicts=tuple(cut(verdict) for verdict in answer.verdicts))


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: replace(answer, complete=False),
        lambda answer: replace(answer, verdicts=answer.verdicts[1:]),
        lambda answer: replace(answer, verdicts=tuple(replace(v, trace=None) for v in answer.verdicts)),
        lambda answer: replace(answer, verdicts=tuple(replace(v, outcome=Outcome.PROVED) for v in answer.verdicts)),
        shortened,
        unfollowable,
    ],
)
def test_a_result_that_cannot_be_true_is_an_internal_error(
    udproof: Udproof, monkeypatch: pytest.MonkeyPatch, change: Callable[[Answer], Answer]
) -> None:
    monkeypatch.setattr(engines, "Explore", lying(change))
    result = udproof("verify", "bad-placement")
    assert result.exit_code == 6
    assert result.stdout == ""
    assert "internal error" in result.stderr
    assert "please report" in result.stderr
    assert f"hash {load('bad-placement').system.hash}" in result.stderr


def test_what_is_finished_is_told_when_the_next_one_fails(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(answer: Answer) -> Answer:
        if any(verdict.outcome is Outcome.VIOLATED for verdict in answer.verdicts):
            raise RuntimeError("the engine stumbled")
        return answer

    monkeypatch.setattr(engines, "Explore", lying(fail))
    result = udproof("verify", "lone-vm", "bad-placement", "--format", "json", "--report", "markdown=all.md")
    assert result.exit_code == 6
    data = checked(result.stdout)
    assert data["files"] == {"given": 2, "verified": 1}
    assert data["runs"][0]["model"]["fleet"] == "lone-vm"
    assert "RuntimeError: the engine stumbled; model bad-placement, hash " in result.stderr
    assert "all.md: markdown report written." in result.stderr


def test_a_traceback_is_shown_to_those_who_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(answer: Answer) -> Answer:
        raise RuntimeError("the engine stumbled")

    monkeypatch.setattr(engines, "Explore", lying(fail))
    for args, env in ((["--debug"], {}), ([], {"UDPROOF_DEBUG": "1"})):
        result = CliRunner().invoke(program, ["verify", "lone-vm", *args], env=env)
        assert result.exit_code == 6
        assert "Traceback" in result.stderr
        assert result.stdout == ""


def test_an_interrupt_ends_everything_and_tells_how_far_it_got(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(answer: Answer) -> Answer:
        verdicts = tuple(Verdict(v.property, Outcome.UNKNOWN, "not decided") for v in answer.verdicts)
        return replace(answer, verdicts=verdicts, complete=False, stopped="it was interrupted", interrupted=True)

    monkeypatch.setattr(engines, "Explore", lying(interrupted))
    result = udproof("verify", "lone-vm", "bad-placement")
    assert result.exit_code == 130
    assert re.search(r"lone-vm: interrupted after .* s: 145 states, \d+ transitions, depth 28\.", result.stderr)
    assert "bad-placement" not in result.output
    assert "PROVED" not in result.output


def test_an_interrupt_before_the_search(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(answer: Answer) -> Answer:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "Explore", lying(interrupt))
    result = udproof("verify", "lone-vm", "bad-placement")
    assert result.exit_code == 130
    assert "interrupted before the search began" in result.stderr


# --- the terminal


HOSTILE = "a\x1b[2Jb\u202ec\x07"


def test_names_cannot_speak_to_the_terminal(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "hostile.py").write_text(
        TURNSTILE.replace('System("turnstile"', f"System({HOSTILE!r}").replace('"nobody jumps over it"', repr(HOSTILE))
    )
    written = udproof("verify", "hostile.py", "--report", "itf=run.itf.json", "--report", "markdown=run.md", "--color", "always")
    replayed = udproof("replay", "run.itf.json", "--fleet", "hostile.py")
    unknown = udproof("verify", "hostile.py", "--property", HOSTILE)
    asked = udproof("replay", "run.itf.json")
    assert (written.exit_code, replayed.exit_code, unknown.exit_code, asked.exit_code) == (10, 0, 2, 2)
    for result in (written, replayed, unknown, asked):
        assert clean(HOSTILE) in result.output
        plain = re.sub(r"\x1b\[[0-9;]*m", "", result.output)
        assert all(character.isprintable() for character in plain.replace("\n", ""))
    assert "\x1b" not in (tmp_path / "run.md").read_text()


@pytest.mark.parametrize(
    ("args", "env", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, False),
    ],
)
def test_colours(udproof: Udproof, args: list[str], env: dict[str, str], coloured: bool) -> None:
    environment = {"NO_COLOR": "", "FORCE_COLOR": ""} | env
    assert ("\x1b[" in udproof("verify", "lone-vm", *args, **environment).stdout) is coloured


FIGURES = Figures(states=1000, stored=1000, transitions=2000, depth=7, seconds=2.0, frontier=30, memory=5 * 10**7)


def test_progress_is_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.progress("a\x1bb", quiet=False) as told:
        assert told is not None
        for now[0] in (1.0, 9.9, 10.0, 11.0, 19.9, 20.0):
            told(FIGURES)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "a\\x1bb: 1000 states, 2000 transitions, depth 7, 500 states/s, frontier 30, 50 MB, 2 s"
    assert len(lines) == 2


def test_progress_tells_rate_trend_and_a_bound_that_says_something(capsys: pytest.CaptureFixture[str]) -> None:
    since = progress._Since()
    since.line(FIGURES)
    more = replace(FIGURES, states=4000, seconds=3.5, frontier=40, workers=2, bound=10**6)
    assert since.line(more) == (
        "4000 states (1000 stored), 2000 transitions, depth 7, 2000 states/s, frontier 40 growing, 50 MB, 2 workers, "
        "at most 1000000 states exist, 4 s"
    )
    fewer = replace(more, frontier=39, bound=10**9)
    assert "frontier 39 shrinking" in since.line(fewer)
    assert "exist" not in since.line(fewer), "a bound of a thousand times as many says nothing"


def test_quiet_means_no_progress() -> None:
    with progress.progress("fleet", quiet=True) as told:
        assert told is None


# --- the other commands


def test_init_writes_a_fleet_once(udproof: Udproof, tmp_path: Path) -> None:
    assert udproof("init").exit_code == 0
    text = (tmp_path / "fleet.toml").read_text()
    assert parse_fleet(text, "fleet.toml").vms
    again = udproof("init")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    (tmp_path / "fleet.toml").write_text("")
    assert udproof("init", "--force").exit_code == 0
    assert (tmp_path / "fleet.toml").read_text() == text
    assert udproof("init", "-").stdout == text
    assert udproof("init", "no/where.toml").exit_code == 2


def test_schema_is_that_of_a_fleet_file(udproof: Udproof) -> None:
    schema = json.loads(udproof("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "walk" in schema["properties"]


def test_lists(udproof: Udproof) -> None:
    def names(what: str) -> list[str]:
        lines = udproof("list", what).stdout.splitlines()
        assert all(re.fullmatch(r"\S+ {2,}\S.*", line) for line in lines)
        return [line.split()[0] for line in lines]

    assert names("fleets") == list(fleets.shipped())
    assert names("mutants") == [mutant.name for mutant in mutants.ALL]
    assert names("properties") == [*(prop.name for prop in PROPERTIES), "time-can-pass"]
    assert names("parts") == list(PARTS)
    assert names("faults") == [fault.key for fault in FAULTS]
    assert set(catalog._KINDS) == {"fleets", "mutants", "properties", "parts", "faults"}


def test_the_parts_are_all_of_the_protocol() -> None:
    """Every action of every shipped fleet belongs to a part that the fleet names, and each part's first line tells what it is."""
    of_part = {name: {action.name for action in part.ACTIONS} for name, part in PARTS.items()}
    several = [name for name in fleets.shipped() if name not in ("large", "twenty-domains")]  # which take seconds to put together
    subjects = [load(fleet) for fleet in several]
    for subject in subjects:
        theirs = {action for name in subject.parts for action in of_part[name]} | {"approve"}  # the agents' policy
        assert {action.name for action in subject.system.actions} <= theirs
    assert {name for subject in subjects for name in subject.parts} == set(PARTS)


def test_version(udproof: Udproof) -> None:
    said = udproof("--version").stdout
    assert re.fullmatch(r"udproof \S+\nPython 3\.\d+\.\d+\S* on \w+, wasmtime \d[\d.]*, z3 \d[\d.]*, cvc5 \d[\d.]*\n", said)


@pytest.mark.parametrize("command", ["", *program.commands])
def test_every_command_has_help(udproof: Udproof, command: str) -> None:
    result = udproof(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


# --- traces


@pytest.fixture
def trace(udproof: Udproof) -> str:
    udproof("verify", "--mutant", "PauseOverrun", "--quiet", "--report", "itf=run.itf.json")
    return "run.itf.json"


def test_replay_finds_the_shipped_model_and_says_what_breaks(udproof: Udproof, trace: str) -> None:
    result = udproof("replay", trace)
    assert result.exit_code == 0
    assert "teaching with the mistake PauseOverrun" in result.stdout
    assert re.search(r"breaks pause-bounded at step 7: web-\d has been paused for 30 s", result.stdout)
    assert result.stdout.endswith("replays: 7 steps, 30 s\n")
    assert udproof("replay", trace, "--mutant", "PauseOverrun").exit_code == 0
    assert udproof("replay", trace, "--fleet", "teaching").exit_code == 0


@pytest.mark.parametrize(
    "args", [["--mutant", "NoResync"], ["--mutant", "Nobody"], ["--fleet", "lone-vm"], ["--fleet", "nowhere.toml"]]
)
def test_replay_refuses_another_model(udproof: Udproof, trace: str, args: list[str]) -> None:
    result = udproof("replay", trace, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


def test_replay_of_a_system_of_ones_own_asks_for_its_file(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "turnstile.py").write_text(TURNSTILE)
    udproof("verify", "turnstile.py", "--report", "itf=run.itf.json")
    asked = udproof("replay", "run.itf.json")
    assert asked.exit_code == 2
    assert "name its file with --fleet; the trace says that it was made from turnstile.py" in asked.stderr
    result = udproof("replay", "run.itf.json", "--fleet", "turnstile.py")
    assert result.exit_code == 0
    assert "replays: 3 steps\n" in result.stdout
    (tmp_path / "turnstile.py").write_text(TURNSTILE.replace("count.value < 3", "count.value < 2"))
    assert udproof("replay", "run.itf.json", "--fleet", "turnstile.py").exit_code == 2


def test_replay_passes_over_mistakes_that_do_not_fit_the_fleet(udproof: Udproof, tmp_path: Path) -> None:
    text = fleets.path_of("lone-vm").read_text().replace("attempts = 2", 'attempts = 2\napproval = "nobody"')
    (tmp_path / "lone.toml").write_text(text)
    udproof("verify", "lone.toml", "--mutant", "NoResync", "--report", "itf=run.itf.json")
    result = udproof("replay", "run.itf.json", "--fleet", "lone.toml")
    assert result.exit_code == 0
    assert "lone-vm with the mistake NoResync" in result.stdout
    other = udproof("replay", "run.itf.json")
    assert other.exit_code == 2
    assert "no mistake planted in it fits" in other.stderr


@pytest.mark.parametrize("name", [mutant.name for mutant in mutants.CORE[::3]])  # the engines' tests have them all
def test_a_mutant_is_found_and_its_trace_replays(udproof: Udproof, name: str) -> None:
    mutant = mutants.named(name)
    found = udproof("verify", "--mutant", name, "--property", mutant.breaks, "--report", "itf=run.itf.json", "--format", "json")
    assert found.exit_code == 10
    verdict = checked(found.stdout)["verdicts"][0]
    assert (verdict["property"], verdict["verdict"]) == (mutant.breaks, "violated")
    steps = len(verdict["trace"]["states"]) - 1
    assert verdict["depth"] in (steps - 1, steps), "the search ended with the level of the violation, so no shorter one exists"
    replayed = udproof("replay", "run.itf.json")
    assert replayed.exit_code == 0
    assert f"breaks {mutant.breaks} at step {steps}: " in replayed.stdout
    assert f"replays: {steps} step" in replayed.stdout


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["states"].pop(3),
        lambda document: document["states"][2]["#meta"].update(action="fly"),
        lambda document: document["states"][7]["#meta"]["properties"].update({"pause-bounded": True}),
        lambda document: document.update(states=[]),
        lambda document: document["states"].insert(0, 7),
    ],
)
def test_a_trace_that_does_not_replay(
    udproof: Udproof, tmp_path: Path, trace: str, change: Callable[[dict[str, Any]], object]
) -> None:
    changed(tmp_path / trace, change)
    for args in (["replay", trace], ["render", trace, "--to", "svg", "-o", "x.svg"]):
        result = udproof(*args)
        assert (result.exit_code, result.stdout) == (6, "")
        assert "does not replay" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "x.svg").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"#meta": {}, "states": 1}', "\ud800", "[" * 100_000, "1" * 5000])
def test_a_file_that_is_no_trace(udproof: Udproof, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.itf.json").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    for args in (["replay", "x.itf.json"], ["render", "x.itf.json", "--to", "text"]):
        result = udproof(*args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("x.itf.json: ")
        assert len(result.stderr.splitlines()) == 1


def test_render(udproof: Udproof, tmp_path: Path, trace: str) -> None:
    assert udproof("render", trace, "--to", "svg").stdout.startswith("<svg")
    assert udproof("render", trace, "--to", "text").stdout.startswith("#  time  who")
    markdown = udproof("render", trace, "--to", "markdown").stdout
    assert re.match(r"# teaching: pause-bounded is violated\n\nweb-\d has been paused for 30 s", markdown)
    result = udproof("render", trace, "--to", "markdown", "-o", "x.md")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "x.md: written.\n")
    assert (tmp_path / "x.md").read_text() == markdown
    assert udproof("render", trace, "--to", "svg", "-o", "no/x.svg").exit_code == 2
    refused = udproof("render", trace, "--to", "svg", "--property", "eligible-only")
    assert refused.exit_code == 2
    assert "holds at the end of this run" in refused.stderr


def test_the_drawn_report_is_the_rendered_trace(udproof: Udproof, tmp_path: Path) -> None:
    udproof("verify", "bad-placement", "--stop-at-first", "--report", "svg=x.svg", "--report", "itf=x.itf.json")
    assert udproof("render", "x.itf.json", "--to", "svg").stdout == (tmp_path / "x.svg").read_text()


def test_simulate_is_the_same_for_the_same_seed(udproof: Udproof) -> None:
    first, second, other = (udproof("simulate", "teaching", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == second
    assert first != other
    assert re.search(r"random run with seed 1 of teaching: 30 steps, .* s, and no property is broken\.\n$", first)


def test_simulate_says_when_a_property_breaks(udproof: Udproof) -> None:
    result = udproof("simulate", "--mutant", "EventSpansDomains")
    assert result.exit_code == 10
    assert "breaks event-in-one-domain at step 1: Event " in result.stdout


def test_simulate_says_when_nothing_more_can_happen(udproof: Udproof, tmp_path: Path) -> None:
    (tmp_path / "turnstile.py").write_text(TURNSTILE.replace("count.value < 3", "count.value < 2"))
    result = udproof("simulate", "turnstile.py")
    assert result.exit_code == 0
    assert "2 steps; then nothing more can happen, and no property is broken." in result.stdout


def test_amounts_of_memory() -> None:
    amounts = {"4GB": 4 * 10**9, "1.5 MiB": 3 * 2**19, "10kB": 10**4, " 1KiB": 1024, "2GiB": 2**31, "64MB": 64 * 10**6}
    for text, number in amounts.items():
        assert Memory().convert(text, None, None) == number
    with pytest.raises(click.BadParameter):
        Memory().convert("4", None, None)


# --- limits that the engine overlooks


class Hungry(Explore):
    """An engine that cannot even begin."""

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Answer:
        raise MemoryError


class Dreaming(Explore):
    """An engine that gets ready for ever."""

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Answer:
        while True:
            time.sleep(0.01)


@pytest.mark.parametrize("limit", [("--timeout", "0.1s"), ("--memory", "1MB")])
def test_limits_hold_while_an_engine_gets_ready(udproof: Udproof, monkeypatch: pytest.MonkeyPatch, limit: tuple[str, str]) -> None:
    monkeypatch.setattr(engines, "Explore", Dreaming)
    before = signal.getsignal(signal.SIGALRM)
    result = udproof("verify", "lone-vm", *limit, "--format", "json")
    assert result.exit_code == 5
    data = checked(result.stdout)
    assert re.search(r"the (time|memory) limit of .* was reached while the search was being got ready", data["stopped"])
    assert data["counts"]["unknown"] == 14
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_engine_that_runs_out_of_memory_decides_nothing(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "Explore", Hungry)
    result = udproof("verify", "lone-vm", "--memory", "1GB")
    assert result.exit_code == 5
    assert "memory ran out within the limit of 1000 MB" in result.stdout
    assert result.stdout.count("UNKNOWN") == 14


def test_the_default_memory_limit_is_of_this_machine() -> None:
    assert 10**8 < verify.installed_memory() < 10**15
