"""`python -m benchmarks`: measure, print the tables, and write what was asked for. See the package."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks import fixedpoint, machine, report
from benchmarks.benchmark import Disagreement
from benchmarks.measure import Failed, prepare
from benchmarks.plot import plot
from benchmarks.walks import NAME as WALK


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--quick", is_flag=True, help="Small sizes only, one turn each: to see that everything works, in a minute.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([benchmark.name for benchmark in report.BENCHMARKS]),
    help="This benchmark only (can be given several times).",
)
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the run to a file, sample by sample."
)
@click.option("--plot", "plot_path", type=click.Path(dir_okay=False, path_type=Path), help="Draw time against states as SVG.")
@click.option("--store", is_flag=True, help="Make this the run that the documents show: benchmarks/results and docs/benchmarks.md.")
@click.option(
    "--show",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing; print the tables of a run that --json or --store has written.",
)
def main(
    quick: bool, only: tuple[str, ...], json_path: Path | None, plot_path: Path | None, store: bool, show: Path | None
) -> None:
    """Measure what a verdict costs, beside other ways to get it, and print it beside the targets."""
    if store and (quick or only):
        raise click.UsageError("--store keeps whole runs only; leave out --quick and --only.")
    if show and (quick or only or json_path):
        raise click.UsageError("--show measures nothing; leave out --quick, --only and --json.")
    try:
        run = report.read(show) if show else _measured(quick, only, json_path)
    except (Disagreement, Failed) as problem:
        raise click.ClickException(str(problem)) from problem
    except (ValueError, KeyError, TypeError) as problem:
        if show is None:
            raise
        raise click.ClickException(f"{show} is not a run of these benchmarks; give a file that --json has written.") from problem
    click.echo(report.shown(run))
    if plot_path:
        plot_path.write_text(plot(run.of(WALK)), encoding="utf-8")
    if store:
        report.STORED.write_text(run.text(), encoding="utf-8")
        report.PICTURE.write_text(plot(run.of(WALK)), encoding="utf-8")
        fixedpoint.PICTURE.write_text(fixedpoint.picture(run.of(fixedpoint.NAME)), encoding="utf-8")
        report.PAGE.write_text(report.page(report.PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")


def _measured(quick: bool, only: tuple[str, ...], keep: Path | None) -> report.Run:
    """Measure. After each sample the run so far is written to `keep`, so that a run that is ended early is not lost."""
    run = report.Run(machine.described(), ())
    prepare()
    for benchmark in report.BENCHMARKS:
        if only and benchmark.name not in only:
            continue
        for sample in benchmark.measure(quick, _say):
            run = report.Run(run.machine | {"load after": machine.load()}, (*run.samples, sample))
            if keep:
                keep.write_text(run.text(), encoding="utf-8")
    return run


def _say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
