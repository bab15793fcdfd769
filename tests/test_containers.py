"""The runners podman and docker: their command lines as they are, run by a stand-in; and the images that they need."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import made_container
import pytest

from course_lib.grading import doctor, sandbox
from course_lib.grading.room import Room

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = "podman", "docker"


@pytest.fixture
def program(request, tmp_path, monkeypatch):
    """The name of a stand-in that is on PATH, and its notes; what it has left running is ended."""
    notes = made_container.install(tmp_path, request.param)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(made_container.NOTES, str(notes))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield request.param, notes
    for call in made_container.calls(notes):
        if "process" in call:
            try:
                os.killpg(call["process"], signal.SIGKILL)
            except ProcessLookupError:
                pass


def findings(name: str) -> list[doctor.Finding]:
    return doctor.try_container(name, keras=False).findings


@pytest.mark.sandbox
@pytest.mark.parametrize("program", PROGRAMS, indirect=True)
def test_a_room_in_a_container_computes_and_reaches_nothing(program):
    name, notes = program
    tried = doctor.try_container(name, keras=False)
    assert tried.works, tried.findings
    (run,) = (call["words"] for call in made_container.calls(notes) if call["words"][0] == "run")
    for option in ("--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"):
        assert option in run
    assert any(word.startswith("--memory=") for word in run) and any(word.startswith("--pids-limit=") for word in run)


@pytest.mark.sandbox
@pytest.mark.parametrize("program", ["podman"], indirect=True)
@pytest.mark.parametrize(
    ("without", "lacks", "said"),
    [
        ("--network=none", "nesting", "a room reaches the network"),  # where a room has no namespace of its own
        ("", "care", "it shows files of the judges"),
    ],
)
def test_a_container_that_does_not_hold_is_found_out(program, monkeypatch, without, lacks, said):
    name, _ = program
    command = sandbox.RUNNERS[name]
    monkeypatch.setitem(sandbox.RUNNERS, name, lambda folder: [word for word in command(folder) if word != without])
    monkeypatch.setenv(made_container.LACKS, lacks)
    tried = doctor.try_container(name, keras=False)
    assert tried.there and not tried.works
    assert any(finding.found.startswith(said) for finding in tried.findings if not finding.good), tried.findings


@pytest.mark.parametrize("program", PROGRAMS, indirect=True)
def test_a_daemon_that_does_not_run_and_an_image_that_is_not_built_are_named(program, monkeypatch):
    name, _ = program
    monkeypatch.setenv(made_container.LACKS, "daemon")
    (finding,) = findings(name)
    assert not finding.good and made_container.NO_DAEMON in finding.found and "start" in finding.fix
    monkeypatch.setenv(made_container.LACKS, "image")
    (finding,) = findings(name)
    assert not finding.good and finding.found == "it has no image bottleneck-sandbox"
    assert f"{name} build -t bottleneck-sandbox -f course_lib/grading/Containerfile ." in finding.fix


@pytest.mark.sandbox
@pytest.mark.parametrize("program", ["docker"], indirect=True)
def test_an_image_of_another_course_is_named(program, monkeypatch, tmp_path):
    other = tmp_path / "course_lib"
    shutil.copytree(
        ROOT / "course_lib", other, ignore=shutil.ignore_patterns("__pycache__", "data", "checkpoints", "judges")
    )
    (other / "classroom" / "judges").mkdir()
    (other / "data").symlink_to(ROOT / "course_lib" / "data")
    with (other / "losses.py").open("a", encoding="utf-8") as file:
        file.write("\n# An older state.\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # the stand-in's image is the course that it finds
    bad = [finding.found for finding in findings("docker") if not finding.good]
    assert bad == ["the course in it is another than the one that judges"]


@pytest.mark.skipif(shutil.which("docker") is None, reason="docker is not installed")
def test_dockers_own_client_takes_the_command_line(tmp_path):
    """It reads its options before it looks for a daemon; no container is run, as there is no such image."""
    command = [word for word in sandbox.RUNNERS["docker"](tmp_path) if word != sandbox.IMAGE]
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/nobody"}
    for options, said in (([], "Cannot connect"), (["--no-such-option"], "unknown flag")):
        words = [*command[:-1], *options, sandbox.IMAGE, "python"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 125 and said.lower() in done.stderr.lower(), done.stderr


# ----- the images


def instructions() -> list[tuple[str, str]]:
    text = doctor.CONTAINERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_the_containerfile_copies_what_there_is_and_ends_with_the_sandbox():
    stages = [words for instruction, words in instructions() if instruction == "FROM"]
    assert [words.split(" AS ")[1] for words in stages] == ["libraries", "grader", "sandbox"]
    for instruction, words in instructions():
        assert re.fullmatch(r"FROM|WORKDIR|COPY|RUN|ENV|ENTRYPOINT", instruction)
        if instruction == "COPY":
            *sources, _ = words.split()
            assert all((ROOT / source).exists() for source in sources), words


def test_the_image_of_the_sandbox_loses_the_judges_and_nothing_else(tmp_path):
    """Its last stage, done by hand: the course is copied, the line that takes the judges away is run, the nursery loads."""
    last = instructions()[[i for i, (word, _) in enumerate(instructions()) if word == "FROM"][-1] :]
    shutil.copytree(
        ROOT / "course_lib",
        tmp_path / "course_lib",
        ignore=shutil.ignore_patterns("__pycache__", "data", "checkpoints"),
    )
    (run,) = (words for instruction, words in last if instruction == "RUN")
    subprocess.run(run.split("&&")[0], shell=True, cwd=tmp_path, check=True)
    assert list((tmp_path / "course_lib" / "classroom" / "judges").iterdir()) == []
    code = "from course_lib.grading import nursery, answers; answers.Submission().run_cell('1')"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)


def test_every_command_that_builds_an_image_names_the_containerfile_and_its_stage():
    for name, command in doctor.IMAGES.items():
        assert "-f course_lib/grading/Containerfile ." in command
        assert (f"--target {name}" in command) is (name != "sandbox")
    for advice in (sandbox.ADVICE["podman"], sandbox.ADVICE["docker"]):
        place = re.search(r"-f (\S+)", advice).group(1)
        assert (ROOT / place).is_file(), f"{place}: no such file"
        assert "doctor --classroom" in advice


def test_a_sandbox_needs_a_runner_that_there_is():
    with pytest.raises(ValueError, match="bwrap, podman, docker"):
        sandbox.Sandbox("chroot")


@pytest.mark.sandbox
@pytest.mark.parametrize("program", ["podman"], indirect=True)
def test_two_rooms_of_a_container_share_nothing(program):
    with sandbox.Sandbox(program[0], keras=False) as running:
        first, second = Room(running), Room(running)
        first.run_cell("mine = 1\nopen('/scratch/mine', 'w').write('x')")
        assert (
            second.run_cell("import os\nprint('mine' in globals(), os.listdir('/scratch'))")["printed"] == "False []\n"
        )
        first.close(), second.close()


def test_the_page_for_instructors_prints_the_commands_of_the_doctor():
    page = (ROOT / "site" / "instructors" / "grading.md").read_text(encoding="utf-8")
    page = page.replace(" \\\n  ", " ")
    assert doctor.IMAGES["sandbox"].format(program="docker", image=sandbox.IMAGE) in page
    assert doctor.IMAGES["grader"].format(program="docker") in page
    assert (
        f'docker run --rm -it {doctor.NESTING["docker"]} -v "$PWD:/class" bottleneck-grader doctor --classroom' in page
    )
