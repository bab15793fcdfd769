"""What a hostile submission is, and what many of them have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Attributes:
        name: what it tries.
        code: of its one cell.
        says: a word that the message must hold, where it matters: ``"nothing"`` of those that look for something.
    """

    name: str
    code: str
    says: str = ""


def looking(code: str) -> str:
    """An answer that collects into ``found`` what it should not reach, and raises it."""
    lines = "\n".join("    " + line for line in code.strip("\n").splitlines())
    return f"def to_unit_range(x):\n    found = []\n{lines}\n    raise RuntimeError(f'found {{found}}' if found else 'nothing')\n"


TALK = """
import os, socket, struct, json

def channel():
    for fd in range(3, 64):
        try:
            end = socket.socket(fileno=os.dup(fd))
            if end.family == socket.AF_UNIX:
                return end
        except OSError:
            pass

def frame(text, *buffers):
    text = text.encode()
    message = len(text).to_bytes(8, "big") + text + b"".join(buffers)
    return len(message).to_bytes(8, "big") + message
"""


def forging(message: str) -> str:
    return f"{TALK}\ndef to_unit_range(x):\n    channel().sendall({message})\n    return x\n"
