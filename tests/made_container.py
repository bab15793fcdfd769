"""A stand-in for ``podman`` and ``docker``, for machines that have neither: it takes their words, notes them, and runs the command in bubblewrap.

It takes no option that those two do not have, and does what an option says: without ``--network=none`` there is a network,
without ``--read-only`` a place to write. Like theirs, its containers outlive the program that was asked to run them.
What it does not do: limit memory and the number of processes, for which containers need a daemon's cgroups.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import course_lib
from course_lib.grading import sandbox

NOTES, LACKS = "MADE_CONTAINER_NOTES", "MADE_CONTAINER_LACKS"
COURSE = "/course"  # where the image of the Containerfile has it
NO_DAEMON = "Cannot connect to the daemon. Is it running?"


def install(folder: Path, program: str) -> Path:
    """Put the stand-in into a folder for PATH; returns the file that it will note its calls in."""
    path = folder / program
    path.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{Path(__file__).resolve()}' \"$@\"\n", encoding="utf-8")
    path.chmod(0o755)
    return folder / f"{program}.jsonl"


def calls(notes: Path) -> list[dict]:
    """What was noted: ``{"words": …}`` for each call, and for a container also its process."""
    return [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()] if notes.is_file() else []


def _lacks() -> list[str]:
    """What this machine lacks: a daemon, the image, care in building it, nesting of namespaces."""
    return os.environ.get(LACKS, "").split(",")


def _note(**what) -> None:
    with Path(os.environ[NOTES]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


def main(words: list[str]) -> int:
    lacks = _lacks()
    if words[:1] != ["run"]:
        _note(words=words)
    if "daemon" in lacks:
        print(NO_DAEMON, file=sys.stderr)
        return 125
    if words == ["info"]:
        return 0
    if words[:2] == ["image", "inspect"]:
        return 0 if words[2:] == [sandbox.IMAGE] and "image" not in lacks else 1
    if words[:1] == ["run"]:
        return _run(words)
    print(f"unknown command: {words}", file=sys.stderr)
    return 125


def _run(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="container run", allow_abbrev=False)
    for option in ("--rm", "--read-only", "--init"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("-i", "--interactive", action="store_true")
    for option in ("--network", "--pids-limit", "--memory", "--memory-swap", "--user", "--userns", "--name", "--cpus"):
        parser.add_argument(option)
    for option in ("--cap-drop", "--security-opt", "--tmpfs", "--volume", "--env"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    told = parser.parse_args(words[1:])
    if told.image != sandbox.IMAGE:
        print(f"no image {told.image}", file=sys.stderr)
        return 125
    inside = subprocess.Popen(
        in_bubblewrap(told), stdin=None if told.interactive else subprocess.DEVNULL, start_new_session=True
    )
    _note(words=words, process=inside.pid)
    return inside.wait()


def in_bubblewrap(told: argparse.Namespace) -> list[str]:
    """What the options of ``run`` mean, and what the image holds, as words for bubblewrap."""
    shared = [] if told.network == "none" else ["--share-net"]
    command = [shutil.which("bwrap"), "--unshare-all", *shared, "--clearenv", "--proc", "/proc", "--dev", "/dev"]
    for path in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    for path in dict.fromkeys(str(Path(p)) for p in (sys.prefix, sys.base_prefix, Path(sys.executable).parent.parent)):
        if not path.startswith("/usr"):
            command += ["--ro-bind", path, path]
    package = str(Path(course_lib.__file__).resolve().parent)
    command += ["--ro-bind", package, f"{COURSE}/course_lib"]
    if "nesting" in _lacks():  # as under the filter of system calls that Docker has by default
        command += ["--unshare-user", "--disable-userns"]
    if "care" not in _lacks():  # an image that was built by other lines than ours shows the judges
        command += ["--tmpfs", f"{COURSE}/course_lib/classroom/judges"]
    command += ["--setenv", "PYTHONPATH", COURSE, "--setenv", "PATH", "/usr/bin:/bin"]
    for place in told.tmpfs:
        path, _, options = place.partition(":")
        size = options.removeprefix("size=").replace("m", " ").split()
        command += [*(["--size", str(int(size[0]) << 20)] if size else []), "--tmpfs", path]
    for volume in told.volume:
        source, target, *_ = volume.split(":")
        command += ["--bind", source, target]
    for setting in told.env:
        command += ["--setenv", *setting.split("=", 1)]
    for capability in told.cap_drop:
        command += ["--cap-drop", capability]
    if told.user:
        command += ["--uid", told.user.split(":")[0]]
    if told.read_only:
        command += ["--remount-ro", "/"]
    program, *rest = told.command
    return [*command, "--", sys.executable if program == "python" else program, *rest]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
