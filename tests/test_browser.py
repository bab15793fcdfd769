"""JupyterLab as a learner sees it, driven in headless Chromium. Run by `make test-browser`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from explorer_browser import need

from authoring.web.harness import find_chromium
from course_lib.classroom import explorers, records

pytestmark = pytest.mark.browser

TOKEN = "learner"
PREFIX = "/user/learner"  # as on Binder: what works here needs no server of its own
MINUTE = 60_000  # milliseconds
# What JupyterLab 4 keeps of a user's open tabs, here of notebooks with the names of ours.
TABS_OF_ANOTHER_PROJECT = {
    "metadata": {"id": "default"},
    "data": {
        "layout-restorer:data": {
            "main": {
                "dock": {
                    "type": "tab-area",
                    "currentIndex": 1,
                    "widgets": ["notebook:notebooks/01_anatomy.ipynb", "notebook:notebooks/02_undercomplete.ipynb"],
                },
                "current": "notebook:notebooks/02_undercomplete.ipynb",
            },
        },
        **{
            f"notebook:notebooks/{name}.ipynb": {
                "data": {"path": f"notebooks/{name}.ipynb", "factory": "Notebook", "kernelName": "python3"}
            }
            for name in ("01_anatomy", "02_undercomplete")
        },
    },
}


@pytest.fixture(scope="module")
def chromium() -> str:
    found = find_chromium()
    need(found, "No Chromium was found")
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab, started as `make lab` starts it, on a work folder of its own, for somebody who also uses it elsewhere."""
    home = tmp_path_factory.mktemp("learner")
    work = home / "work"
    elsewhere = home / "config" / "lab" / "workspaces" / "default-37a8.jupyterlab-workspace"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text(json.dumps(TABS_OF_ANOTHER_PROJECT), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "course_lib",
        "lab",
        "--work",
        str(work),
        "--no-browser",
        f"--port={port}",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.base_url={PREFIX}/",
        "--LabApp.expose_app_in_browser=True",
    ]
    env = {
        k: v for k, v in os.environ.items() if k not in ("COURSE_HEADLESS", "MPLBACKEND", "JUPYTERLAB_WORKSPACES_DIR")
    }
    env["JUPYTER_CONFIG_DIR"] = str(home / "config")  # neither the tester's settings nor their tabs
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=records.course_root(), env=env, stdout=log, stderr=log, start_new_session=True
        )
        address = f"http://127.0.0.1:{port}{PREFIX}"
        try:
            until = time.monotonic() + 90
            while True:
                with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                    urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5)
                    break
                if server.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    pytest.fail(f"JupyterLab did not start:\n{log.read().decode()}")
                time.sleep(0.2)
            yield address, work
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def page(chromium, lab):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        need(False, "Playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-sync",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        tab = browser.new_page(viewport={"width": 1400, "height": 1000})
        tab.set_default_timeout(MINUTE)
        yield tab
        browser.close()


def picture(page, name: str) -> None:
    """Keep a screenshot where somebody asked for them (SCREENSHOTS=folder)."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def open_notebook(page, lab, path: str) -> None:
    """Open a notebook and wait until its kernel is ready."""
    page.goto(f"{lab[0]}/lab/tree/{path}?token={TOKEN}&reset")
    page.wait_for_function(
        """path => { const app = window.jupyterapp; const w = app && app.shell.currentWidget;
           return w && w.context && w.context.path === path && w.context.isReady && w.content.model?.cells.length > 1
               && w.sessionContext.session && w.sessionContext.session.kernel
               && w.sessionContext.session.kernel.status === 'idle'; }""",
        arg=path,
        timeout=2 * MINUTE,
    )


CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(c => c.toJSON())"""


def cells(page) -> list[dict]:
    """The notebook's cells as JupyterLab has them now."""
    return page.evaluate(CELLS)


def source_of(cell: dict) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def texts(cell: dict) -> str:
    """All that a cell's outputs say, HTML included."""
    found = []
    for output in cell.get("outputs", []):
        parts = [output.get("text", ""), *output.get("data", {}).values()]
        found += ["".join(p) if isinstance(p, list) else str(p) for p in parts]
    return "\n".join(found)


def run_all(page) -> None:
    """Run > Run All Cells, and wait until every cell has been run."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => { const w = window.jupyterapp.shell.currentWidget;
           const code = w.content.widgets.filter(c => c.model.type === 'code' && c.model.sharedModel.getSource().trim());
           return w.sessionContext.session.kernel.status === 'idle'
               && code.every(c => c.model.executionState !== 'running')
               && (code.some(c => c.model.outputs.toJSON().some(o => o.output_type === 'error'))
                   || code.every(c => c.model.executionCount !== null)); }""",
        timeout=5 * MINUTE,
    )


def no_errors(page) -> None:
    for cell in cells(page):
        bad = [o for o in cell.get("outputs", []) if o["output_type"] == "error" or o.get("name") == "stderr"]
        assert not bad, (source_of(cell)[:200], bad)


def clear_outputs(page) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")


def type_into(page, cell_id: str, text: str) -> None:
    """Replace the text of a cell as a learner does: click into it, select all, type."""
    scroll_to(page, cell_id)
    editor = page.locator("[data-cell-under-test] .cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def scroll_to(page, cell_id: str) -> None:
    """Bring a cell into view and mark its node, whatever JupyterLab has made of the page."""
    page.evaluate(
        """async id => { const nb = window.jupyterapp.shell.currentWidget.content;
           document.querySelectorAll('[data-cell-under-test]').forEach(n => n.removeAttribute('data-cell-under-test'));
           const i = nb.widgets.findIndex(c => c.model.id === id);
           nb.activeCellIndex = i; await nb.scrollToItem(i, 'center').catch(() => {});
           nb.widgets[i].node.setAttribute('data-cell-under-test', '1'); }""",
        cell_id,
    )
    page.locator("[data-cell-under-test]").scroll_into_view_if_needed()


def run_cell(page, cell_id: str) -> str:
    """Press Shift+Enter in a cell; returns what its outputs say when it has finished."""
    scroll_to(page, cell_id)
    before = next(c for c in cells(page) if c["id"] == cell_id)["execution_count"]
    page.locator("[data-cell-under-test] .cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        """([id, before]) => { const w = window.jupyterapp.shell.currentWidget;
           const c = w.content.widgets.find(c => c.model.id === id);
           return c.model.executionCount !== null && c.model.executionCount !== before
               && w.sessionContext.session.kernel.status === 'idle'; }""",
        arg=[cell_id, before],
        timeout=2 * MINUTE,
    )
    return texts(next(c for c in cells(page) if c["id"] == cell_id))


def test_lab_opens_at_the_first_lesson_without_news_or_kernel_dialog(page, lab):
    page.goto(f"{lab[0]}/?token={TOKEN}")
    page.locator(".jp-NotebookPanel .jp-Cell").filter(visible=True).first.wait_for()
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=2 * MINUTE,
    )
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == "notebooks/00_start_here.ipynb"
    assert page.locator(".jp-NotebookPanel").count() == 1, "tabs of another project were opened in the course"
    picture(page, "start")
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator("text=/Jupyter news|newer version|official Jupyter/i").count() == 0


def test_lesson_01_runs_shows_every_claim_and_its_slider_moves_the_picture(page, lab):
    open_notebook(page, lab, "notebooks/01_anatomy.ipynb")
    clear_outputs(page)
    run_all(page)
    no_errors(page)
    wanted = sum(len(re.findall(r"^\s*claim\(", source_of(c), re.MULTILINE)) for c in cells(page))
    said = "\n".join(texts(c) for c in cells(page))
    assert wanted >= 3 and len(re.findall(r"^✔ ", said, re.MULTILINE)) >= wanted and "✘" not in said

    widget_cell = next(c for c in cells(page) if re.search(r"^\s*(widgets\.)?explore\(", source_of(c), re.MULTILINE))
    scroll_to(page, widget_cell["id"])
    image = page.locator("[data-cell-under-test] .jp-OutputArea-output img").first
    image.wait_for()
    before = image.get_attribute("src")
    picture(page, "slider-before")
    handle = page.locator("[data-cell-under-test] .noUi-handle").first
    handle.click()
    handle.press("ArrowRight")
    handle.press("ArrowRight")
    page.wait_for_function(
        """before => { const i = document.querySelector('[data-cell-under-test] .jp-OutputArea-output img');
                       return i && i.getAttribute('src') !== before; }""",
        arg=before,
    )
    picture(page, "slider-after")
    no_errors(page)


def test_guess_can_be_clicked_and_is_compared_with_the_experiment(page, lab):
    asked = next(c for c in cells(page) if re.search(r"^guess\(", source_of(c), re.MULTILINE))
    key = re.search(r"guess\(\s*\"([^\"]+)\"", source_of(asked))[1]
    scroll_to(page, asked["id"])
    page.locator("[data-cell-under-test] input[type=radio]").first.click()
    page.locator("[data-cell-under-test]").get_by_text("Your guess:").wait_for()
    answered = next(c for c in cells(page) if f'reveal("{key}"' in source_of(c))
    assert "You guessed:" in run_cell(page, answered["id"])


def test_exercise_wrong_answer_gets_its_hint_right_answer_passes_and_progress_changes(page, lab):
    open_notebook(page, lab, "exercises/01_anatomy.ipynb")
    run_all(page)
    no_errors(page)
    found = cells(page)
    assert "NOT ATTEMPTED" in "\n".join(texts(c) for c in found)
    answer = next(c["id"] for c in found if "def psnr(" in source_of(c))
    check = next(c["id"] for c in found if source_of(c).strip() == "check(psnr)")
    table = next(c["id"] for c in found if re.search(r"^progress\(1\)", source_of(c), re.MULTILINE))
    assert "0 of 6 exercises solved" in run_cell(page, table)

    type_into(page, answer, "def psnr(x, y):\n    return -10 * np.log(np.mean((x - y) ** 2))\n")
    run_cell(page, answer)
    said = run_cell(page, check)
    assert "FAIL" in said and "logarithm" in said
    scroll_to(page, check)
    page.locator("[data-cell-under-test] .bottleneck-card").get_by_text("FAIL").wait_for()
    picture(page, "wrong-answer")

    type_into(page, answer, "def psnr(x, y):\n    return -10 * np.log10(np.mean((x - y) ** 2))\n")
    run_cell(page, answer)
    assert "PASS" in run_cell(page, check)
    scroll_to(page, check)
    page.locator("[data-cell-under-test] .bottleneck-card").get_by_text("PASS").wait_for()
    picture(page, "right-answer")
    assert "1 of 6 exercises solved" in run_cell(page, table)
    picture(page, "progress")
    assert '"psnr"' in (lab[1] / "progress.json").read_text(encoding="utf-8")


def test_solution_link_of_the_hint_opens_that_one_solution(page, lab):
    found = cells(page)
    answer = next(c["id"] for c in found if "def compression_ratio(" in source_of(c))
    check = next(c["id"] for c in found if source_of(c).strip() == "check(compression_ratio)")
    type_into(
        page,
        answer,
        "def compression_ratio(input_shape, input_bits, code_shape, code_bits):\n    return 24.5\n",
    )
    run_cell(page, answer)
    for _ in range(2):
        assert "FAIL" in run_cell(page, check)
    type_into(page, check, "hint(compression_ratio)")
    run_cell(page, check)
    scroll_to(page, check)
    page.locator("[data-cell-under-test] a", has_text="The solution of compression_ratio").click()
    page.wait_for_function(
        """() => { const w = window.jupyterapp.shell.currentWidget;
           return w.context?.path === 'solutions/compression_ratio.ipynb' && w.context.isReady
               && w.content.model?.cells.length > 1; }"""
    )
    picture(page, "one-solution")
    text = "\n".join(source_of(c) for c in cells(page))
    assert "def compression_ratio" in text and "def psnr" not in text


def said_by(page) -> list[str]:
    """All that a page complains of from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


DRAWN = """() => [...document.querySelectorAll('figure.explorer canvas')].some(canvas => {
    const { width, height } = canvas;
    const data = width && height ? canvas.getContext('2d').getImageData(0, 0, width, height).data : [];
    return new Set(data).size > 8; })"""


@pytest.mark.parametrize("name", explorers.EXPLORERS)
def test_the_link_of_a_lesson_opens_its_explorer_as_a_page_that_answers(page, lab, name):
    lesson, _ = explorers.EXPLORERS[name]
    open_notebook(page, lab, f"notebooks/{lesson}.ipynb")
    scroll_to(page, next(c["id"] for c in cells(page) if "../explorers/" in source_of(c)))
    link = page.locator("[data-cell-under-test] a[href*='/files/explorers/']")
    with page.context.expect_page() as opening:
        link.click()
    tab = opening.value
    try:
        tab.wait_for_url(f"**/files/explorers/{name}.html*")  # a page that is on its way cannot be loaded again
        said = said_by(tab)
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url) if request.url[:5] != "data:" else None)
        tab.reload()  # so that nothing was said before somebody listened
        assert tab.url.startswith(f"{lab[0]}/files/explorers/{name}.html")
        assert tab.locator("h1").count() == 1 and tab.locator("h2").count() >= 1
        tab.locator("figure.explorer").scroll_into_view_if_needed()
        tab.locator("figure.explorer.is-live").wait_for()
        tab.wait_for_function(DRAWN)
        live = tab.locator(".explorer-live").first
        before = live.inner_text()
        tab.locator("figure.explorer [data-slider], figure.explorer [role=slider]").first.press("ArrowRight")
        tab.wait_for_function("before => document.querySelector('.explorer-live').innerText !== before", arg=before)
        picture(tab, f"explorer-{name}")
        assert said == [] and {url.split("?")[0] for url in asked} == {tab.url.split("?")[0]}
        assert page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == f"notebooks/{lesson}.ipynb"
        tab.locator(f"main a[href$='{lesson}.ipynb']").first.click()
        tab.wait_for_function(
            "path => window.jupyterapp?.shell.currentWidget?.context?.path === path", arg=f"notebooks/{lesson}.ipynb"
        )
    finally:
        tab.close()


def test_the_overview_leads_to_the_explorers_and_a_viewer_says_how_to_wake_one(page, lab):
    open_notebook(page, lab, "overview.ipynb")
    assert page.locator(".jp-NotebookPanel a[href*='/files/explorers/']").count() == len(explorers.EXPLORERS)
    picture(page, "overview")
    # As where the course's extension is not: JupyterLab's own viewer, in which scripts sleep.
    page.evaluate(
        "() => window.jupyterapp.commands.execute('docmanager:open', {path: 'explorers/numbers.html', factory: 'HTML Viewer'})"
    )
    frame = page.frame_locator(".jp-HTMLViewer iframe")
    frame.locator("noscript", has=frame.locator("em")).wait_for()  # where scripts run, it holds no elements
    assert frame.locator("figure.explorer .explorer-picture img").first.is_visible()
    page.get_by_role("button", name="Trust HTML", exact=True).click()
    frame.locator("figure.explorer.is-live").wait_for()
    assert not frame.locator("noscript").is_visible()


def test_saving_touches_nothing_that_is_tracked(page, lab):
    root = records.course_root()
    if not (root / ".git").exists():
        return  # an unpacked archive has no tracked files

    def status() -> str:
        return subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout

    before = status()
    open_notebook(page, lab, "notebooks/01_anatomy.ipynb")
    clear_outputs(page)
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+s")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = nbformat.read(lab[1] / "notebooks" / "01_anatomy.ipynb", as_version=4)
    assert saved.cells and not any(c.get("outputs") for c in saved.cells), "it was saved, without outputs"
    assert status() == before
