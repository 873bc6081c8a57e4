"""Certificates: accepted as written, refused when anything in them has been changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.systems.lock import lock

from udproof.certify.check import Rejected, check
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    system, folder = lock(), tmp_path / "certificate"
    Parametric(certificate=folder).verify(system, system.checks, Limits())
    return folder


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
        (folder / name).write_text(text.replace(old, new))

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


TAMPERED = {
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
        None,
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
