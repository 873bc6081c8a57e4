"""Shards and their results together: each file once, nothing lost, and whatever is absent or contradictory is red."""

import json
import re
from collections.abc import Callable, Iterable
from itertools import permutations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from udproof.cli import results
from udproof.cli.account import account
from udproof.cli.commands import program
from udproof.cli.exits import Code
from udproof.cli.parameters import Shard
from udproof.cli.runs import Standing, standings
from udproof.cli.sources import load
from udproof.engines.verdict import Outcome

Udproof = Callable[..., Result]
SCHEMA = json.loads((Path(results.__file__).parent / "result.schema.json").read_text(encoding="utf-8"))
FILES = ("lone-vm", "bad-placement", "two-hosts")
ASKED = ("--property", "event-in-one-domain", "--quiet")


@pytest.fixture
def udproof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Udproof:
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Result:
        result = CliRunner().invoke(program, args)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The results of three shards of three files, one each."""
    folder = tmp_path_factory.mktemp("shards")
    for number in (1, 2, 3):
        report = f"json={folder / str(number)}.json"
        CliRunner().invoke(program, ["verify", *FILES, *ASKED, "--shard", f"{number}/3", "--report", report])
    return [folder / f"{number}.json" for number in (1, 2, 3)]


def checked(path: str | Path) -> dict[str, Any]:
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


def changed(path: Path, to: Path, change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    to.write_text(json.dumps(data), encoding="utf-8")
    return str(to)


def verdicts(data: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {run["model"]["source"]: {one["property"]: one["verdict"] for one in run["verdicts"]} for run in data["runs"]}


# --- dividing


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=9), st.integers(1, 12), st.randoms())
def test_each_file_is_in_exactly_one_shard_in_whatever_order_they_come(names: list[str], of: int, order: Any) -> None:
    class Named:
        def __init__(self, source: str) -> None:
            self.source = source

    def divided(these: Iterable[str]) -> list[list[str]]:
        jobs: Any = [(Named(name), ()) for name in these]
        return [[job[0].source for job in account(jobs, Shard(number, of)).jobs] for number in range(1, of + 1)]

    parts = divided(names)
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1, "none has much more to do than another"
    again = list(names)
    order.shuffle(again)
    assert divided(again) == parts


def test_an_empty_shard_has_a_code_of_its_own_and_says_so(udproof: Udproof) -> None:
    result = udproof("verify", *FILES, "--shard", "4/4", "--report", "json=r.json", "--report", "junit=r.xml")
    assert (result.exit_code, result.stdout) == (Code.EMPTY, "")
    assert "--shard 4/4: this shard has no file to verify, since there are 3 files in all" in result.stderr
    data = checked("r.json")
    assert (data["exit_code"], data["files"], data["shard"]) == (4, {"given": 0, "verified": 0}, {"number": 4, "of": 4})
    assert 'skipped type="empty" message="there was no file to verify"' in Path("r.xml").read_text()
    assert udproof("merge", "r.json").exit_code == Code.MISSING, "alone it is nothing"


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3", "-1/2", "١/٢"])
def test_what_is_no_shard(udproof: Udproof, wrong: str) -> None:
    result = udproof("verify", "lone-vm", "--shard", wrong)
    assert result.exit_code == 2 and "is no part of the work" in result.stderr


# --- putting together


def test_merged_shards_say_what_one_command_says(udproof: Udproof, shards: list[Path]) -> None:
    whole = udproof("verify", *FILES, *ASKED, "--report", "json=whole.json")
    told = {str(order): udproof("merge", *map(str, order), "--report", "json=m.json").stdout for order in permutations(shards)}
    assert len(set(told.values())) == 1, "in whatever order they come"
    merged = checked("m.json")
    assert verdicts(merged) == verdicts(checked("whole.json"))
    assert [run["model"]["source"] for run in merged["runs"]] == sorted(FILES)
    assert merged["exit_code"] == whole.exit_code == 10
    assert (merged["problems"], merged["shard"], merged["files"]) == ([], None, {"given": 3, "verified": 3})
    again = udproof("merge", "m.json", "m.json", "--format", "json")
    assert json.loads(again.stdout) == merged, "merging what is merged changes nothing"


def test_a_missing_shard_is_red_and_named(udproof: Udproof, shards: list[Path]) -> None:
    passing = [path for path in shards if checked(path)["exit_code"] == 0]
    assert len(passing) == 2
    result = udproof("merge", *map(str, passing), "--report", "json=m.json", "--report", "junit=m.xml", "--report", "sarif=m.sarif")
    assert result.exit_code == Code.MISSING
    assert re.search(r"all files: the result of shard \d/3 is missing\.", result.stderr)
    assert "bad-placement: it has no result." in result.stderr
    assert [one["exit_code"] for one in checked("m.json")["problems"]] == [3, 3]
    assert 'errors="2"' in Path("m.xml").read_text()
    assert not json.loads(Path("m.sarif").read_text())["runs"][0]["invocations"][0]["executionSuccessful"]
    assert udproof("merge", *map(str, shards)).exit_code == 10


def test_one_model_with_two_verdicts_is_a_mistake_of_ours(udproof: Udproof, shards: list[Path], tmp_path: Path) -> None:
    def other(data: dict[str, Any]) -> None:
        [run] = data["runs"]
        run["verdicts"][0]["verdict"] = "vacuous"
        run["exit_code"] = data["exit_code"] = 9

    first = next(path for path in shards if checked(path)["exit_code"] == 0)
    result = udproof("merge", *map(str, shards), changed(first, tmp_path / "other.json", other))
    assert result.exit_code == Code.INTERNAL
    assert "event-in-one-domain is proved in one result and vacuous in another, of one model" in result.stderr


def test_proved_here_and_unknown_there_is_red(udproof: Udproof) -> None:
    udproof("verify", "lone-vm", *ASKED, "--report", "json=a.json")
    udproof("verify", "lone-vm", *ASKED, "--timeout", "0s", "--report", "json=b.json")
    assert udproof("merge", "a.json").exit_code == 0
    assert udproof("merge", "a.json", "b.json").exit_code == Code.UNDECIDED


def test_a_violation_expected_here_and_not_there_is_red_in_whatever_order_they_come(udproof: Udproof) -> None:
    """The expectation is no part of the model, and it alone says whether a violation passes."""
    design = (Path(__file__).parents[2] / "docs" / "examples" / "late-watchdog.toml").read_text(encoding="utf-8")
    codes = []
    for name, expectation in (("one", 'expect = { violated = ["pause-bounded"] }\n'), ("two", "")):
        Path("late.toml").write_text(expectation + design, encoding="utf-8")
        asked = ("--property", "pause-bounded", "--quiet", "--report", f"json={name}.json")
        codes.append(udproof("verify", "late.toml", *asked).exit_code)
    assert codes == [0, 10]
    for order in permutations(("one.json", "two.json")):
        assert udproof("merge", *order).exit_code == Code.VIOLATED


def test_what_a_shard_could_not_verify_stays_red(udproof: Udproof, monkeypatch: pytest.MonkeyPatch) -> None:
    from udproof.cli import verify

    def fails(*_: object) -> None:
        raise RuntimeError("it stumbled")

    with monkeypatch.context() as broken:
        broken.setattr(verify, "verify_within", fails)
        assert udproof("verify", "lone-vm", *ASKED, "--report", "json=a.json").exit_code == 6
    result = udproof("merge", "a.json", "--report", "json=m.json")
    assert result.exit_code == Code.INTERNAL
    assert "lone-vm: internal error: RuntimeError: it stumbled; no verdict." in result.stderr
    assert len(checked("m.json")["problems"]) == 1, "told once"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["plan"][0].update(hash="0" * 16), "is another model in"),
        (lambda data: data["plan"].pop(), "are shards of different work"),
        (lambda data: data["shard"].update(of=5), "are shards of different work"),
        (lambda data: data.update(exit_code=0 if data["exit_code"] else 10), "it gives the exit code"),
        (lambda data: data["runs"][0].update(exit_code=8), "gives the exit code 8, where its verdicts mean"),
        (lambda data: data["runs"][0]["verdicts"][0].update(verdict="unknown"), "where its verdicts mean 5"),
        (lambda data: data["runs"].clear(), "it says that 1 files were verified, and has 0 runs"),
        (lambda data: data.update(runs=[], files={"given": 1, "verified": 0}), "does not say what became of each"),
        (
            lambda data: data["runs"][0]["verdicts"].append(data["runs"][0]["verdicts"][0]),
            "does not answer each selected property",
        ),
        (lambda data: data.update(problems=[{"source": None, "exit_code": 0, "reason": ""}]), "which means no problem"),
        (lambda data: data["runs"][0]["verdicts"][0]["place"].update(line="1"), "verdicts.0.place.line: "),
        (lambda data: data.update(schema_version=2), "it is of version 2"),
        (lambda data: data.pop("schema_version"), "no result of udproof"),
    ],
)
def test_a_result_that_has_been_tampered_with_is_refused(
    udproof: Udproof, shards: list[Path], tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    result = udproof("merge", str(shards[0]), changed(shards[1], tmp_path / "changed.json", change), str(shards[2]))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "7", "null", "\ud800", "[" * 100_000, "1" * 5000, '{"schema_version": 1}'])
def test_a_file_that_is_no_result(udproof: Udproof, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    result = udproof("merge", "x.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("x.json: ") and len(result.stderr.splitlines()) == 1
    assert udproof("merge", "nowhere.json").exit_code == udproof("merge").exit_code == udproof("merge", "a\0b").exit_code == 2


def test_a_merged_report_overwrites_no_result(udproof: Udproof, shards: list[Path]) -> None:
    before = shards[0].read_text()
    result = udproof("merge", *map(str, shards), "--report", f"json={shards[0]}")
    assert result.exit_code == 2 and "this path is that of a result to merge already" in result.stderr
    assert shards[0].read_text() == before


# --- what counts as passed


def test_standings_are_each_answer_against_each_expectation() -> None:
    outcomes = {outcome.value: outcome for outcome in Outcome}
    plain = {"proved": Standing.PASSED, "violated": Standing.VIOLATED, "unknown": Standing.UNKNOWN, "vacuous": Standing.VACUOUS}
    assert standings(outcomes, None) == standings(outcomes, "proved") == plain
    expected = {**plain, "proved": Standing.UNEXPECTED, "violated": Standing.EXPECTED}
    assert standings(outcomes, list(outcomes)) == expected
    assert {one for one in Standing if not one.red} == {Standing.PASSED, Standing.EXPECTED}
    assert len({one.code for one in Standing if one.red}) == 4, "each red one has a code of its own"


def test_the_json_tells_the_design_that_was_planned(shards: list[Path]) -> None:
    plans = [checked(path)["plan"] for path in shards]
    assert plans[0] == plans[1] == plans[2]
    assert [(one["source"], one["hash"]) for one in plans[0]] == [(name, load(name).system.hash) for name in sorted(FILES)]


def test_more_shards_than_files_merge_to_what_the_files_say(udproof: Udproof) -> None:
    ends = [
        udproof("verify", "lone-vm", "two-hosts", *ASKED, "--shard", f"{number}/3", "--report", f"json={number}.json").exit_code
        for number in (1, 2, 3)
    ]
    assert ends == [0, 0, Code.EMPTY]
    assert udproof("merge", "1.json", "2.json").exit_code == Code.MISSING, "nobody knows that the third had nothing to do"
    assert udproof("merge", "1.json", "2.json", "3.json").exit_code == 0
