"""The doctor names what is wrong, with its fix."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from course_lib import crashes, datasets
from course_lib.classroom import doctor, places, records
from course_lib.grading import doctor as classroom
from course_lib.grading import isolation, trials


def said(tmp_path, **kwargs) -> tuple[int, str]:
    lines = []
    status = doctor.examine(tmp_path / "work", show=lines.append, **kwargs)
    return status, "\n".join(lines)


@pytest.fixture(autouse=True)
def tensorflow_here(monkeypatch):
    """Nothing is imported: tests of that are in test_crashes.py."""
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr(crashes, "attempt", lambda *_: crashes.Attempt(0, "", 1.0))
    monkeypatch.setattr(crashes, "found", lambda *_: [])


def test_sound_machine_passes(tmp_path):
    status, text = said(tmp_path)
    assert status == 0 and text.endswith("Everything is in order."), text
    for subject in ("machine", "Python", "packages", "backend", "loading", "kernel", "data", "disk", "writing", "home"):
        assert f"✔ {subject}" in text


def test_it_does_not_import_the_backend():
    code = (
        "import sys; from pathlib import Path; from course_lib import crashes; from course_lib.classroom.doctor import examine;"
        "crashes.attempt = lambda *_: crashes.Attempt(0, '', 1.0); examine(Path('work'));"
        "sys.exit(bool({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=records.course_root(), capture_output=True)
    assert done.returncode == 0, done.stdout


def test_wrong_python(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "MINIMUM_PYTHON", (9, 0))
    status, text = said(tmp_path)
    assert status == 1 and "✘ Python" in text and "install Python 3.11" in text


def test_missing_and_old_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "requirements", lambda: [("no-such-package", "1.0"), ("numpy", "999.0")])
    status, text = said(tmp_path)
    assert status == 1
    assert "no-such-package is missing" in text and "is older than 999.0" in text
    assert "pip install -c constraints.txt -e ." in text


@pytest.mark.parametrize(
    ("found", "least", "good"),
    [("2.10.0", "2.9", True), ("3.0.0rc1", "3.0", False), ("2.9.1+cpu", "2.9.1", True), ("24", "24.0", True)],
)
def test_versions_are_compared_as_pip_does(tmp_path, monkeypatch, found, least, good):
    monkeypatch.setattr(doctor, "requirements", lambda: [("numpy", least)])
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: found)
    _, text = said(tmp_path)
    assert (f"numpy {found} is older than {least}" in text) is not good


def test_a_machine_without_the_package_that_reads_versions(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    status, text = said(tmp_path)
    assert status == 1 and "packaging is missing" in text and "pip install -c constraints.txt -e ." in text


def test_missing_tools_of_authors_are_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_installed", lambda name: name != "ruff")
    status, text = said(tmp_path)
    assert status == 0 and "✔ tools     for authors only, learners need none; not installed: ruff" in text, text


def test_unknown_and_missing_backend(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    status, text = said(tmp_path)
    assert status == 1 and "'theano'" in text and "KERAS_BACKEND" in text
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setitem(doctor.BACKENDS, "torch", "no_such_module")
    status, text = said(tmp_path)
    assert status == 1 and "is not installed" in text


def test_damaged_keras_configuration(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text("{half", encoding="utf-8")
    status, text = said(tmp_path)
    assert status == 1 and f"delete {tmp_path / 'keras.json'}" in text


def test_kernel_of_another_python(tmp_path, monkeypatch):
    from jupyter_client import kernelspec

    class Spec:
        argv = ("/somewhere/else/python",)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", lambda self, name: Spec())
    status, text = said(tmp_path)
    assert status == 1 and "✘ kernel" in text and "-m ipykernel install --sys-prefix --name python3" in text


def test_no_kernel(tmp_path, monkeypatch):
    from jupyter_client import kernelspec

    def none(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    status, text = said(tmp_path)
    assert status == 1 and "no kernel named python3" in text


def test_damaged_data(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "verify", lambda: [("x.png", False, "x.png is damaged")])
    status, text = said(tmp_path)
    assert status == 1 and "x.png is damaged" in text and "git checkout -- course_lib/data" in text


def test_full_disk_and_no_write_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "DISK_NEEDED", 1 << 60)
    monkeypatch.setattr(places, "probe", lambda folder: (_ for _ in ()).throw(PermissionError(13, "denied")))
    status, text = said(tmp_path)
    assert status == 1 and "✘ disk" in text and "✘ writing" in text and "--work FOLDER" in text


def test_one_broken_look_does_not_hide_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "verify", lambda: 1 / 0)
    status, text = said(tmp_path)
    assert status == 1 and "ZeroDivisionError" in text and "✔ writing" in text


@pytest.mark.parametrize(
    ("system", "machine", "python", "good", "fix"),
    [
        ("Linux", "x86_64", "linux-x86_64", True, ""),
        ("Linux", "aarch64", "linux-aarch64", True, ""),
        ("Darwin", "arm64", "macosx-11.0-arm64", True, ""),
        ("Windows", "AMD64", "win-amd64", True, ""),
        ("Windows", "ARM64", "win-amd64", True, ""),  # an emulated Python takes the packages for x86-64
        ("Windows", "ARM64", "win-arm64", False, "work in WSL"),
        ("Darwin", "x86_64", "macosx-10.9-universal2", False, "install a Python for arm64"),
        ("FreeBSD", "amd64", "freebsd-14", False, "hosted notebook"),
    ],
)
def test_machines_that_no_packages_exist_for_are_named(tmp_path, monkeypatch, system, machine, python, good, fix):
    monkeypatch.setattr(doctor.platform, "system", lambda: system)
    monkeypatch.setattr(doctor.platform, "machine", lambda: machine)
    monkeypatch.setattr(doctor.sysconfig, "get_platform", lambda: python)
    (finding,) = doctor.look_at_machine()
    assert finding.good is good and fix in finding.fix
    assert ("macOS" if system == "Darwin" else system) in finding.found


def test_a_python_of_32_bits_and_musl_are_named(monkeypatch):
    monkeypatch.setattr(doctor.sysconfig, "get_config_var", lambda name: "x86_64-pc-linux-musl")
    monkeypatch.setattr(doctor.platform, "system", lambda: "Linux")
    assert "glibc" in next(doctor.look_at_machine()).fix
    monkeypatch.setattr(doctor.struct, "calcsize", lambda form: 4)
    assert "64 bits" in next(doctor.look_at_machine()).fix


def test_a_home_that_cannot_be_written_is_no_error_but_said(tmp_path, monkeypatch):
    wanting = {"JUPYTER_DATA_DIR": ("data", tmp_path / "home" / ".local", "Read-only file system")}
    monkeypatch.setattr(places, "unwritable", lambda: wanting)
    status, text = said(tmp_path)
    (line,) = (line for line in text.splitlines() if line.startswith("✔ home"))
    assert status == 0 and "Read-only file system" in line and "set JUPYTER_DATA_DIR" in line


def test_no_folder_for_temporary_files_is_an_error_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(
        places, "unwritable", lambda: {"TMPDIR": ("temporary", tmp_path, "no folder for temporary files")}
    )
    status, text = said(tmp_path)
    assert status == 1 and "✘ temporary" in text and "TMPDIR" in text


@pytest.mark.backends
def test_deep_examination_trains_one_step_and_reports_the_device():
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", "doctor", "--deep"],
        capture_output=True,
        text=True,
        cwd=records.course_root(),
        env={**os.environ, "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✔ training" in done.stdout and "✔ device" in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "its settings are no dictionary"),
        ('{"backend": ["jax"]}', "is none of tensorflow, jax, torch"),
        ('{"backend": "theano"}', "is none of tensorflow, jax, torch"),
    ],
)
def test_settings_of_keras_of_another_form(tmp_path, monkeypatch, text, expected):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text(text, encoding="utf-8")
    (finding,) = doctor._backend(tmp_path, load=False)
    assert not finding.good and expected in finding.found and str(tmp_path / "keras.json") in finding.fix


def test_missing_notebooks_of_the_course_are_named(tmp_path, monkeypatch):
    assert all(finding.good for finding in doctor._notebooks())
    for folder in ("notebooks", "exercises"):
        (tmp_path / folder).symlink_to(doctor.records.course_root() / folder)
    (tmp_path / "solutions").mkdir()
    monkeypatch.setattr(doctor.records, "course_root", lambda: tmp_path)
    (finding,) = doctor._notebooks()
    assert not finding.good and "solutions/01" in finding.found and "notebooks/01" not in finding.found
    assert "git checkout" in finding.fix


def test_a_kernel_that_cannot_be_looked_up_points_to_the_folders(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager

    def none(*_):
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    (finding,) = doctor._kernel()
    assert not finding.good and "No usable temporary directory" in finding.found and "temporary" in finding.fix


def test_nobody_is_told_to_delete_the_pythons_of_the_system(monkeypatch):
    attempt = doctor.crashes.Attempt(1, "", 1.0, ("ImportError: broken",))
    for prefix, base, told in (("/course/.venv", "/usr", True), ("/usr", "/usr", False)):
        monkeypatch.setattr(doctor.sys, "prefix", prefix)
        monkeypatch.setattr(doctor.sys, "base_prefix", base)
        fix = doctor._failed("loading", "importing keras", "tensorflow", attempt).fix
        assert ("delete its folder" in fix) is told and "make lab" in fix


def test_a_processor_that_numpy_refuses_is_named(tmp_path, monkeypatch, capsys):
    from course_lib import __main__

    def refused(*_):
        raise RuntimeError(
            "NumPy was built with baseline optimizations: (X86_V2) but your machine doesn't support: ()."
        )

    monkeypatch.setattr(datasets, "verify", refused)
    assert "fix: Use a newer machine" in said(tmp_path)[1]
    monkeypatch.setattr(__main__, "_run", refused)
    assert __main__.main([]) == 1 and "pass its host's processor through" in capsys.readouterr().err


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_a_python_that_is_too_old_or_too_new_is_named(monkeypatch, capsys, version):
    from course_lib import __main__

    def fails(_):
        raise ImportError("cannot import name 'UTC' from 'datetime'")

    assert (__main__.OLDEST, __main__.TOO_NEW) == (doctor.MINIMUM_PYTHON, doctor.BELOW_PYTHON)
    monkeypatch.setattr(__main__, "_run", fails)
    monkeypatch.setattr(__main__.sys, "version_info", version)
    assert __main__.main([]) == 1 and "too old or too new" in capsys.readouterr().err


# ----- the classroom: can this machine grade?

APPARMOR, CLONE, MOST = (
    "kernel/apparmor_restrict_unprivileged_userns",
    "kernel/unprivileged_userns_clone",
    "user/max_user_namespaces",
)
UID_MAP = "bwrap did not start:\nbwrap: setting up uid map: Permission denied"
LOOPBACK = "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted"
NO_PERMISSIONS = (
    "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged ones."
)
EXCEEDED = "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)"


def examined(**kwargs) -> tuple[int, str]:
    lines = []
    status = classroom.examine(keras=False, show=lines.append, **kwargs)
    return status, "\n".join(lines)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine outside of containers, with bubblewrap in its usual place, and no settings and profiles but those of a test."""
    monkeypatch.setattr(classroom.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "bwrap" else None)
    monkeypatch.setattr(classroom.os.path, "realpath", lambda path: path)
    monkeypatch.setattr(classroom, "_container_here", lambda: "")
    monkeypatch.setattr(classroom, "_profiles", lambda: sorted(tmp_path.glob("*bwrap*")))

    def settings(**values):
        monkeypatch.setattr(classroom, "_setting", lambda name: values.get(name.partition("/")[2], ""))

    settings()
    return settings


@pytest.mark.parametrize(
    ("told", "settings", "container", "found", "fix"),
    [
        (UID_MAP, {APPARMOR: "1"}, "", "AppArmor lets bubblewrap make no user namespaces", "profile bwrap /usr/bin/bwrap"),
        (LOOPBACK, {APPARMOR: "1"}, "", "AppArmor", "sudo apparmor_parser -r /etc/apparmor.d/bwrap"),
        (NO_PERMISSIONS, {CLONE: "0"}, "", "kernel.unprivileged_userns_clone", "sysctl -w kernel.unprivileged_userns_clone=1"),
        (EXCEEDED, {MOST: "0"}, "", "user.max_user_namespaces", "/etc/sysctl.d/50-bubblewrap.conf"),
        (NO_PERMISSIONS, {APPARMOR: "0"}, "", "it may make no namespaces", "use podman or docker"),
        (NO_PERMISSIONS, {}, "docker", "this is a container", "seccomp=unconfined --security-opt apparmor=unconfined"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", {}, "podman", "container", "unmask=ALL"),
        (NO_PERMISSIONS, {APPARMOR: "1"}, "docker", "this is a container", "Its host restricts namespaces as well"),
        (NO_PERMISSIONS, {}, "kubernetes", "this is a container", "procMount Unmasked"),
        ("bwrap: execvp /nowhere/python: No such file", {}, "docker", "it does not start", "by hand"),
        ("", {}, "", "it does not start", "by hand"),
    ],
)  # fmt: skip
def test_what_keeps_bubblewrap_from_its_namespaces_is_named_with_its_cure(
    bare, monkeypatch, told, settings, container, found, fix
):
    bare(**{name.partition("/")[2]: value for name, value in settings.items()})
    monkeypatch.setattr(classroom, "_container_here", lambda: container)
    finding = classroom.why_refused(told)
    assert not finding.good and found in finding.found and fix in finding.fix


def test_a_profile_that_is_there_is_loaded_and_none_put_beside_it(bare, tmp_path):
    """Of two profiles for one program AppArmor applies neither."""
    bare(apparmor_restrict_unprivileged_userns="1")
    theirs = tmp_path / "bwrap-userns-restrict"
    theirs.write_text("profile bwrap /usr/bin/bwrap flags=(attach_disconnected) {\n}\n", encoding="utf-8")
    fix = classroom.why_refused(UID_MAP).fix
    assert f"sudo apparmor_parser -r {theirs}" in fix and "sudo cp" not in fix
    theirs.write_text("profile other /usr/bin/other {\n}\n", encoding="utf-8")
    assert f"sudo cp {classroom.PROFILE} /etc/apparmor.d/bwrap &&" in classroom.why_refused(UID_MAP).fix


def test_the_profile_is_for_the_bubblewrap_that_is_used(bare, monkeypatch):
    bare(apparmor_restrict_unprivileged_userns="1")
    monkeypatch.setattr(classroom.shutil, "which", lambda name: "/opt/bin/bwrap")
    fix = classroom.why_refused(UID_MAP).fix
    assert "profile bwrap /opt/bin/bwrap flags=(unconfined) {\n  userns,\n" in fix
    assert "sed 's#/usr/bin/bwrap#/opt/bin/bwrap#'" in fix


@pytest.mark.parametrize(
    ("told", "command"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "sudo apt install bubblewrap"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "sudo dnf install bubblewrap"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "sudo zypper install bubblewrap"),
        ({"ID": "slackware"}, "your system's own command"),
    ],
)
def test_bubblewrap_is_installed_as_the_distribution_does(monkeypatch, told, command):
    monkeypatch.setattr(classroom.platform, "freedesktop_os_release", lambda: told)
    assert command in classroom.how_to_install()


def test_without_any_sandbox_nothing_is_graded_and_the_doctor_says_what_to_do(monkeypatch, capsys, tmp_path):
    from course_lib import __main__

    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "01_anatomy.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert __main__.main(["grade", str(tmp_path)]) != 0
    refused = capsys.readouterr().err
    assert "bwrap is not installed" in refused and "doctor --classroom" in refused
    assert __main__.main(["doctor", "--classroom"]) == 1
    text = capsys.readouterr().out
    for runner in ("bwrap", "podman", "docker"):
        assert f"✘ {runner}" in text
    assert text.endswith("One sandbox that works is enough: mend the first that you can.\n")


def test_on_macos_and_windows_it_says_how_to_come_to_a_linux(monkeypatch):
    monkeypatch.setattr(classroom.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(classroom.shutil, "which", lambda name: "/bin/docker" if name == "docker" else None)
    monkeypatch.setattr(classroom, "_said", lambda *command: "no daemon")
    status, text = examined()
    assert status == 1 and "bubblewrap is for Linux only, and this is macOS" in text
    assert "docker build -t bottleneck-grader --target grader -f course_lib/grading/Containerfile ." in text
    assert f"docker run --rm -it {classroom.NESTING['docker']} -v" in text and "start Docker Desktop" in text
    monkeypatch.setattr(classroom.platform, "system", lambda: "Windows")
    status, text = examined()
    assert status == 1 and "wsl --install" in text and "bwrap     " not in text


def ran(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], cwd=records.course_root(), capture_output=True, text=True)


def test_a_missing_package_of_instructors_is_named_with_the_command_that_installs_it():
    done = ran(
        "import sys; sys.modules['sqlalchemy'] = None; from course_lib.__main__ import main; sys.exit(main(['report']))"
    )
    assert done.returncode == 2 and "pip install 'bottleneck-course[classroom]'" in done.stderr


def test_without_linux_reports_are_made_and_grading_says_where_it_works(tmp_path):
    """A stand-in for Windows: its name, and none of the modules that it lacks."""
    elsewhere = (
        "import multiprocessing.connection, ssl, sys, uuid, sqlalchemy, IPython.core.inputtransformer2; import course_lib.classroom.lab; "
        "sys.platform = 'win32'; sys.modules['resource'] = None; from course_lib.__main__ import main; sys.exit(main({!r}))"
    )
    place = tmp_path / "anna" / "01_anatomy.ipynb"
    place.parent.mkdir()
    place.write_text("{}")
    done = ran(elsewhere.format(["grade", str(tmp_path)]))
    assert done.returncode == 2 and "Grading needs Linux" in done.stderr and "doctor --classroom" in done.stderr
    done = ran(elsewhere.format(["class", "new", str(tmp_path / "new"), "--lessons", "01"]))
    assert done.returncode == 0 and (tmp_path / "new" / "grading.toml").is_file()


def tried(runner: str, *good: bool, there: bool = True) -> classroom.Tried:
    findings = [classroom.Finding(runner, each, "seen", "mend it") for each in good]
    return classroom.Tried(runner, findings, there)


@pytest.mark.parametrize(
    ("bwrap", "podman", "status", "verdict"),
    [
        (tried("bwrap", True), tried("podman", True), 0, "Grading works here, with bwrap."),
        (tried("bwrap", True, False), tried("podman", True), 0, "Use no other: bwrap does not hold, see above."),
        (tried("bwrap", False, there=False), tried("podman", True), 0, "with podman; the others are not needed."),
        (tried("bwrap", True, False), tried("podman", False, there=False), 1, "bwrap starts and does not hold"),
        (tried("bwrap", False, there=False), tried("podman", False, there=False), 1, "Nothing can be graded here yet."),
    ],
)
def test_the_verdict_is_one_line_and_the_exit_status(monkeypatch, bwrap, podman, status, verdict):
    monkeypatch.setattr(classroom, "try_bubblewrap", lambda keras: bwrap)
    monkeypatch.setattr(
        classroom, "try_container", lambda name, keras: podman if name == "podman" else tried(name, False, there=False)
    )
    found, text = examined()
    assert found == status and verdict in text.splitlines()[-1]


def test_a_missing_package_of_the_classroom_is_an_error_though_the_sandbox_works(monkeypatch):
    monkeypatch.setattr(classroom, "PACKAGES", ("no_such_module", "jinja2"))
    monkeypatch.setattr(classroom, "try_bubblewrap", lambda keras: tried("bwrap", True))
    monkeypatch.setattr(classroom, "try_container", lambda name, keras: tried(name, False, there=False))
    status, text = examined()
    assert status == 1 and "no_such_module is missing" in text and "'.[classroom]'" in text
    assert text.splitlines()[-1].startswith("The sandbox works, with bwrap; 1 other thing(s) to mend")


@pytest.mark.sandbox
def test_a_sound_sandbox_is_tried_in_every_respect(monkeypatch):
    monkeypatch.setattr(classroom, "try_container", lambda name, keras: tried(name, False, there=False))
    status, text = examined()
    assert status == 0, text
    for what in (
        "a room computes",
        "the course in it is this one",
        "no judge is in it",
        "the network is refused",
        "is ended",
    ):
        assert f"✔ bwrap     {what}" in text or what in text
    assert text.count("✔ bwrap") == 5 and "✘" not in text


@pytest.mark.sandbox
def test_a_room_without_a_limit_of_memory_is_found_out(monkeypatch):
    roomy = isolation.Limits()
    monkeypatch.setattr(isolation, "Limits", lambda memory: roomy)
    monkeypatch.setattr(trials, "MEMORY", 32 << 20)
    monkeypatch.setattr(trials, "HOLD_SECONDS", 0.5)
    result = classroom.try_bubblewrap(keras=False)
    (bad,) = (finding for finding in result.findings if not finding.good)
    held = re.fullmatch(r"no memory limit: (.*) took more than a room may have and went on", bad.found).group(1)
    assert {"one process", "shared memory"} <= set(held.split(", "))  # "several" where a room may start a process


@pytest.mark.sandbox
def test_where_no_namespaces_are_left_the_real_refusal_is_understood():
    """Within a bubblewrap that forbids further namespaces, as a container may."""
    inner = [sys.executable, "-m", "course_lib", "doctor", "--classroom"]
    outer = [
        "bwrap",
        "--bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--unshare-user",
        "--disable-userns",
        "--",
    ]
    done = subprocess.run([*outer, *inner], cwd=records.course_root(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("✘ bwrap"))
    assert "namespace" in line and "it does not start" not in line
    assert done.stdout.splitlines()[-1].startswith("Nothing can be graded here yet.")


@pytest.mark.sandbox
@pytest.mark.weekly
def test_keras_loads_in_the_sandbox():
    result = classroom.try_bubblewrap(keras=True)
    assert result.works and result.findings[-1].found.startswith("Keras ")
