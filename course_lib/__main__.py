"""``python -m course_lib lab|copies|doctor|progress|reset``: what a learner needs from the command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from course_lib import crashes, runtime

OLDEST, TOO_NEW = (3, 11), (3, 14)  # here: with another Python the doctor, who knows it too, may not load
INSTRUCTORS = "class", "grade", "report"
INTERRUPTED = 130  # what shells say of a command that was stopped with Ctrl-C


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    runtime.let_output_survive(ours=True)
    try:
        status = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, and not when Python ends, where nobody could say why it failed
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `… | head`: the reader has seen enough
        _print_no_more()
        return 0
    except OSError as error:
        # What has no name is the output: the commands name every file that they fail at.
        print(f"{error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        _print_no_more()
        return 1
    except (ImportError, RuntimeError) as error:
        mend = _way_out(error)
        if mend is None:
            raise
        print(f"This Python ({_python()}, {sys.version.split()[0]}) cannot run the course: {mend}", file=sys.stderr)
        return 1


def _python() -> str:
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable


def _way_out(error: Exception) -> str | None:
    """What to do where a package is missing or damaged, or Python or the processor too old; None if it is none of these."""
    if crashes.lacks_what_numpy_needs(error):
        return f"{error} {crashes.OTHER_PROCESSOR}"
    if not isinstance(error, ImportError) or (error.name or "").startswith("course_lib"):
        return None
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        return "it is too old or too new. Make the environment anew with Python 3.11, 3.12 or 3.13."
    return f"{error}. In the course's folder: {_python()} -m pip install -c constraints.txt -e ."


def _print_no_more() -> None:
    """Let what could not be printed go, or Python would complain once more when it ends."""
    if sys.stdout is not sys.__stdout__ or sys.stdout is None:
        return
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _grading_commands(commands, words: list[str]):
    """The commands for instructors, if one of them is meant: their packages load only then. Else None, and why if one is missing."""
    if not set(INSTRUCTORS) & set(words[:1]):
        for name in INSTRUCTORS:
            commands.add_parser(name, help="for instructors: see README")
        return None, ""
    try:
        from course_lib.grading import commands as grading
    except ImportError as error:
        if (error.name or "").startswith("course_lib"):
            raise
        for name in INSTRUCTORS:
            commands.add_parser(name)
        extra = f"{_python()} -m pip install 'bottleneck-course[classroom]'"
        return None, f"The commands for instructors need a few more packages ({error.name} is missing): {extra}"
    grading.add_to(commands)
    return grading, ""


def _run(argv: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m course_lib", description="Bottleneck, a course on autoencoders.")
    commands = parser.add_subparsers(dest="command", required=True)
    lab = commands.add_parser("lab", help="fill work/ with your copies and open JupyterLab there")
    copies = commands.add_parser("copies", help="fill work/ with your copies, and open nothing")
    doctor = commands.add_parser(
        "doctor", help="check Python, packages, kernel, data, disk; say how to mend what fails"
    )
    doctor.add_argument("--deep", action="store_true", help="also train one step and report the device")
    doctor.add_argument(
        "--classroom", action="store_true", help="for instructors: try the sandbox in which classes are graded"
    )
    progress = commands.add_parser("progress", help="print which exercises are solved")
    progress.add_argument("lesson", nargs="?", type=int, help="number of one lesson")
    reset = commands.add_parser("reset", help="restore one notebook; your version is kept as a backup")
    reset.add_argument("name", help="such as exercises/01_anatomy")
    for command in (lab, copies, doctor, progress, reset):
        command.add_argument("--work", type=Path, default=None, metavar="FOLDER", help="where your copies are (work/)")
    grading, lacking = _grading_commands(commands, sys.argv[1:] if argv is None else argv)
    arguments, rest = parser.parse_known_args(argv)
    if rest and arguments.command not in ("lab", *INSTRUCTORS):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")

    if arguments.command in INSTRUCTORS:
        if grading is None:
            print(lacking, file=sys.stderr)
            return 2
        if rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        return grading.run(arguments)

    from course_lib.classroom import lab as lab_module

    work = arguments.work or lab_module.default_work_folder()
    try:
        if arguments.command == "lab":
            return lab_module.run([option for option in rest if option != "--"], work)
        if arguments.command == "copies":
            for note in lab_module.fill(work):
                print(note)
            print(f"Your copies are in {work}.")
            return 0
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
        if arguments.classroom:
            from course_lib.grading.doctor import examine as examine_classroom

            return examine_classroom()
        from course_lib.classroom.doctor import examine

        return examine(work, deep=arguments.deep)
    except lab_module.LabError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
