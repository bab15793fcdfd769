"""Tables of numbers with shaded cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ._arrays import as_array, check_length
from ._labels import as_text
from .showing import show
from .style import WIDTH


def matrix(
    values: np.ndarray,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    row_title: str = "",
    column_title: str = "",
    value_format: str = ".3g",
    log_color: bool = False,
    cell: tuple[float, float] = (1.25, 0.5),
    caption: str | None = None,
) -> None:
    """A table of numbers with shaded cells, such as trained-on against tested-on.

    Args:
        values: shape (rows, columns); nan for a cell that has no number, drawn as a dash.
        row_names: one name a row.
        column_names: one name a column.
        row_title: what the rows are.
        column_title: what the columns are.
        value_format: format of the printed numbers.
        log_color: shade by the logarithm.
        cell: width and height of a cell in inches.
        caption: what to see.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    table = as_array(values, "values", 2, "shape (rows, columns)")
    check_length(row_names, "row_names", table.shape[0], "rows")
    check_length(column_names, "column_names", table.shape[1], "columns")
    shade = np.log(np.maximum(table, 1e-300)) if log_color else table
    texts = [["–" if np.isnan(value) else as_text(value, value_format) for value in line] for line in table]
    label_width = 0.085 * max(map(len, row_names)) + (0.6 if row_title else 0.3)
    size = (cell[0] * table.shape[1] + label_width, cell[1] * table.shape[0] + (0.75 if column_title else 0.45))
    figure = Figure(figsize=(min(size[0], WIDTH), size[1]), layout="constrained")
    ax = figure.subplots()
    finite = shade[np.isfinite(shade)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    ax.imshow(shade, cmap="Blues", vmin=low, vmax=high + 0.9 * ((high - low) or 1.0), aspect="auto")
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            ax.text(j, i, texts[i][j], ha="center", va="center", fontsize=10)
    ax.set_xticks(range(table.shape[1]), column_names)
    ax.set_yticks(range(table.shape[0]), row_names)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set_xlabel(column_title, fontweight="bold")
    ax.set_ylabel(row_title, fontweight="bold")
    ax.tick_params(length=0)
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xticks(np.arange(table.shape[1] - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(table.shape[0] - 1) + 0.5, minor=True)
    ax.grid(True, which="minor", color="white", linewidth=3)
    ax.tick_params(which="minor", length=0)
    cells = "; ".join(
        f"{row_name}, {column_name}: {texts[i][j]}"
        for i, row_name in enumerate(row_names)
        for j, column_name in enumerate(column_names)
    )
    show(figure, caption, summary=f"Table. {cells}.")
