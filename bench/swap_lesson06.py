"""The levers of lesson 06 and its convolutional checkpoint: what each change does to the swap, measured against the truth.

    python -m bench.swap_lesson06 levers          # course_lib/data/levers_swap.csv, about four minutes on two cores
    python -m bench.swap_lesson06 checkpoint      # course_lib/checkpoints/swapper_conv.keras and .csv, about five minutes

All seeds are in this file. Validation pairs only; the test pairs are left to the lesson.
"""

from __future__ import annotations

import csv
import sys
import time

import keras  # after course_lib, which silences its start-up noise
import numpy as np

from course_lib import augment, datasets, head_pose, metrics, models, referees, training

SEEDS = (0, 1, 2)
COMPONENTS = 128
EPOCHS = 40
READ = ("yaw", "pitch", "jaw_open", "smile")
FOLDER = datasets.DATA_FOLDER.parent


def flat(images):
    return images.reshape(len(images), -1)


def predict(model, x):
    return model.predict(x, batch_size=500, verbose=0)


def psnr(drawn, true):
    """Over both directions together; drawn and true are pairs."""
    return metrics.psnr(np.concatenate([metrics.clip01(flat(d)) for d in drawn]), np.concatenate([*map(flat, true)]))


def other_background(images):
    """The grey-blue background painted green: who sees the background knows whose picture it is."""
    background = images[:, :3, :3].mean(axis=(0, 1, 2))
    is_background = np.abs(images - background).max(axis=-1, keepdims=True) < 0.06
    return np.where(is_background, np.float32([0.35, 0.55, 0.3]), images)


def lever_table():
    heads = datasets.heads()
    train = {who: heads.images(who, "train") for who in "ab"}
    valid = dict(zip("ab", heads.pairs("validation"), strict=True))
    columns = [heads.parameter_names.index(name) for name in READ]
    parameters = np.concatenate([heads.parameters(who, "train")[:, columns] for who in "ab"])
    truth = heads.parameters("a", "validation")[:, columns]
    reader = head_pose.fit_pose_reader(np.concatenate([train["a"], train["b"]]), parameters, READ)
    green = {"a": lambda x: x, "b": other_background}
    middle = {who: lambda x: np.ascontiguousarray(x[:, 8:40, 8:40]) for who in "ab"}
    plain = {who: lambda x: x for who in "ab"}
    variants = [
        ("naive (code of 64)", {}),
        ("code of 8", {"code": 8}),
        ("code of 16", {"code": 16}),
        ("code of 128", {"code": 128}),
        ("other background", {"view": green}),
        ("tight crop", {"view": middle}),
        ("warp", {"warp": 1.6}),
        ("colours", {"jitter": 1.0}),
        ("warp and colours", {"warp": 1.6, "jitter": 1.0}),
        ("noise", {"noise": 0.6}),
    ]
    rows = []
    for name, options in variants:
        view = options.get("view", plain)
        pictures = {who: view[who](train[who]) for who in "ab"}
        true = {who: view[who](valid[who]) for who in "ab"}
        pca = referees.fit_pca(np.concatenate([flat(pictures[who]) for who in "ab"]), COMPONENTS)
        codes = {who: pca.encode(flat(pictures[who])) for who in "ab"}
        scale = float(np.sqrt(np.mean([np.square(c).mean() for c in codes.values()])))
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            training.set_seed(seed)
            encoder, decoder_a, decoder_b, swapper = models.dense_swapper(
                COMPONENTS, 512, options.get("code", 64), noise=options.get("noise", 0.0)
            )
            copies = 8 if {"warp", "jitter"} & set(options) else 1
            shown = {who: [] for who in "ab"}
            for who in "ab":
                for _ in range(copies):
                    x = pictures[who]
                    if "warp" in options:
                        x = augment.warp(x, augment.random_displacement(rng, len(x), *x.shape[1:3], options["warp"]))
                    if "jitter" in options:
                        x = augment.jitter_colours(x, rng, options["jitter"])
                    shown[who].append(pca.encode(flat(x)) / scale)
            x = [np.concatenate(shown[who]) for who in "ab"]
            y = [np.tile(codes[who] / scale, (copies, 1)) for who in "ab"]
            training.fit(swapper, x, y, epochs=EPOCHS // copies, batch_size=64, learning_rate=2e-3)
            hidden = {who: predict(encoder, codes[who] / scale) for who in "ab"}
            unseen = {who: predict(encoder, pca.encode(flat(true[who])) / scale) for who in "ab"}
            leak = metrics.identity_leak(unseen["a"], unseen["b"], seed)
            draw = {
                who: lambda z, d=d, pca=pca, scale=scale: metrics.clip01(pca.decode(predict(d, z) * scale))
                for who, d in (("a", decoder_a), ("b", decoder_b))
            }
            own = psnr([draw["a"](unseen["a"]), draw["b"](unseen["b"])], [true["a"], true["b"]])
            shift = hidden["b"].mean(axis=0) - hidden["a"].mean(axis=0)
            transport = referees.fit_transport(hidden["a"], hidden["b"], ridge=1e-4)
            for alignment, there, back in (
                ("none", lambda z: z, lambda z: z),
                ("mean shift", lambda z, s=shift: z + s, lambda z, s=shift: z - s),
                ("transport", transport.move, transport.inverse().move),
            ):
                drawn = [draw["b"](there(unseen["a"])), draw["a"](back(unseen["b"]))]
                swapped = psnr(drawn, [true["b"], true["a"]])
                if name == "tight crop":
                    read = [float("nan")] * len(READ)
                else:
                    read = np.mean(
                        [metrics.r_squared(truth, reader.read(d.reshape(valid["a"].shape))) for d in drawn], axis=0
                    )
                rows.append([name, seed, alignment, own, swapped, leak, *read])
                print(name, seed, alignment, *(f"{value:.2f}" for value in rows[-1][3:]), flush=True)
    with open(FOLDER / "data" / "levers_swap.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["lever", "seed", "alignment", "own_psnr", "swap_psnr", "leak", *(f"r2_{name}" for name in READ)]
        )
        writer.writerows([*row[:3], *(f"{value:.4f}" for value in row[3:])] for row in rows)


def checkpoint(epochs=14, seed=0):
    """The convolutional pair, warped and recoloured inputs with straight targets; best epoch by validation pairs."""
    heads = datasets.heads()
    train = [heads.images(who, "train") for who in "ab"]
    valid = heads.pairs("validation")
    log = []
    for name in ("plain", "warped and recoloured"):
        training.set_seed(seed)
        rng = np.random.default_rng(seed)
        encoder, decoder_a, decoder_b, swapper = models.convolutional_swapper()
        steps = epochs * -(-len(train[0]) // 32)
        rate = keras.optimizers.schedules.CosineDecay(1.5e-3, steps)
        swapper.compile(keras.optimizers.Adam(rate, beta_1=0.5), loss="mae")
        best, started = -np.inf, time.perf_counter()
        for epoch in range(1, epochs + 1):
            targets = [x[rng.permutation(len(x))] for x in train]
            shown = targets
            if name != "plain":
                shown = [
                    augment.jitter_colours(
                        augment.warp(x, augment.random_displacement(rng, len(x), *x.shape[1:3], 1.6)), rng
                    )
                    for x in targets
                ]
            swapper.fit(shown, targets, batch_size=32, epochs=1, verbose=0)
            if epoch % 2:
                continue
            codes = [predict(encoder, x) for x in valid]
            own = psnr([predict(d, z) for d, z in zip((decoder_a, decoder_b), codes, strict=True)], valid)
            swapped = psnr([predict(decoder_b, codes[0]), predict(decoder_a, codes[1])], valid[::-1])
            leak = metrics.identity_leak(*codes, seed)
            log.append([name, seed, epoch, time.perf_counter() - started, own, swapped, leak])
            print(*log[-1], flush=True)
            if name != "plain" and swapped > best:
                best = swapped
                kept = models.build_swapper(encoder, decoder_a, decoder_b)  # never compiled: no optimiser in the file
                kept.save(FOLDER / "checkpoints" / "swapper_conv.keras")
    with open(FOLDER / "checkpoints" / "swapper_conv.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["training", "seed", "epoch", "seconds", "own_psnr", "swap_psnr", "leak"])
        writer.writerows([*row[:3], *(f"{value:.3f}" for value in row[3:])] for row in log)


if __name__ == "__main__":
    {"levers": lever_table, "checkpoint": checkpoint}[sys.argv[1]]()
