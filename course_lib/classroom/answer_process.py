"""``python -m course_lib.classroom.answer_process module:function``: a process in which answers live.

It reads questions from its standard input and writes replies to its standard output; what answers print goes elsewhere.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping

from course_lib.classroom.door import receive, send
from course_lib.classroom.host import Host

MOST_PRINTED = 100_000  # characters of what an answer prints during one question; the rest is let go


def main(source: str) -> None:
    """Serve one check after another until the judge's end of the pipe is closed."""
    # A file descriptor of its own for the replies: whatever is printed, by Python or by a library, cannot mix with them.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    module, _, function = source.partition(":")
    answers_of = getattr(importlib.import_module(module), function)
    answers: list = []

    def choose(*which) -> None:
        answers[:] = answers_of(*which)

    serve(questions, replies, answers, {"choose": choose})


def serve(questions, replies, answers: list, others: Mapping[str, Callable]) -> None:
    """Answer a judge's messages until its end of the pipe is closed.

    Args:
        questions: the unbuffered stream of its messages.
        replies: the one of the replies.
        answers: the objects that the next check is about, as they are when it is opened.
        others: what else may be asked, by the first word of the message; it returns the reply.
    """

    def call_back(key, arguments):
        send(replies, ["callback", key, arguments])
        return receive(questions)

    host = None
    while True:
        try:
            kind, *rest = receive(questions)
        except EOFError:
            return
        if kind == "open":
            host = Host(answers, rest[0], call_back)
            reply = host.handles
        elif kind == "ask":
            reply = host.answer(*rest)
            reply["printed"] = reply["printed"][:MOST_PRINTED]
        else:
            reply = others[kind](*rest)
        send(replies, ["reply", reply])


if __name__ == "__main__":
    main(sys.argv[1])
