"""``python -m course_lib.classroom.answer_process module:function``: a process in which answers live.

It reads questions from its standard input and writes replies to its standard output; what answers print goes elsewhere.
"""

from __future__ import annotations

import importlib
import os
import sys

from course_lib.classroom.door import receive, send
from course_lib.classroom.host import Host


def main(source: str) -> None:
    """Serve one check after another until the judge's end of the pipe is closed."""
    # A file descriptor of its own for the replies: whatever is printed, by Python or by a library, cannot mix with them.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    module, _, function = source.partition(":")
    answers_of = getattr(importlib.import_module(module), function)

    def call_back(key, arguments):
        send(replies, ["callback", key, arguments])
        return receive(questions)

    answers, host = [], None
    while True:
        try:
            kind, *rest = receive(questions)
        except EOFError:
            return
        if kind == "choose":
            answers = answers_of(*rest)
            reply = None
        elif kind == "open":
            host = Host(answers, rest[0], call_back)
            reply = host.handles
        else:
            reply = host.answer(*rest)
        send(replies, ["reply", reply])


if __name__ == "__main__":
    main(sys.argv[1])
