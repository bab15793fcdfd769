"""Training and validation error against two widths, the table behind lesson 02's figure of the gap.

``python -m bench.gap_lesson02`` trains every point again (about four minutes on two CPU cores) and rewrites
``course_lib/data/gap_undercomplete.csv``. The networks, the 1,000 pictures and the 40 passes are those of the lesson.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import keras

from course_lib import datasets, models, training
from course_lib.metrics import clip01, mse

CODE_SIZES = (2, 8, 32, 128)
HIDDEN_UNITS = (16, 64, 256, 1024)
SEEDS = (0, 1, 2)
PATH = Path(__file__).resolve().parents[1] / "course_lib" / "data" / "gap_undercomplete.csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=PATH)
    output = parser.parse_args().output
    clothes = datasets.fashion_mnist()
    few, validation = clothes.flat("train")[:1000], clothes.flat("validation")
    with output.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["hidden", "k", "seed", "train_mse", "validation_mse"])
        for seed in SEEDS:
            for hidden in HIDDEN_UNITS:
                for k in CODE_SIZES:
                    keras.utils.clear_session()
                    training.set_seed(seed)
                    _, _, autoencoder = models.build_autoencoder(784, hidden, k)
                    training.fit(autoencoder, few, epochs=40, batch_size=50, learning_rate=3e-3)
                    errors = [
                        mse(x, clip01(autoencoder.predict(x, batch_size=1000, verbose=0))) for x in (few, validation)
                    ]
                    table.writerow([hidden, k, seed, *(f"{error:.6f}" for error in errors)])
                    file.flush()
                    print(f"hidden {hidden:4} k={k:<4} seed {seed}  gap {errors[1] - errors[0]:.5f}", flush=True)


if __name__ == "__main__":
    main()
