"""The command `udproof`: the only place of the project that prints, exits, or knows of a terminal.

Start with `commands`, which declares every command with its options and holds no logic; each hands over to the module that
does its work, imported only then, since `udproof --help` must answer at once (importing pydantic alone takes longer than it may).

    program        how the process ends: exit codes for every way in which it can, and never a traceback
    exits          the exit codes, their order, and the refusal that ends in "bad usage"
    sources        from what the user names (fleet file, system file, shipped fleet) to a system to check
    verify         the main job; judgement.py says what its results mean for the exit code
    report_*       one run as text, JSON, Markdown; reports.py writes them to files
    mutants        plants mistakes and tells which are noticed; planting.py plants one. trust says what else speaks for a verdict
    traces         replay and render; simulate.py makes a random run; catalog.py lists what there is
"""

from __future__ import annotations

from udproof.cli.commands import program


def main() -> None:
    """The entry point of the console command."""
    program.main()
