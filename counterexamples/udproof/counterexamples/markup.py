"""HTML from texts that may come from anybody.

The idea: there is one way to make an element, and it escapes whatever is no element already. A text is first made harmless as the
step table makes it (`table.plain`): on one line, without control characters and marks that reorder text, very long words cut in
the middle. `Markup` is a string that has been through this; nothing else is ever put between tags.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from udproof.counterexamples.svg import escape
from udproof.counterexamples.table import plain

_VOID = frozenset({"br", "col", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str | int | None) -> Markup:
    """An element; `class_="x"` becomes `class="x"`, `data_a` becomes `data-a`, and an attribute of None is left out.

    Children that are no `Markup` are texts from anybody: made plain and escaped. So are attributes.
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    shown = "".join(f' {key}="{escape(plain(str(value)))}"' for key, value in pairs)
    inside = joined(children)
    return Markup(f"<{tag}{shown}>" if tag in _VOID else f"<{tag}{shown}>{inside}</{tag}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """The parts one after the other; what is no `Markup` among them is escaped."""
    return Markup(between.join(part if isinstance(part, Markup) else Markup(escape(plain(part))) for part in parts))


def data(value: object) -> Markup:
    """A value as JSON that may stand in a `script` element: ASCII, and without anything that HTML would read as markup."""
    text = json.dumps(value, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
