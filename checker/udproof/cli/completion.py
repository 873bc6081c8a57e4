"""What a shell completes: shipped fleets, properties and named mistakes, beside what click knows by itself.

No file that stands on the line is looked into, since a system file is code, and pressing a key must not run it. So the properties
are those of the protocol, whatever FILE is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_UDPROOF_COMPLETE"  # by which the script asks, as click names it


def script(shell: str, program: click.Command) -> str:
    """What one of the shells must read to complete the command."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise AssertionError(f"click does not know {shell}, which udproof offers")
    return kind(program, {}, program.name or "", _VARIABLE).source()


def designs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, and shipped fleets."""
    from click.shell_completion import CompletionItem

    from udproof.protocol import fleets

    return [
        CompletionItem(incomplete, type="file"),
        *_beginning(incomplete, ((name, "shipped fleet") for name in fleets.shipped())),
    ]


def traces(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def properties(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The properties of the protocol, and the one that every system has."""
    from udproof.language.claims import TIME_CAN_PASS
    from udproof.properties import ALL

    return _beginning(incomplete, ((prop.name, prop.statement) for prop in (*ALL, TIME_CAN_PASS)))


def mistakes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The mistakes that can be planted."""
    from udproof.protocol.mutants import ALL

    return _beginning(incomplete, ((mutant.name, mutant.story) for mutant in ALL))


def _beginning(incomplete: str, named: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=about) for name, about in named if name.startswith(incomplete)]
