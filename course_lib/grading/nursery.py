"""``python -m course_lib.grading.nursery``: the process in the sandbox that loads the libraries once, and forks.

Its standard input is a socket, or it connects to one. Each connection that is handed to it there becomes one *room*: a process
in namespaces of its own, in which one submission's code runs. This process itself never runs a line of a submission, and
never reads what a room says.
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
import time
from collections.abc import Callable
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
    parser.add_argument("--socket", help="path of the socket to connect to; without it, standard input is one")
    parser.add_argument("--keras", action="store_true", help="load it before the first room")
    parser.add_argument("--limits", type=json.loads, default={})
    arguments = parser.parse_args(argv)
    limits = isolation.Limits(**arguments.limits)

    for name in (*LIBRARIES, *(WITH_KERAS if arguments.keras else ())):
        importlib.import_module(name)
    answers.silence_the_course()
    gc.freeze()  # the pages of what is loaded stay shared with the children

    alone = not _works(_in_namespaces)
    if alone and not _works(isolation.give_up_rights):
        sys.exit("A room could not give up its rights: this kernel has no filters of system calls (seccomp).")
    control = _control(arguments.socket)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the rooms' wardens need no funeral
    print(json.dumps({"ready": True, "alone": alone, "limits": asdict(limits)}), flush=True)
    while True:
        _, connections, _, _ = socket.recv_fds(control, 1, 1)
        if not connections:  # the judge is gone
            return
        connection = socket.socket(fileno=connections[0])
        if alone:  # one submission, and this whole sandbox ends with it
            control.close()
            _keep_watch(connection, limits, alone=True)
            return
        if os.fork() == 0:
            try:
                control.close()
                hidden = (str(Path(arguments.socket).parent),) if arguments.socket else ()
                _keep_watch(connection, limits, hidden)
            finally:
                os._exit(0)
        connection.close()


def _control(path: str | None) -> socket.socket:
    """The socket over which connections are handed to this process; no child has it."""
    if path:
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        control.connect(path)
        return control
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return control


def _works(attempt: Callable[[], None]) -> bool:
    """Whether something can be done here, tried in a child."""
    child = os.fork()
    if child == 0:
        try:
            attempt()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _in_namespaces() -> None:
    """Do what a room does before it lives.

    Raises:
        OSError: if this system lets no child have namespaces of its own.
    """
    isolation.shut_off()
    if not _works(lambda: isolation.settle(isolation.Limits())):
        raise OSError("the room could not be settled")


def _keep_watch(
    connection: socket.socket, limits: isolation.Limits, hidden: tuple[str, ...] = (), *, alone: bool = False
) -> None:
    """Be the room's warden: fork it, wait for its end, and say why it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if not alone:
        isolation.shut_off()
    child = os.fork()
    if child == 0:
        try:
            if alone:
                isolation.bound(limits)
                isolation.give_up_rights()
            else:
                isolation.settle(limits, hidden)
            _live(connection)
        finally:
            os._exit(0)
    if alone:
        isolation.hide_memory()

    def still_wanted() -> bool:
        events = dict(poll.poll(0))
        return not events.get(connection.fileno(), 0) & (select.POLLHUP | select.POLLERR)

    poll = select.poll()
    poll.register(connection, 0)
    try:
        why = isolation.watch(child, still_wanted, limits)
    except BaseException:  # a room without a warden is none
        os.kill(child, signal.SIGKILL)
        raise
    if why in ("memory", "processes"):
        connection.setblocking(False)  # whoever does not read it will see that the room is gone
        with contextlib.suppress(OSError):
            send(connection.makefile("wb", buffering=0), ["ended", why], time.monotonic() + 1.0)


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
