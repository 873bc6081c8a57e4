"""PNG: the picture is there, with its texts; without a font it is refused and not drawn without words."""

import re
import struct
import zlib
from collections.abc import Iterator
from itertools import product

import pytest
from runs import HOSTILE, calm_soon, hostile, late_watchdog

from udproof.counterexamples import png as module
from udproof.counterexamples.picture import timing_svg
from udproof.counterexamples.png import NoFont, png


def pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the rows of an RGBA picture (PNG specification, section 9: filters)."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    assert (depth, colours) == (8, 6)
    raw = zlib.decompress(b"".join(chunk for kind, chunk in chunks(data) if kind == b"IDAT"))
    rows, before, size = [], bytes(4 * width), 4 * width + 1
    for at in range(0, len(raw), size):
        kind, line = raw[at], bytearray(raw[at + 1 : at + size])
        for i in range(len(line)):
            left, up, corner = (line[i - 4], before[i], before[i - 4]) if i >= 4 else (0, before[i], 0)
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(guess - value))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
        before = bytes(line)
        rows.append(before)
    return width, height, rows


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


@pytest.fixture(autouse=True)
def font() -> None:
    try:
        png("<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>")
    except NoFont:
        pytest.skip("no font is installed here, and so no text can be drawn")


def test_a_text_is_written_in_pixels() -> None:
    """A letter W is black where its strokes are, and nothing else in the picture is."""
    width, height, rows = pixels(
        png("<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><text x='5' y='30'>W</text></svg>")
    )
    assert (width, height) == (80, 80)
    black = [(x, y) for y, x in product(range(80), range(80)) if max(rows[y][4 * x : 4 * x + 3]) < 64]
    assert len(black) > 20 and all(8 <= x < 50 and 20 < y <= 62 for x, y in black)


def test_the_texts_of_a_timing_diagram_are_in_the_picture() -> None:
    svg = timing_svg(*late_watchdog(2))
    assert png(svg, zoom=0.5) != png(re.sub("<text.*?</text>", "", svg), zoom=0.5)


def test_twice_the_size_is_twice_as_wide() -> None:
    svg = timing_svg(*late_watchdog(2))
    assert struct.unpack(">I", png(svg)[16:20]) == (3120,)
    assert png(svg, zoom=0.2) == png(svg, zoom=0.2)


@pytest.mark.parametrize("name", ["controls", "right to left", "long", "surrogate"])
def test_hostile_names_can_be_drawn(name: str) -> None:
    assert png(timing_svg(hostile(HOSTILE[name]), calm_soon), zoom=0.5).startswith(b"\x89PNG")


def test_without_a_font_there_is_a_sentence_and_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_writes", lambda: False)
    with pytest.raises(NoFont, match=r"no font was found.*install a font"):
        png("<svg/>")
