"""A run as a Mermaid sequence diagram, for a pull request or a wiki that draws such text itself.

Source: https://mermaid.js.org/syntax/sequenceDiagram.html. Only what every version since 8 draws alike is used: `participant … as`,
`->>`, and `Note over`. Texts may come from anybody, and Mermaid reads much as markup; so every character that is not a letter, a
digit or a harmless sign is written as its entity (`#35;`), as the language provides, and so is the first letter of the word
"end", which closes blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from udproof.counterexamples.exchange import Exchange, Passing, exchange
from udproof.counterexamples.table import plain
from udproof.counterexamples.trace import Trace
from udproof.language import Property

_HARMLESS = frozenset(" -.,()/=_'")
_LONG = 200  # letters; more of a text is cut, since a diagram as a whole may have 50,000


def mermaid(trace: Trace, prop: Property | None) -> str:
    """The diagram as text that ends in a newline. ValueError if there is a property and it holds at the end."""
    return "\n".join(_lines(exchange(trace, prop))) + "\n"


def _lines(told: Exchange) -> Iterator[str]:
    yield "sequenceDiagram"
    for place, name in enumerate(told.parties):
        yield f"    participant p{place} as {text(name)}"
    everybody = "p0" if len(told.parties) == 1 else f"p0,p{len(told.parties) - 1}"
    for event in told.events:
        sign = " (decisive)" if event.decisive else ""
        if isinstance(event, Passing):
            yield f"    Note over {everybody}: {text(f'{event.number}. {event.text}{sign}')}"
            continue
        words = text(f"{event.number}. {event.text}{f' (at {event.at})' if event.at else ''}{sign}")
        first, *others = event.to or (event.by,)
        yield f"    p{event.by}->>p{first}: {words}"
        for other in others:
            yield f"    p{event.by}->>p{other}: {text(f'{event.number}. (the same step)')}"
    if told.cause and told.parties:
        about = sorted(told.about)
        over = everybody if not about else f"p{about[0]}" if len(about) == 1 else f"p{about[0]},p{about[-1]}"
        yield f"    Note over {over}: {text(told.cause)}"


def text(words: str) -> str:
    """A text that Mermaid shows and does not obey."""
    short = plain(words)
    short = short if len(short) <= _LONG else f"{short[: _LONG // 2]}…{short[-_LONG // 2 :]}"
    ends = {found.start() for found in re.finditer(r"(?i)\bend\b", short)}
    written = "".join(c if at not in ends and (c.isalnum() or c in _HARMLESS) else f"#{ord(c)};" for at, c in enumerate(short))
    return written or "#160;"
