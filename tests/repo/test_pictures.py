"""The pictures of the documents are what the program draws today, byte for byte.

After a wanted change of looks: run `python docs/generate.py`, look at the pictures, and store them.
"""

from xml.etree import ElementTree

import generate
import pytest
from diagrams import DIAGRAMS, path


@pytest.mark.parametrize("name", generate.PICTURES)
def test_a_picture_is_drawn_again_byte_for_byte(name: str) -> None:
    stored = (generate.DOCS / "pictures" / name).read_bytes()
    assert generate.picture(name).encode() == stored, "out of date: run `python docs/generate.py` and look at the picture"


@pytest.mark.parametrize("name", generate.PICTURES)
def test_a_picture_stands_alone(name: str) -> None:
    text = (generate.DOCS / "pictures" / name).read_text(encoding="utf-8")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
    assert "text" in tags
    assert not tags & {"script", "image", "foreignObject", "a"}


def test_every_stored_picture_is_one_that_is_drawn() -> None:
    stored = {path.name for path in (generate.DOCS / "pictures").iterdir()}
    assert stored == {*generate.PICTURES, *(path(name, form).name for name in DIAGRAMS for form in ("dot", "svg"))}


@pytest.mark.parametrize("name", generate.PICTURES)
def test_a_picture_is_shown_on_a_page(name: str) -> None:
    assert any(f"pictures/{name})" in page.read_text(encoding="utf-8") for page in generate.pages())
