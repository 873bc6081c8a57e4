"""How the process ends.

Every command returns an exit code. Whatever else can happen is turned into one here, in one place: a mistake of the user ends in
sentences on standard error, an interrupt says so, and an exception that nobody expected says what to report. A traceback is of
use to whoever repairs udproof, and is shown to them alone (`--debug`, or UDPROOF_DEBUG in the environment).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import click

from udproof.cli.console import clean, note
from udproof.cli.exits import Code, Refused

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Settings:
    """What holds for the whole process."""

    debug: bool = False


class Program(click.Group):
    """The command with its subcommands; see the module."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run the command line and end the process with its exit code."""
        settings = Settings(debug=bool(os.environ.get("UDPROOF_DEBUG")))
        sys.exit(int(self._code(args, prog_name or self.name, settings, extra)))

    def _code(self, args: Sequence[str] | None, prog_name: str | None, settings: Settings, extra: dict[str, Any]) -> Code:
        try:
            code = super().main(args, prog_name, **{**extra, "standalone_mode": False, "obj": settings})
        except click.exceptions.NoArgsIsHelpError as help_instead:
            note(help_instead.format_message())
            return Code.USAGE
        except click.UsageError as mistake:
            path = mistake.ctx.command_path if mistake.ctx else "udproof"
            note(f"{path}: {_one_line(mistake.format_message())} ({path} --help lists what there is)")
            return Code.USAGE
        except click.ClickException as mistake:
            note(_one_line(mistake.format_message()))
            return Code.USAGE
        except Refused as refused:
            for sentence in refused.sentences:
                note(sentence)
            return Code.USAGE
        except click.Abort:
            note("interrupted.")
            return Code.INTERRUPTED
        except SystemExit:  # click's own way to leave when the reader of a help text has gone
            return Code.HOLDS
        except Exception as bug:  # noqa: BLE001 - the last resort: whatever it is, it is ours, and must not read as a finding
            _confess(bug, settings)
            return Code.INTERNAL
        return Code(code or 0)


def _confess(bug: Exception, settings: Settings) -> None:
    """Say that udproof is wrong, and what to report."""
    about = "; ".join([f"{type(bug).__name__}: {_one_line(str(bug))}", *getattr(bug, "__notes__", ())])
    note(f"internal error: {clean(about)}. This is a mistake of udproof and no verdict: please report it with this line.")
    if settings.debug:
        import traceback

        note("".join(traceback.format_exception(bug)).rstrip())
    else:
        note("(The same command with --debug shows the traceback.)")


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))


# --- options of every command


def _set_colour(ctx: click.Context, _param: click.Parameter, value: str) -> None:
    """click knows neither NO_COLOR (https://no-color.org) nor FORCE_COLOR; an option overrides both."""
    if value == "auto":
        ctx.color = False if os.environ.get("NO_COLOR") else True if os.environ.get("FORCE_COLOR") else None
    else:
        ctx.color = value == "always"


def _set_debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Settings).debug = True


def everywhere(command: F) -> F:
    """Decorator: the options that every command has."""
    for option in (
        click.option(
            "--debug",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_set_debug,
            help="Show the traceback of an internal error.",
        ),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            expose_value=False,
            is_eager=True,
            callback=_set_colour,
            help="Colours; auto heeds the terminal, NO_COLOR and FORCE_COLOR.",
        ),
    ):
        command = option(command)
    return command
