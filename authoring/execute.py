"""Executing notebooks headless, with clean outputs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

CELL_TIMEOUT = 600  # seconds; a guard against hanging, not a budget


@dataclass(frozen=True)
class Run:
    """What an execution cost."""

    seconds: float
    peak_memory: int  # bytes, of the kernel and its children


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a headless kernel: no widgets, no progress bars, no hand-me-down backend or seed."""
    env = {k: v for k, v in os.environ.items() if k not in ("COURSE_CLAIMS_LOG", "COURSE_SEED_OFFSET")}
    env.update(
        {
            "COURSE_HEADLESS": "1",
            "COURSE_PATIENCE": "4",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )
    env.update(extra or {})
    return env


def execute(notebook: nbformat.NotebookNode, folder: Path, extra_env: dict[str, str] | None = None) -> Run:
    """Run all cells in ``folder``, in place; outputs are then made fit for keeping.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell raises.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of its ports, which are this machine's
        resources={"metadata": {"path": str(folder)}},
    )
    peak = [0]
    stop = threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not stop.wait(0.2):
            used = 0
            for child in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    used += child.memory_info().rss
            peak[0] = max(peak[0], used)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start = time.perf_counter()
    try:
        client.execute(env=environment(extra_env))
    finally:
        stop.set()
        watcher.join()
    seconds = time.perf_counter() - start
    clean(notebook)
    return Run(seconds, peak[0])


def clean(notebook: nbformat.NotebookNode) -> None:
    """Take out of the outputs what does not belong to the lesson: progress bars, stderr, widget views, timings."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                continue
            data = output.get("data", {})
            if "application/vnd.jupyter.widget-view+json" in data:
                continue
            if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text  # two prints arrive as one or two messages, by chance
                continue
            kept.append(output)
        cell.outputs = kept
