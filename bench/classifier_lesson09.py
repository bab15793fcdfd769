"""The classifier of lesson 09: a fixed ruler for pictures of clothes, trained once.

    python -m bench.classifier_lesson09        # course_lib/checkpoints/clothes_classifier.keras and .csv, about 30 seconds

Its layer ``features`` gives 32 numbers a picture, in which samples are compared with photographs. Trained on the training
pictures, looked at on the validation pictures, seed 0; the test pictures stay out.
"""

from __future__ import annotations

import keras
from keras import layers

from bench import table
from course_lib import datasets, training

FOLDER = datasets.DATA_FOLDER.parent / "checkpoints"
NAME = "clothes_classifier"


def build():
    """Three strided convolutions, then 32 features, then ten classes."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3, seed=0),
            layers.Dense(32, activation="relu", name="features"),
            layers.Dropout(0.2, seed=1),
            layers.Dense(10, activation="softmax", name="classes"),
        ],
        name=NAME,
    )


def main(epochs=12, seed=0):
    clothes = datasets.fashion_mnist()
    training.set_seed(seed)
    classifier = build()
    rows = []

    def note(epoch, logs):
        answers = classifier.predict(clothes.images("validation"), batch_size=1000, verbose=0).argmax(axis=1)
        accuracy = float((answers == clothes.validation_labels).mean())
        rows.append({"epoch": epoch + 1, "loss": f"{logs['loss']:.4f}", "validation_accuracy": f"{accuracy:.4f}"})
        print(rows[-1], flush=True)

    training.fit(
        classifier,
        clothes.images("train"),
        clothes.train_labels,
        epochs=epochs,
        batch_size=64,
        learning_rate=2e-3,
        loss="sparse_categorical_crossentropy",
        jit_compile=False,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
    )
    # Rebuilt without the optimiser's state: half the file.
    kept = build()
    kept.set_weights(classifier.get_weights())
    kept.save(FOLDER / f"{NAME}.keras")
    table.save(FOLDER / f"{NAME}.csv", rows)


if __name__ == "__main__":
    main()
