"""``python -m course_lib lab|doctor|progress|reset``: what a learner needs from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from course_lib import runtime


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    runtime.let_output_survive(ours=True)
    parser = argparse.ArgumentParser(prog="python -m course_lib", description="Bottleneck, a course on autoencoders.")
    commands = parser.add_subparsers(dest="command", required=True)
    lab = commands.add_parser("lab", help="fill work/ with your copies and open JupyterLab there")
    doctor = commands.add_parser(
        "doctor", help="check Python, packages, kernel, data, disk; say how to mend what fails"
    )
    doctor.add_argument("--deep", action="store_true", help="also train one step and report the device")
    progress = commands.add_parser("progress", help="print which exercises are solved")
    progress.add_argument("lesson", nargs="?", type=int, help="number of one lesson")
    reset = commands.add_parser("reset", help="restore one notebook; your version is kept as a backup")
    reset.add_argument("name", help="such as exercises/01_anatomy")
    for command in (lab, doctor, progress, reset):
        command.add_argument("--work", type=Path, default=None, metavar="FOLDER", help="where your copies are (work/)")
    arguments, rest = parser.parse_known_args(argv)
    if rest and arguments.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")

    from course_lib.classroom import lab as lab_module

    work = arguments.work or lab_module.default_work_folder()
    try:
        if arguments.command == "lab":
            return lab_module.run([option for option in rest if option != "--"], work)
        if arguments.command == "reset":
            print(lab_module.reset(arguments.name, work))
            return 0
        if arguments.command == "progress":
            from course_lib.classroom.commands import progress as table

            if work.is_dir():
                os.chdir(work)
            try:
                shown = table(arguments.lesson)
            except ValueError as error:  # no such lesson
                print(error, file=sys.stderr)
                return 1
            print(shown)
            return 0
        from course_lib.classroom.doctor import examine

        return examine(work, deep=arguments.deep)
    except lab_module.LabError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or work}: {error.strerror or error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
