"""``python -m course_lib.grading.nursery SOCKET``: the process in the sandbox that loads the libraries once, and forks.

Each connection to its socket becomes one *room*: a process in namespaces of its own, in which one submission's code runs.
This process itself never runs a line of a submission, and never reads what a room says.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path

from course_lib.classroom.answer_process import serve
from course_lib.classroom.door import send
from course_lib.grading import answers, isolation

# What a submission may want, loaded before the first fork; Keras last, as it is large.
LIBRARIES = (
    "numpy",
    "scipy.linalg",
    "scipy.special",
    "scipy.ndimage",
    "scipy.stats",
    "scipy.sparse.linalg",
    "IPython.core.inputtransformer2",
    "course_lib.datasets",
    "course_lib.metrics",
    "course_lib.referees",
    "course_lib.classroom.host",
)
WITH_KERAS = ("keras", "course_lib.layers", "course_lib.losses", "course_lib.training", "course_lib.models")


def main(argv: list[str] | None = None) -> None:
    """Load, say that rooms can be had, and make one for each connection until the parent is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("socket", type=Path)
    parser.add_argument("--keras", action="store_true", help="load it before the first room")
    parser.add_argument("--limits", type=json.loads, default={})
    arguments = parser.parse_args(argv)
    limits = isolation.Limits(**arguments.limits)

    for name in (*LIBRARIES, *(WITH_KERAS if arguments.keras else ())):
        importlib.import_module(name)
    answers.silence_the_course()
    gc.freeze()  # the pages of what is loaded stay shared with the children

    alone = not _can_be_shut_off()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(arguments.socket))
    listening.listen(16)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the rooms' wardens need no funeral
    print(json.dumps({"ready": True, "alone": alone, "limits": asdict(limits)}), flush=True)
    while True:
        connection, _ = listening.accept()
        if alone:  # one submission, and this whole sandbox ends with it
            listening.close()
            isolation.give_up_rights()
            isolation.bound(limits)
            _live(connection)
            return
        if os.fork() == 0:
            try:
                listening.close()
                _keep_watch(connection, limits, str(arguments.socket.parent))
            finally:
                os._exit(0)
        connection.close()


def _can_be_shut_off() -> bool:
    """Whether this system lets a child have namespaces of its own, tried with one."""
    child = os.fork()
    if child == 0:
        try:
            isolation.shut_off()
            inner = os.fork()
            if inner == 0:
                try:
                    isolation.settle(isolation.Limits())
                    os._exit(0)
                finally:
                    os._exit(1)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _keep_watch(connection: socket.socket, limits: isolation.Limits, folder: str) -> None:
    """Be the room's warden: fork it, wait for its end, and say why it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    isolation.shut_off()
    child = os.fork()
    if child == 0:
        try:
            isolation.settle(limits, hidden=(folder,))
            _live(connection)
        finally:
            os._exit(0)

    def still_wanted() -> bool:
        events = dict(poll.poll(0))
        return not events.get(connection.fileno(), 0) & (select.POLLHUP | select.POLLERR)

    poll = select.poll()
    poll.register(connection, 0)
    if isolation.watch(child, still_wanted, limits) == "memory":
        with contextlib.suppress(OSError):
            send(connection.makefile("wb", buffering=0), ["ended", "memory"])


def _live(connection: socket.socket) -> None:
    """Be the room: run cells and answer questions until nobody asks any more."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    stream = connection.makefile("rwb", buffering=0)
    submission = answers.Submission()
    serve(stream, stream, submission.answers, {"cell": submission.run_cell, "choose": submission.choose})


if __name__ == "__main__":
    main()
    sys.exit()
