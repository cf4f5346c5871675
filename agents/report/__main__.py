"""``webrl-report``: makes the page from folders of training runs and of benchmark results, without running anything."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from agents.errors import AgentError
from agents.report.folders import load_report
from agents.report.page import write_report
from agents.values import NoCritic, value_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status, 2 when a folder holds nothing to report."""
    options = parser().parse_args(arguments)
    folders: list[Path] = list(dict.fromkeys(options.folder))
    output = options.output or (folders[0] if len(folders) == 1 else Path()) / "report.html"
    try:
        if options.values and not _value(folders):
            return 2
        write_report(output, load_report(folders, options.title))
    except (AgentError, ValueError, OSError) as error:
        print(f"webrl-report: {error}", file=sys.stderr)
        return 2
    print(f"The report: {output.resolve()} ({output.stat().st_size / 1e6:.1f} MB)")
    return 0


def _value(folders: Sequence[Path]) -> bool:
    """Has steps valued wherever there is a critic; false where there is none at all."""
    valued = False
    for folder in folders:
        try:
            print(f"{folder}: {value_run(folder)} steps valued", flush=True)
            valued = True
        except NoCritic as error:
            print(f"webrl-report: {error}", file=sys.stderr)
    return valued


def parser() -> argparse.ArgumentParser:
    """What the command line may hold."""
    made = argparse.ArgumentParser(
        prog="webrl-report",
        description="One self-contained page from what training runs and benchmarks left in their folders.",
    )
    made.add_argument(
        "folder",
        nargs="+",
        type=Path,
        help="a run of webrl-train, results of webrl-benchmark, or a folder with such in it; several are compared",
    )
    made.add_argument("-o", "--output", type=Path, metavar="PATH", help="default: report.html in the only folder")
    made.add_argument("--title", help="heading of the page")
    made.add_argument(
        "--values",
        action="store_true",
        help="first let the run's last critic value each recorded step that has no value (minutes)",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
