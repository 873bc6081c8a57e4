"""A picture as PNG, for what cannot show SVG: chats, slides, some wikis.

resvg (https://github.com/linebender/resvg) draws it, from a wheel that needs nothing else, with the fonts of the machine. It has
one trap: where it finds no font, it leaves out all text and says nothing. So a letter is drawn first, and if it leaves no trace,
the picture is refused. The same machine gives the same bytes; another one may have other fonts.
"""

from __future__ import annotations

from functools import cache

from udproof.counterexamples.svg import FONT, escape

_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" font-family="{font}"><text x="5" y="30">{text}</text></svg>'
)


class NoFont(Exception):
    """There is no font to write the texts of a picture with; the sentence says what to do."""


def png(svg: str, zoom: float = 2.0) -> bytes:
    """The picture as PNG, `zoom` pixels for each unit of the canvas. NoFont if texts could not be written."""
    import resvg_py  # here, since it takes a while and few need it

    if not _writes():
        raise NoFont(
            "no font was found, and a picture without its texts says nothing; install a font such as DejaVu Sans, or take svg"
        )
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, background="#ffffff"))


@cache
def _writes() -> bool:
    """Does a letter leave a trace?"""
    import resvg_py

    with_text, without = (_PROBE.format(font=escape(FONT), text=text) for text in ("W", ""))
    return bytes(resvg_py.svg_to_bytes(svg_string=with_text)) != bytes(resvg_py.svg_to_bytes(svg_string=without))
