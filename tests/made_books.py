"""Grade books for tests: SQLite files, and databases on a PostgreSQL server that is started for them."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.sandbox)]
_numbers = itertools.count()


def as_nobody() -> dict:
    """For subprocess: an ordinary user, where this is root; PostgreSQL refuses to run as root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _tools() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name))
    assert places, "PostgreSQL is not installed: sudo apt install postgresql"
    return places[-1]


class Server:
    """A PostgreSQL server in a folder of its own, which no network reaches."""

    def __init__(self, folder: Path):
        self.folder = folder
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        self._run("initdb", "--no-sync", "--auth=trust", "--username=grader", "--encoding=UTF8", "--locale=C")

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=30"
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}", f"--options={options}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def url(self, database: str) -> str:
        return f"postgresql://grader@/{database}?host={self.folder}"

    def new(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"class_{next(_numbers)}"
        with psycopg.connect(f"host={self.folder} user=grader dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def _run(self, program: str, *options: str) -> None:
        command = [str(_tools() / program), f"--pgdata={self.folder / 'data'}", *options]
        with open(self.folder / "said", "ab") as said:  # a file, as the server keeps what it inherits open
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, **as_nobody())
        assert done.returncode == 0, (self.folder / "said").read_text(errors="replace")[-2000:]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="bottleneck-pg-"))  # a socket's path must be short
    made = Server(folder)
    made.start()
    yield made
    with contextlib.suppress(AssertionError):
        made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def url(request, tmp_path) -> str:
    """A grade book that is not there yet; of the kind of the test's parameter, or else SQLite."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'gradebook.db'}"
    return request.getfixturevalue("server").new()


def processes():
    """Where tests start processes that they kill: one server forks them, with the course loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["course_lib.grading.running", "made_classes"])
    return context
