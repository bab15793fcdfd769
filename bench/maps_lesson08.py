"""The networks of two numbers that draw the maps of lesson 08, trained to the end, once.

    python -m bench.maps_lesson08        # course_lib/checkpoints/clothes_maps.keras and .csv, about a minute

Four encoders in one model, picture (n, 784) to one code (n, 2) each: an autoencoder, a second one of another seed, a
denoising autoencoder and the means of a variational one. Trained on the training pictures, looked at on the validation
pictures; the test pictures stay out. The decoders are not kept.
"""

from __future__ import annotations

import time

import keras
import numpy as np
from sklearn.neighbors import NearestNeighbors

from bench import table
from course_lib import datasets, layers, models, training

FOLDER = datasets.DATA_FOLDER.parent / "checkpoints"
NAME = "clothes_maps"
HIDDEN = 128
LOGGED = (1, 3, 5, 10, 20, 40)
RECIPE = {"batch_size": 100, "learning_rate": 3e-3}


def knn_accuracy(codes: np.ndarray, labels: np.ndarray, k: int = 10) -> float:
    """Share of the samples that their k nearest among the others name correctly."""
    others = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
    return float(np.mean([np.bincount(row).argmax() for row in labels[others]] == labels))


def main(epochs=40, seed=0):
    clothes = datasets.fashion_mnist()
    train, validation = clothes.flat("train"), clothes.flat("validation")
    image = keras.Input((784,), name="image")
    encoders, rows = {}, []

    def note(names, started):
        def on_epoch_end(epoch, logs):
            if epoch + 1 not in LOGGED:
                return
            for name in names:
                codes = keras.ops.convert_to_numpy(encoders[name](validation))
                rows.append(
                    {
                        "network": name,
                        "epoch": epoch + 1,
                        "knn_validation": f"{knn_accuracy(codes, clothes.validation_labels):.4f}",
                        "seconds": f"{(time.perf_counter() - started) / len(names):.1f}",
                    }
                )
                print(rows[-1], flush=True)

        return [keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)]

    corruptions = {
        "autoencoder": (seed, keras.layers.Identity()),
        "another_seed": (seed + 1, keras.layers.Identity()),
        "denoising": (seed, layers.AddGaussianNoise(0.3)),
    }
    outputs = []
    for name, (start, corruption) in corruptions.items():
        training.set_seed(start)
        encoders[name], _, autoencoder = models.build_autoencoder(784, HIDDEN, 2)
        outputs.append(keras.Sequential([corruption, autoencoder])(image))
    callbacks = note(list(corruptions), time.perf_counter())
    training.fit(keras.Model(image, outputs), train, [train] * 3, epochs=epochs, callbacks=callbacks, **RECIPE)

    training.set_seed(seed)
    vae = models.build_vae(784, HIDDEN, 2, output_activation="sigmoid", sigma=0.25)
    encoders["variational"] = keras.Model(vae.encoder.input, vae.encoder.outputs[0])
    callbacks = note(["variational"], time.perf_counter())
    training.fit(vae, train, loss=None, epochs=epochs, callbacks=callbacks, **RECIPE)

    # Layer by layer into a plain model: one input, four codes.
    codes = {}
    for name, encoder in encoders.items():
        hidden, code = (layer for layer in encoder.layers if layer.weights)
        new_hidden = keras.layers.Dense(HIDDEN, "gelu", name=f"{name}_hidden")
        new_code = keras.layers.Dense(2, name=name)
        codes[name] = new_code(new_hidden(image))
        new_hidden.set_weights(hidden.get_weights())
        new_code.set_weights(code.get_weights())
    kept = keras.Model(image, codes, name=NAME)
    answers = kept.predict(validation[:100], verbose=0)
    for name, encoder in encoders.items():
        own = keras.ops.convert_to_numpy(encoder(validation[:100]))
        np.testing.assert_allclose(answers[name], own, rtol=1e-3, atol=1e-3)
    kept.save(FOLDER / f"{NAME}.keras")
    table.save(FOLDER / f"{NAME}.csv", rows)


if __name__ == "__main__":
    main()
