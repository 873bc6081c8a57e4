"""The pictures of the model say what the model says: their texts to the letter, their drawings by nodes, edges and lines."""

from __future__ import annotations

import diagrams
import pytest

from udproof.counterexamples.diagram import dot, told


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_a_picture_is_current(name: str) -> None:
    assert diagrams.path(name, "dot").read_text(encoding="utf-8") == dot(diagrams.diagram(name))
    assert diagrams.current(name), "docs/generate.py draws it anew, where Graphviz is installed"


def test_a_drawing_that_lacks_an_edge_is_not_current(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    drawing = diagrams.path("life-of-vm", "svg").read_bytes()
    assert len(told(drawing)) == 3 + 5  # running, paused, down; freeze, resume, resume_old, reboot, boot
    begin, end = drawing.rindex(b"<g "), drawing.rindex(b"</g>\n</g>")
    assert len(told(drawing[:begin] + drawing[end + 5 :])) == 3 + 4
