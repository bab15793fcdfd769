"""``python -m authoring build|lint|course|capstones|calibrate|numbers|reading|cpu|site|wheel|face|costs|explorers``: see CONTRIBUTING.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from authoring.source import SourceError
from course_lib import runtime


def main(argv: list[str] | None = None) -> int:
    """Run one of the authoring commands; returns the exit status."""
    runtime.let_output_survive(ours=True)
    parser = argparse.ArgumentParser(prog="python -m authoring", description="Tools for authors of the course.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("build", "rebuild the derived notebooks whose source changed"),
        ("lint", "say what a lesson lacks or breaks"),
        ("course", "execute the lessons and print seconds, peak memory and claims held"),
        ("capstones", "check the capstones' own solutions and print their seconds"),
        ("calibrate", "repeat the claims of a lesson over several seeds"),
        ("reading", "print words, code lines, claims and minutes of each notebook, as the budgets count them"),
        ("numbers", "write README's table and the numbers in the instructors' notes"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--lesson", default=None, metavar="NN", help="one lesson only, such as 02")
        if name == "build":
            command.add_argument("--force", action="store_true", help="execute again although no code changed")
        if name == "calibrate":
            command.add_argument("--seeds", type=int, default=8, help="how many seeds (8)")
    command = commands.add_parser("cpu", help="print what a run of the tests cost, by part")
    command.add_argument("log", type=Path, help="the file that the environment variable COURSE_CPU_LOG named")
    command.add_argument("--budget", type=float, default=None, help="CPU seconds that it may cost")
    commands.add_parser("wheel", help="make the course as one file in build/wheel, data included")
    commands.add_parser("site", help="make the web version in build/site, from what is stored")
    commands.add_parser("face", help="make the pictures and numbers of the landing page and of README")
    commands.add_parser("costs", help="measure what the famous bugs cost where no notebook prints it")
    command = commands.add_parser("explorers", help="train and export the networks of the web version's explorers")
    command.add_argument("name", nargs="?", default=None, metavar="NAME", help="one explorer only, such as numbers")
    command.add_argument("--photograph", action="store_true", help="then write its first view into its fragment")
    command.add_argument("--only-photograph", action="store_true", help="export nothing; needs Chromium")
    arguments = parser.parse_args(argv)
    if arguments.command == "cpu":
        from authoring.cpu import report

        print(report(arguments.log, arguments.budget))
        return 0
    if arguments.command == "explorers":
        from authoring.web.explorers import build as build_explorers

        photograph = {"photograph_only": arguments.only_photograph, "photograph_too": arguments.photograph}
        return build_explorers(arguments.name, **photograph)
    try:
        if arguments.command == "site":
            from authoring.web.assemble import site

            return site()
        if arguments.command == "wheel":
            from authoring.source import ROOT
            from authoring.web.wheel import make

            print(make(ROOT, ROOT / "build" / "wheel"))
            return 0
        if arguments.command == "face":
            from authoring.web.face import face

            return face()
        if arguments.command == "costs":
            from authoring.web.costs import costs

            return costs()
        if arguments.command == "build":
            from authoring.build import build

            return build(arguments.lesson or None, force=arguments.force)
        if arguments.command == "lint":
            from authoring.lint import lint_all

            problems = lint_all(arguments.lesson or None)
            print("\n".join(problems) or "In order.")
            return int(bool(problems))
        if arguments.command == "course":
            from authoring.measure import course

            return course(arguments.lesson or None)
        if arguments.command == "capstones":
            from authoring.measure import capstones

            return capstones(arguments.lesson or None)
        if arguments.command == "reading":
            from authoring.reading import table

            return table(arguments.lesson or None)
        if arguments.command == "numbers":
            from authoring.numbers import numbers

            return numbers(arguments.lesson or None)
        from authoring.measure import calibrate

        return calibrate(arguments.lesson or None, seeds=arguments.seeds)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
