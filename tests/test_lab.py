"""The learner's folder: nothing changed is ever overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import runtime
from course_lib.__main__ import main
from course_lib.classroom import lab, records


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A small release of the course whose files the test may change, and an empty place for a work folder."""
    root = tmp_path / "course"
    for name, text in {
        "notebooks/00_start_here.ipynb": "start 1",
        "notebooks/01_anatomy.ipynb": "anatomy 1",
        "exercises/01_anatomy.ipynb": "exercises 1",
        "exercises/02_more.ipynb": "more 1",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(records, "course_root", lambda: root)
    monkeypatch.setattr(records, "trust", lambda path: None)
    return root, tmp_path / "work"


def test_first_start_fills_the_folder(release):
    root, work = release
    assert lab.fill(work) == []
    assert (work / "notebooks/00_start_here.ipynb").read_text() == "start 1"
    assert (work / "exercises/01_anatomy.ipynb").read_text() == "exercises 1"
    assert records.work_folder(work / "exercises") == work.resolve()


def test_untouched_copies_are_renewed_and_changed_ones_kept_with_the_new_version_beside(release):
    root, work = release
    lab.fill(work)
    (work / "exercises/01_anatomy.ipynb").write_text("my answers")
    (root / "exercises/01_anatomy.ipynb").write_text("exercises 2")
    (root / "notebooks/01_anatomy.ipynb").write_text("anatomy 2")
    notes = lab.fill(work)
    assert (work / "notebooks/01_anatomy.ipynb").read_text() == "anatomy 2"
    assert (work / "exercises/01_anatomy.ipynb").read_text() == "my answers"
    assert (work / "exercises/01_anatomy.new.ipynb").read_text() == "exercises 2"
    assert any("your copy is kept" in n and "01_anatomy.new.ipynb" in n for n in notes)
    assert lab.fill(work) == [], "the same release says nothing twice"


def test_new_versions_never_overwrite_a_changed_new_version(release):
    root, work = release
    lab.fill(work)
    (work / "exercises/01_anatomy.ipynb").write_text("my answers")
    (root / "exercises/01_anatomy.ipynb").write_text("exercises 2")
    lab.fill(work)
    (root / "exercises/01_anatomy.ipynb").write_text("exercises 3")
    lab.fill(work)
    assert (work / "exercises/01_anatomy.new.ipynb").read_text() == "exercises 3", "nobody had touched it"
    (work / "exercises/01_anatomy.new.ipynb").write_text("my second try")
    (root / "exercises/01_anatomy.ipynb").write_text("exercises 4")
    lab.fill(work)
    assert (work / "exercises/01_anatomy.new.ipynb").read_text() == "my second try"
    assert (work / "exercises/01_anatomy.new2.ipynb").read_text() == "exercises 4"


def test_without_its_manifest_a_work_folder_loses_nothing(release, capsys):
    root, work = release
    lab.fill(work)
    (work / "exercises/01_anatomy.ipynb").write_text("my answers")
    for damage in (None, "{half"):
        (work / runtime.MARKER).unlink() if damage is None else (work / runtime.MARKER).write_text(damage)
        lab.fill(work)
        assert (work / "exercises/01_anatomy.ipynb").read_text() == "my answers"


def test_a_folder_that_the_learner_filled_before_is_kept(release):
    root, work = release
    (work / "notebooks").mkdir(parents=True)
    (work / "notebooks/01_anatomy.ipynb").write_text("mine from before")
    lab.fill(work)
    assert (work / "notebooks/01_anatomy.ipynb").read_text() == "mine from before"
    assert (work / "notebooks/01_anatomy.new.ipynb").read_text() == "anatomy 1"


def test_deleted_copies_come_back(release):
    root, work = release
    lab.fill(work)
    (work / "notebooks/01_anatomy.ipynb").unlink()
    lab.fill(work)
    assert (work / "notebooks/01_anatomy.ipynb").exists()


def test_reset_restores_and_keeps_a_backup(release):
    root, work = release
    lab.fill(work)
    (work / "exercises/01_anatomy.ipynb").write_text("my answers")
    message = lab.reset("exercises/01_anatomy", work)
    assert (work / "exercises/01_anatomy.ipynb").read_text() == "exercises 1"
    backup = next((work / "exercises").glob("01_anatomy.backup-*.ipynb"))
    assert backup.read_text() == "my answers" and backup.name in message


def test_reset_explains_names_that_are_ambiguous_or_unknown(release):
    root, work = release
    lab.fill(work)
    with pytest.raises(lab.LabError, match="reset notebooks/01_anatomy"):
        lab.reset("01_anatomy", work)
    with pytest.raises(lab.LabError, match="exercises/02_more"):
        lab.reset("99_nothing", work)
    assert "restored" in lab.reset("02_more.ipynb", work)


def test_a_file_in_the_way_is_explained(release):
    root, work = release
    work.write_text("not a folder")
    with pytest.raises(lab.LabError, match="is a file"):
        lab.fill(work)


def test_write_failure_is_explained_with_the_way_out(release, monkeypatch):
    root, work = release

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)
    with pytest.raises(lab.LabError, match="--work FOLDER"):
        lab.fill(work)


def test_missing_notebooks_are_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "course_root", lambda: tmp_path)
    with pytest.raises(lab.LabError, match="Clone the whole repository"):
        lab.fill(tmp_path / "work")


def test_jupyter_starts_on_the_work_folder_at_the_first_lesson_with_the_learners_options_last(tmp_path):
    command = lab.lab_command(tmp_path, ["--port=9999", "--no-browser"])
    assert command[0] == sys.executable
    assert f"--ServerApp.root_dir={tmp_path.resolve()}" in command
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in command
    assert command[-2:] == ["--port=9999", "--no-browser"]


def test_root_of_a_container_may_start_it_and_nobody_else_is_told_to(tmp_path, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    assert "--allow-root" in lab.lab_command(tmp_path, [])
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in lab.lab_command(tmp_path, [])


def test_jupyter_options_reach_jupyter_and_bad_commands_are_refused(monkeypatch, tmp_path, capsys):
    seen = {}
    monkeypatch.setattr(lab, "run", lambda options, work: seen.update(options=options, work=work) or 0)
    assert main(["lab", "--port=8890", "--no-browser", "--work", str(tmp_path)]) == 0
    assert seen == {"options": ["--port=8890", "--no-browser"], "work": tmp_path}
    with pytest.raises(SystemExit):
        main(["reset", "x", "--nonsense"])
    assert main(["reset", "nothing", "--work", str(tmp_path)]) == 1
    assert "There is no notebook" in capsys.readouterr().err


def test_settings_of_the_lab_are_valid_and_turn_the_news_off():
    folder = Path(lab.__file__).parent / "lab_config"
    settings = json.loads((folder / "labconfig" / "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert str(folder) in lab.lab_environment(Path("work"))["JUPYTER_CONFIG_PATH"]


def test_jupyterlab_finds_the_extension_that_opens_explorers_beside_those_that_the_learner_has(monkeypatch):
    from jupyterlab_server.config import get_federated_extensions

    monkeypatch.setenv("JUPYTER_PATH", "mine")
    ours, *others = lab.lab_environment(Path("work"))["JUPYTER_PATH"].split(os.pathsep)
    assert others == ["mine"]
    (found,) = get_federated_extensions([str(Path(ours) / "labextensions")]).values()
    assert (Path(found["ext_path"]) / found["jupyterlab"]["_build"]["load"]).is_file()


def test_the_course_keeps_its_open_tabs_beside_the_copies_unless_told_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR", raising=False)
    kept = Path(lab.lab_environment(tmp_path / "work")["JUPYTERLAB_WORKSPACES_DIR"])
    assert kept.parent == tmp_path / "work" and kept.name.startswith(".")
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", "elsewhere")
    assert lab.lab_environment(tmp_path / "work")["JUPYTERLAB_WORKSPACES_DIR"] == "elsewhere"


def test_copies_are_trusted_so_that_their_outputs_show_also_where_jupyter_never_ran(tmp_path, monkeypatch, capsys):
    import nbformat
    from jupyter_core.paths import jupyter_data_dir
    from nbformat.sign import NotebookNotary

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "share" / "jupyter"))
    lab.fill(tmp_path / "work")
    assert "signed" not in capsys.readouterr().out
    copy = nbformat.read(tmp_path / "work" / "notebooks" / "00_start_here.ipynb", as_version=4)
    assert NotebookNotary(data_dir=jupyter_data_dir()).check_signature(copy)


def test_progress_command_prints_the_table(tmp_path):
    lab.fill(tmp_path / "work")
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", "progress", "1", "--work", str(tmp_path / "work")],
        capture_output=True,
        text=True,
        cwd=records.course_root(),
    )
    assert done.returncode == 0 and "exercises solved" in done.stdout and "psnr" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_is_left_to_jupyter_which_ends_when_it_has_closed_its_kernels():
    here = os.getpid()
    # Both get the signal in a terminal. This one takes its time, as JupyterLab does: it must not be cut short.
    code = f"import os, signal, time; os.kill({here}, signal.SIGINT); time.sleep(0.6); raise SystemExit(7)"
    assert lab.serve([sys.executable, "-S", "-c", code], dict(os.environ)) == 7


def test_labs_that_start_at_once_do_not_write_into_each_others_copies(release, tmp_path, monkeypatch):
    target = tmp_path / "01_a.ipynb"
    original = next(original for original in lab.released_files().values() if isinstance(original, Path))
    names = set()
    for process in (1, 2):
        monkeypatch.setattr(lab.os, "getpid", lambda process=process: process)
        names.add(lab._beside(original, target))
    assert len(names) == 2 and all(path.read_bytes() == original.read_bytes() for path in names)
