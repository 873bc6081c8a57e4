"""Certificates: accepted as written, refused when anything in them has been changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from tests.systems.lock import lock
from tests.systems.results import shipped

from udproof.certify.check import Rejected, check
from udproof.cli.commands import program
from udproof.engines.parametric import Parametric
from udproof.engines.recipe import FILE, Recorded
from udproof.engines.verdict import Limits


@pytest.fixture(scope="module")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "certificate"
    Parametric(certificate=folder, remember=False).verify(lock(), lock().checks, Limits())
    return folder


@pytest.fixture
def certificate(_written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(_written, tmp_path / "certificate")


def _sign(folder: Path) -> None:
    """Make the digests of the manifest fit the files: what somebody who cheats would do."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir() if one.name != "manifest.json"
    }
    path.write_text(json.dumps(manifest))


def _change(name: str, old: str, new: str) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return changed


def test_a_certificate_is_accepted_from_its_files_alone(certificate: Path) -> None:
    found = check(certificate)
    assert found.model == lock().hash
    assert found.properties == ("alone", "short", "held", "time-can-pass")
    assert {"most < limit", "least <= most"} <= set(found.assumed)


def test_a_changed_byte_is_noticed(certificate: Path) -> None:
    path = certificate / "action-take.smt2"
    path.write_bytes(path.read_bytes().replace(b"busy", b"busY", 1))
    with pytest.raises(Rejected, match=r"action-take\.smt2.*digest"):
        check(certificate)


def test_a_missing_obligation_is_noticed(certificate: Path) -> None:
    (certificate / "action-take.smt2").unlink()
    with pytest.raises(Rejected, match=r"action-take\.smt2.*missing"):
        check(certificate)
    _sign(certificate)
    with pytest.raises(Rejected, match=r"action-take\.smt2 is missing: not everything is shown"):
        check(certificate)


def _asked_twice_and_not_at_all(folder: Path) -> None:
    """The first question of an action is asked twice, the last one never: there are as many answers as questions."""
    path = folder / "action-take.smt2"
    before, *between, after = path.read_text().split("(check-sat)")
    path.write_text("(check-sat)".join([f"{before}(check-sat)", *between]) + after)


def _of_the_state_before(folder: Path) -> None:
    """Time passes without a deadline, and each lemma reads the time before: "now" between bars, which is the same symbol."""
    for path in folder.glob("*.smt2"):
        lines = [line for line in path.read_text().splitlines() if ":named |deadline-" not in line]
        for at, line in enumerate(lines):
            if ":named |lemma-" in line:
                lines[at] = line.replace("(- now ", "(- |now| ")
            elif ":named |goal-" in line:
                lines[at] = line.replace("(- |now.next| ", "(- |now| ")
        path.write_text("\n".join(lines))


def _manifest(key: str, value: object) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))

    return changed


TAMPERED = {
    "a question that is never asked": (_asked_twice_and_not_at_all, "where a question must be taken back"),
    "a lemma under another one's name": (
        _change("action-take.smt2", "(push 1)", "(assert (! false :named |lemma-1|)) (push 1)"),
        "no place in a certificate",
    ),
    "a question about the state before": (_of_the_state_before, "is not lemma-3 after the step"),
    "no claim": (_manifest("properties", []), "nothing is claimed"),
    "a number for a text": (_manifest("actions", [7]), "gives 7 where a text belongs"),
    "a table for a text": (_manifest("unbounded", [{}]), "gives {} where a text belongs"),
    "brackets without end": (_change("time.smt2", "(push 1)", "(" * 5000 + ")" * 5000 + "(push 1)"), "more than 100 brackets"),
    "an axiom slipped in": (
        _change("action-take.smt2", "(push 1)", "(assert (! false :named |axiom-more|)) (push 1)"),
        "axiom-more is not listed",
    ),
    "a guard slipped into the start": (
        _change("start.smt2", "(push 1)", "(assert (! false :named |guard-9|)) (push 1)"),
        "guard-9, which has no place there",
    ),
    "an assertion without a name": (_change("time.smt2", "(push 1)", "(assert false) (push 1)"), "no place in a certificate"),
    "a lemma assumed that is not shown": (
        _change("action-take.smt2", "(push 1)", "(assert (! false :named |lemma-99|)) (push 1)"),
        "exactly the lemmas",
    ),
    "an easier question": (_change("time.smt2", "(assert (! (not ", "(assert (! (and false "), "is not lemma-1 after the step"),
    "an assumption made stronger": (
        _change("action-release.smt2", "(< |most| |limit|)", "(< |limit| |most|)"),
        "do not assume the same",
    ),
    "another model's hash": (_change("manifest.json", lock().hash, "0123456789abcdef"), "is of model"),
    "the state after, constrained": (
        _change("action-take.smt2", "(push 1)", "(assert (! (= now.next 0.0) :named |guard-9|)) (push 1)"),
        "guard-9 speaks of the state after the step",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_certificate_that_was_tampered_with_and_signed_again_is_refused(what: str, certificate: Path) -> None:
    change, words = TAMPERED[what]
    change(certificate)
    _sign(certificate)
    with pytest.raises(Rejected, match=words):
        check(certificate)


def test_a_false_lemma_is_not_shown(certificate: Path) -> None:
    """Every script says the same, in the right form, and it is not true."""
    for path in certificate.glob("*.smt2"):
        path.write_text(path.read_text().replace("|least|) (not", "|least|) (and").replace("(< |most| |limit|)", "(< 0.0 |limit|)"))
    manifest = certificate / "manifest.json"
    manifest.write_text(manifest.read_text().replace("most < limit", "0 s < limit"))
    _sign(certificate)
    with pytest.raises(Rejected, match=r"is answered sat|is answered unknown"):
        check(certificate)


def test_a_folder_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"no manifest\.json"):
        check(tmp_path)


# --- by the command


def _about_another_model(folder: Path, model: str) -> None:
    """Give every file another model's hash, and sign them again."""
    for path in folder.iterdir():
        path.write_text(path.read_text().replace(model, "0123456789abcdef"))
    _sign(folder)


def _of_one_more_property(folder: Path) -> None:
    """Claim a property that the model does not have, with the script of another one."""
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    shutil.copy(folder / f"property-{content['properties'][0]}.smt2", folder / "property-never.smt2")
    manifest.write_text(json.dumps(content | {"properties": [*content["properties"], "never"]}))
    _sign(folder)


def test_verify_tells_what_a_proof_consists_of_and_certify_accepts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path, folder = tmp_path / "parity.py", tmp_path / "certificate"
    path.write_text((Path(__file__).parents[1] / "systems" / "parity.py").read_text() + "\n\nsystem = parity(helped=True)\n")
    asked = ["verify", str(path), "--engine", "parametric", "--format", "json", "--quiet"]
    told = CliRunner().invoke(program, [*asked, "--certificate", str(folder)])
    assert told.exit_code == 0
    document = json.loads(told.stdout)
    jsonschema.validate(document, json.loads((resources.files("udproof.cli") / "result.schema.json").read_text()))
    [verdict] = document["verdicts"]
    assert verdict["scope"] == "any-fleet"
    assert len(verdict["lemmas"]) == 4, "the range of a counter, low and high; that it is even; that it is never five"
    assert verdict["certificate"]["folder"] == str(folder)
    assert verdict["certificate"]["formulas"] == json.loads((folder / "manifest.json").read_text())["formulas"]
    assert verdict["assumed"] == {"axioms": {}, "times": [], "integers": []}
    assert CliRunner().invoke(program, ["certify", str(folder)]).exit_code == 0
    assert CliRunner().invoke(program, ["certify", str(folder), "--fleet", str(path)]).exit_code == 0
    _of_one_more_property(shutil.copytree(folder, tmp_path / "more"))
    unknown = CliRunner().invoke(program, ["certify", str(tmp_path / "more"), "--fleet", str(path)])
    assert unknown.exit_code == 10
    assert "it is about never, and the fleet's model has no such property" in unknown.stderr
    _about_another_model(folder, document["model"]["hash"])
    assert CliRunner().invoke(program, ["certify", str(folder)]).exit_code == 0, "the files alone cannot tell"
    refused = CliRunner().invoke(program, ["certify", str(folder), "--fleet", str(path)])
    assert refused.exit_code == 10
    assert "it is of model 0123456789abcdef" in refused.stderr
    again = CliRunner().invoke(program, [*asked, "--certificate", str(folder)])
    assert again.exit_code == 2
    assert "not empty" in again.stderr
    path.write_text(path.read_text().replace("helped=True", "helped=False").replace("!= 5", "!= 7"))
    document = json.loads(CliRunner().invoke(program, asked).stdout)
    jsonschema.validate(document, json.loads((resources.files("udproof.cli") / "result.schema.json").read_text()))
    [verdict] = document["verdicts"]
    assert (verdict["lemmas"], verdict["certificate"], verdict["assumed"]) == (None, None, None)
    assert "worked[worker-1]: 5 → 7" in "\n".join(verdict["obstacle"])


# --- the recipe of a search


def _udproof(*arguments: str) -> Result:
    return CliRunner().invoke(program, list(arguments))


def test_a_search_leaves_a_recipe_that_says_what_it_is_worth(tmp_path: Path) -> None:
    folder = tmp_path / "recipe"
    told = _udproof("verify", "two-hosts", "--property", "pause-bounded", "--certificate", str(folder), "--quiet")
    assert told.exit_code == 0
    assert f"Certificate: {folder}, a recipe" in told.stdout
    assert "weaker than a proof" in told.stdout
    content = json.loads((folder / "search.json").read_text())
    assert (content["states"], content["verdicts"]) == (11_385, {"pause-bounded": "proved"})
    assert content["orbits"] < content["states"]
    assert "no proof" in content["claim"]
    alone = _udproof("certify", str(folder))
    assert alone.exit_code == 2
    assert "shows nothing by itself; give --fleet FILE" in alone.stderr
    followed = _udproof("certify", str(folder), "--fleet", "two-hosts")
    assert followed.exit_code == 0
    assert "11385 states, each visited again by itself, as claimed" in followed.stdout
    assert "weaker than a proof" in followed.stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"states": 146}, "it claims states 146, and the search made again finds 145"),
        ({"depth": 1}, "it claims depth 1, and"),
        ({"orbits": 200}, "it claims 200 orbits of 145 states"),
        ({"orbits": 0}, "it claims 0 orbits of 145 states"),
        (
            {"verdicts": {"pause-bounded": "violated"}},
            "it claims that pause-bounded is violated, and the search made again says proved",
        ),
        ({"verdicts": {"pause-bound": "proved"}}, "it gives a verdict for pause-bound, and the model has no such property"),
        ({"verdicts": {}}, "it gives no verdict"),
        ({"model": "0123456789abcdef"}, "it is of model 0123456789abcdef, and the fleet's model is"),
        ({"format": 2}, "search.json is of format 2"),
        ({"states": "many"}, "search.json has no states, or not of the right kind"),
    ],
)
def test_a_recipe_that_claims_something_else_is_refused(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    system = shipped("lone-vm")
    Recorded(tmp_path / "recipe").verify(system, (system.named("pause-bounded"),), Limits())
    path = tmp_path / "recipe" / FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    refused = _udproof("certify", str(tmp_path / "recipe"), "--fleet", "lone-vm")
    assert refused.exit_code == 10
    assert f"not accepted: {reason}" in refused.stderr


def test_a_search_that_does_not_end_leaves_no_recipe(tmp_path: Path) -> None:
    told = _udproof("verify", "lone-vm", "--certificate", str(tmp_path / "recipe"), "--timeout", "0s", "--quiet")
    assert told.exit_code == 5
    assert "no certificate was written, since there is nothing to certify" in told.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("engine", [("--engine", "zones"), ("--engine", "bounded"), ("--engine", "auto", "--minimum", "time")])
def test_engines_that_have_nothing_to_certify_say_so(engine: tuple[str, ...], tmp_path: Path) -> None:
    refused = _udproof("verify", "lone-vm", *engine, "--certificate", str(tmp_path / "none"), "--quiet")
    assert refused.exit_code == 2
    assert "--engine parametric (or auto) writes a proof for every fleet" in refused.stderr
