"""Ink for our pictures: the few SVG elements we draw with, and text that always fits the room it is given.

The idea: a picture is read long after it was made, on machines we have not seen. So it refers to nothing outside
itself, holds no script, and no string reaches the paper except through `write` and `titled`, which

- replace what XML 1.0 forbids, and the invisible marks that reorder a line, by U+FFFD, which everybody can see;
- set a right-to-left name apart (FSI ... PDI), so that it cannot reorder the words beside it;
- shorten a text in the middle until it fits, and then keep the whole of it in a `<title>`.

Widths come from the advance widths of DejaVu Sans, the font that we name first, taken generously: three per cent for
the difference to Verdana, and one and a quarter em for a character outside the table.

Guarantee: equal calls give equal characters. Numbers have at most two decimals and attributes keep the order of the
call, so nothing depends on a locale, a hash seed or a clock.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

FONT = "DejaVu Sans, Verdana, sans-serif"

# Thousandths of an em for the characters U+0020 to U+007E, regular and bold, then for the few others that we write.
_REGULAR = (
    "318 401 460 838 637 951 780 275 391 391 500 838 318 361 318 337 637 637 637 637 637 637 637 637 637 637 337 337 "
    "838 838 838 531 1000 685 687 699 771 632 576 775 752 295 295 656 558 863 749 788 604 788 695 635 611 732 685 989 "
    "686 611 686 391 337 391 838 500 500 613 635 550 635 616 353 635 634 278 278 580 278 975 634 612 635 635 412 521 "
    "393 634 592 818 592 592 525 637 337 637 838"
)
_BOLD = (
    "349 457 521 838 696 1002 873 307 458 458 523 838 380 416 380 366 696 696 696 696 696 696 696 696 696 696 400 400 "
    "838 838 838 581 1000 774 763 734 831 684 684 821 837 373 373 775 638 996 837 851 733 851 771 721 683 813 774 1104 "
    "771 725 726 458 366 458 838 500 500 675 716 593 716 679 436 716 712 343 343 666 343 1042 712 688 716 716 494 596 "
    "479 712 652 924 646 652 583 712 366 712 838"
)
_OTHERS = {"·": 380, "…": 1000, "⋯": 1000, "–": 500, "—": 1000, "×": 838, "→": 838, "µ": 736, "\u2068": 0, "\u2069": 0}
_WIDTHS = tuple({chr(32 + i): int(w) for i, w in enumerate(t.split())} | _OTHERS for t in (_REGULAR, _BOLD))
_UNKNOWN = 1250
_MARGIN = 1.03

_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile("[\t\n\r\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Face:
    """How a text looks: size in pixels, colour, weight, anchor, and a halo that keeps it legible over lines."""

    size: float
    ink: str = "#333333"
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"
    halo: str | None = None


def number(value: float) -> str:
    """Write a coordinate: at most two decimals, no trailing zeros, no minus zero."""
    digits = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def clean(text: str) -> str:
    """Return `text` on one line, without control characters, what XML forbids, and what reorders its neighbours."""
    return _REORDERING.sub("\ufffd", _ILLEGAL.sub("\ufffd", _SPACE.sub(" ", text)))


def escape(text: str) -> str:
    """Return `text` with markup characters as entities, fit for element content and quoted attributes."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text


def isolate(text: str) -> str:
    """Wrap a clean text that holds right-to-left letters in FSI ... PDI; return any other text as it is."""
    if text.isascii() or not any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return text
    return f"\u2068{text}\u2069"


def _advances(text: str, face: Face) -> Iterator[float]:
    table, unit = _WIDTHS[face.bold], face.size * _MARGIN / 1000
    return (table.get(c, _UNKNOWN) * unit for c in text)


def text_width(text: str, face: Face) -> float:
    """Estimate from above the width of a clean `text` in pixels."""
    return sum(_advances(text, face))


def shorten(text: str, face: Face, room: float) -> str:
    """Return the clean `text` if it fits into `room` pixels, else its two ends around an ellipsis."""
    # No character but an isolate is narrower than a quarter em: what is far too long need not be measured whole.
    most = int(room / face.size * 4) + 2
    if len(text) <= most and text_width(text, face) <= room:
        return text
    head = [0.0, *accumulate(_advances(text[:most], face))]
    tail = [0.0, *accumulate(_advances(text[: -most - 1 : -1], face))]
    kept, room = 0, room - text_width("…", face)
    while kept < len(text) and head[(kept + 2) // 2] + tail[(kept + 1) // 2] <= room:
        kept += 1
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"


def wrap(text: str, face: Face, room: float, most: int) -> list[str]:
    """Break the clean `text` at spaces into at most `most` lines of `room` pixels; the last one takes what is left."""
    lines: list[str] = []
    words = [word for word in text.split(" ") if word]
    while words and len(lines) < most - 1:
        count, width = 1, text_width(words[0], face)
        while count < len(words) and (width := width + text_width(" " + words[count], face)) <= room:
            count += 1
        lines.append(" ".join(words[:count]))
        del words[:count]
    return [*lines, " ".join(words)] if words else lines


def tag(name: str, *children: str, **attributes: str | float | None) -> str:
    """Return one element; `stroke_width=2` becomes `stroke-width="2"`, and an attribute of None is left out."""
    pairs = ((k.rstrip("_").replace("_", "-"), v) for k, v in attributes.items() if v is not None)
    shown = "".join(f' {k}="{escape(v) if isinstance(v, str) else number(v)}"' for k, v in pairs)
    return f"<{name}{shown}>{''.join(children)}</{name}>" if children else f"<{name}{shown}/>"


def titled(title: str, *children: str) -> str:
    """Group elements under a title, which browsers show when the pointer rests on one of them."""
    return tag("g", tag("title", escape(clean(title))), *children)


def write(at: tuple[float, float], text: str, face: Face, room: float = 1e6, suffix: str = "") -> str:
    """Set `text` and then our own `suffix` at a baseline point, shortening `text` so that both fit `room` pixels."""
    whole = clean(text)
    short = shorten(whole, face, room - text_width(suffix, face))
    title = (tag("title", escape(whole + suffix)),) if short != whole else ()
    return tag(
        "text",
        *title,
        escape(isolate(short) + suffix),
        x=at[0],
        y=at[1],
        font_size=face.size,
        fill=face.ink,
        font_weight="bold" if face.bold else None,
        text_anchor=None if face.anchor == "start" else face.anchor,
        stroke=face.halo,
        stroke_width=face.size / 5 if face.halo else None,
        stroke_linejoin="round" if face.halo else None,
        paint_order="stroke" if face.halo else None,
    )
