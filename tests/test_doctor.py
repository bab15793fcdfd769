"""The doctor names what is wrong, with its fix."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from course_lib import crashes, datasets
from course_lib.classroom import doctor, places, records


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
