"""Explorer of lesson 02: how many numbers does a picture need, on straight axes and on bent ones?

The networks are the convolutional ones of the lesson's recorded curve (``bench/curve_lesson02.py``), a size of code each, with
eight passes instead of five. About three minutes on two cores.
"""

from __future__ import annotations

import json

from authoring.web import networks
from authoring.web.explorers import NETWORKS, put_pictures
from course_lib import datasets, metrics, models, referees, training

SIZES = (2, 4, 8, 16, 32, 64)
COMPONENTS = 128  # what the page has of PCA: enough to say how many are as good as a network
EPOCHS, RATE = 8, 3e-3
SEED = 0

# One unseen picture of each kind, plain ones and difficult ones: number in the test split -> its key in strings.json
PICTURES = {
    8: "sneaker",
    3: "shirt",
    14: "trousers",
    80: "checks",
    0: "stripes",
    106: "sandal",
    1: "pullover",
    22: "bag",
    56: "boot",
    111: "plain",
}


def train(k: int):
    """The autoencoder with k numbers in the code, trained as the lesson's curve was."""
    training.set_seed(SEED)
    autoencoder = models.build_convolutional_autoencoder((28, 28), (16, 32), k)[2]
    pictures = datasets.fashion_mnist().flat("train").reshape(-1, 28, 28)
    training.fit(autoencoder, pictures, epochs=EPOCHS, batch_size=32, learning_rate=RATE)
    return autoencoder


def main() -> None:
    """Train, export, and record what Keras says about the shown pictures."""
    clothes = datasets.fashion_mnist()
    test = clothes.flat("test")  # (2000, 784)
    chosen = list(PICTURES)
    pca = referees.fit_pca(clothes.flat("train"), COMPONENTS)
    codes = pca.encode(test)

    def pca_copy(k):
        return metrics.clip01(pca.mean + codes[:, :k] @ pca.components[:k])

    straight = {k: metrics.mse_per_image(test, pca_copy(k)) for k in range(COMPONENTS + 1)}
    bent, report = {}, []
    for k in SIZES:
        autoencoder = train(k)
        copies = autoencoder.predict(test.reshape(-1, 28, 28), batch_size=1000, verbose=0).reshape(-1, 784)
        bent[k] = metrics.mse_per_image(test, metrics.clip01(copies))
        text = f"Convolutional autoencoder of clothes with a code of {k} numbers, lesson 02"
        made = networks.export(autoencoder, NETWORKS / f"numbers_{k:02}", probes=[networks.PICTURE], text=text)
        report.append({"size": k, **made})
        print(f"{k:3} numbers: PCA {straight[k].mean():.5f}, network {bent[k].mean():.5f}, {made}", flush=True)

    facts = {
        "sizes": list(SIZES),
        "pictures": list(PICTURES.values()),
        "rows": chosen,
        "mean": {
            "pca": [round(float(straight[k].mean()), 6) for k in range(COMPONENTS + 1)],
            "network": [round(float(bent[k].mean()), 6) for k in SIZES],
        },
    }
    networks.export_arrays(
        NETWORKS / "numbers_data",
        {"mean": pca.mean, "components": pca.components, "pictures": clothes.test[chosen]},
        facts=facts,
        text="PCA of 12,000 pictures of clothes, and ten unseen ones; errors are means over 2,000 unseen ones",
    )
    recorded = {
        "pictures": [
            {
                "row": row,
                "pca": [float(straight[k][row]) for k in SIZES],
                "network": [float(bent[k][row]) for k in SIZES],
            }
            for row in chosen
        ],
        "mean": facts["mean"],
        "export": report,
    }
    networks.RECORDED.mkdir(exist_ok=True)
    text = json.dumps(recorded, indent=1)
    (networks.RECORDED / "numbers.json").write_text(text + "\n", encoding="utf-8")
    put_pictures("numbers", {name: clothes.test[row] for row, name in PICTURES.items()})
