"""The levers of lesson 06 and its convolutional checkpoint: what each change does to the swap, measured against the truth.

    python -m bench.swap_lesson06 levers          # course_lib/data/levers_swap.csv, about four minutes on two cores
    python -m bench.swap_lesson06 checkpoint      # course_lib/checkpoints/swapper_conv.keras and .csv, about a quarter of an hour

All seeds are in this file. Validation pairs only; the test pairs are left to the lesson.
"""

from __future__ import annotations

import csv
import sys
import time

import keras  # after course_lib, which silences its start-up noise
import numpy as np
import scipy.ndimage

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


def mirrored(images):
    """The pictures and their mirror images: a head is nearly symmetric, so each person is seen in twice as many poses."""
    return np.concatenate([images, images[:, :, ::-1]])


def blurred(images, sigma):
    return scipy.ndimage.gaussian_filter(images, (0, sigma, sigma, 0)) if sigma else images


def edges(images):
    """Edges in cells of 6 and of 12 pixels, of the pictures and of blurred copies; (n, 1280)."""
    return np.concatenate(
        [head_pose.edge_histograms(blurred(images, sigma), cell) for sigma, cell in ((0, 6), (0, 12), (1, 6), (2, 12))],
        axis=1,
    )


def swaps_by_equations(pictures, rounds=3):
    """Each person's training pictures drawn as the other person, without a network, a pair or a label.

    First the lesson's way: edges and colours of A, transported to B's, and kernel ridge regression from B's to B's
    pictures. Then, in rounds, the other way about: the swaps that exist (B, made from A) are taken as *inputs* and the
    true pictures of A that they were made from as *targets*. What a swap got wrong the next regression learns to expect.

    Args:
        pictures: of "a" and "b", mirrored.
        rounds: of that second kind.

    Returns:
        {"b": pictures of B made from those of A, "a": pictures of A made from those of B}: .6 of the last round and .4 of
        the first way, which has more ghosts and moves the mouth more.
    """
    other = {"a": "b", "b": "a"}
    looks, colours = {who: edges(x) for who, x in pictures.items()}, {who: flat(x) for who, x in pictures.items()}
    parts = [
        referees.fit_pca(np.concatenate([*looks.values()]), 256),
        referees.fit_pca(np.concatenate([*colours.values()]), 128),
    ]
    spread = [np.sqrt(p.eigenvalues[: len(p.components)].sum()) for p in parts]

    def describe(x):
        return np.concatenate(
            [parts[0].encode(edges(x)) / spread[0], 0.5 * parts[1].encode(flat(x)) / spread[1]], axis=1
        )

    seen = {who: describe(x) for who, x in pictures.items()}
    canvas = {who: referees.fit_pca(x, 200) for who, x in colours.items()}
    drawn = {who: canvas[who].encode(x) for who, x in colours.items()}
    columns = slice(None, 256), slice(256, None)
    there = [referees.fit_transport(seen["a"][:, c], seen["b"][:, c], ridge=0.03) for c in columns]
    ways = {"b": there, "a": [t.inverse() for t in there]}
    first = {}
    for who, source in other.items():
        moved = np.concatenate([t.move(seen[source][:, c]) for t, c in zip(ways[who], columns, strict=True)], axis=1)
        first[who] = referees.fit_kernel_ridge(seen[who], drawn[who], ridge=0.05).predict(moved)

    def picture(numbers, who):
        return metrics.clip01(canvas[who].decode(numbers.astype(np.float32))).reshape(-1, *pictures[who].shape[1:])

    last = first
    for _ in range(rounds):
        made = {who: describe(picture(last[who], who)) for who in "ab"}
        last = {}
        for who, source in other.items():  # made[source]: pictures of the other person, made from those of ``who``
            given = referees.fit_transport(made[source], seen[source], ridge=0.03).move(made[source])
            last[who] = referees.fit_kernel_ridge(given, drawn[who], ridge=0.05).predict(seen[source])
    return {who: picture(0.6 * last[who] + 0.4 * first[who], who) for who in "ab"}


def where_the_wide_axes_fail(pictures):
    """How much each pixel counts in the loss; (1, height, width, 1), mean 1.

    What the 12 widest principal axes leave over (mouth, eyes, brows), as a share of its mean, blurred and cut at 4.
    """
    left = 0
    for x in pictures.values():
        pca = referees.fit_pca(flat(x), 12)
        left = left + np.square(x - pca.reconstruct(flat(x)).reshape(x.shape)).mean(axis=(0, 3))
    left = scipy.ndimage.gaussian_filter(left, 1.0)
    weight = np.clip(0.3 + 0.7 * left / left.mean(), 0, 4)
    return (weight / weight.mean()).astype(np.float32)[None, :, :, None]


def disturbed(real, made, rng):
    """Inputs of the training from swaps: real or made, one half each, blurred or not, recoloured a little, with noise."""
    x = np.where(rng.random((len(real), 1, 1, 1)) < 0.5, real, made)
    group = rng.integers(0, 4, len(x))
    for number, sigma in ((1, 0.5), (2, 0.8), (3, 1.2)):
        x[group == number] = blurred(x[group == number], sigma)
    x = augment.jitter_colours(x, rng, 0.2)
    return (x + 0.02 * rng.standard_normal(x.shape, dtype=np.float32)).astype(np.float32)


def train_plainly(parts, pictures, report, epochs=14, seed=0):
    """Each person by the own decoder, and nothing else."""
    rng = np.random.default_rng(seed)
    swapper = parts[3]
    steps = epochs * -(-len(pictures["a"]) // 32)
    rate = keras.optimizers.schedules.CosineDecay(1.5e-3, steps)
    swapper.compile(keras.optimizers.Adam(rate, beta_1=0.5), loss="mae")
    for epoch in range(1, epochs + 1):
        x = [pictures[who][rng.permutation(len(pictures[who]))] for who in "ab"]
        swapper.fit(x, x, batch_size=32, epochs=1, verbose=0)
        if epoch % 2 == 0:
            report(epoch)


def train_from_swaps(parts, pictures, report, epochs=40, seed=0):
    """Starts from the equations' swaps: each is an input whose target is the true picture that it was made from.

    Both decoders draw every code. The own decoder's target is the true picture; the other one's is the swap, which counts
    half. Twice on the way the swaps are mixed with the network's own.
    """
    rng = np.random.default_rng(seed)
    pictures = {who: mirrored(x) for who, x in pictures.items()}
    made = swaps_by_equations(pictures)
    weight = where_the_wide_axes_fail(pictures)
    encoder, decoder_a, decoder_b = parts[:3]
    of_a, of_b = (keras.Input(encoder.input_shape[1:]) for _ in "ab")
    a, b = encoder(of_a), encoder(of_b)
    four = keras.Model([of_a, of_b], [decoder_a(a), decoder_b(b), decoder_b(a), decoder_a(b)])
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(pictures["a"]) // 32))

    def weighted(true, drawn):
        return keras.ops.mean(keras.ops.square(true - drawn) * weight)

    four.compile(keras.optimizers.Adam(rate), loss=[weighted] * 4, loss_weights=[1, 1, 0.5, 0.5])
    for epoch in range(1, epochs + 1):
        p, q = (rng.permutation(len(pictures[who])) for who in "ab")
        x = [disturbed(pictures["a"], made["b"], rng)[p], disturbed(pictures["b"], made["a"], rng)[q]]
        y = [pictures["a"][p], pictures["b"][q], made["b"][p], made["a"][q]]
        four.fit(x, y, batch_size=32, epochs=1, verbose=0, shuffle=False)
        if epoch in (round(0.4 * epochs), round(0.7 * epochs)):
            for who, source, decoder in (("b", "a", decoder_b), ("a", "b", decoder_a)):
                made[who] = 0.5 * made[who] + 0.5 * predict(decoder, predict(encoder, pictures[source]))
        if epoch % 8 == 0:
            report(epoch)


def checkpoint(seed=0):
    """The convolutional pair, trained plainly (a log of how the swap decays) and from swaps (the file)."""
    heads = datasets.heads()
    pictures = {who: heads.images(who, "train") for who in "ab"}
    valid = heads.pairs("validation")
    jaw = [heads.parameter_names.index("jaw_open")]
    poses = np.concatenate([heads.parameters(who, "train")[:, jaw] for who in "ab"])
    reader = head_pose.fit_pose_reader(np.concatenate([pictures["a"], pictures["b"]]), poses, ["jaw_open"])
    truth = heads.parameters("a", "validation")[:, jaw]
    log = []
    for name, train in (("plain", train_plainly), ("from swaps", train_from_swaps)):
        training.set_seed(seed)
        parts = encoder, decoder_a, decoder_b, _ = models.convolutional_swapper()
        started = time.perf_counter()

        def report(epoch, name=name, encoder=encoder, decoder_a=decoder_a, decoder_b=decoder_b, started=started):
            codes = [predict(encoder, x) for x in valid]
            own = psnr([predict(d, z) for d, z in zip((decoder_a, decoder_b), codes, strict=True)], valid)
            drawn = [predict(decoder_b, codes[0]), predict(decoder_a, codes[1])]
            r2 = np.mean([metrics.r_squared(truth, reader.read(d)) for d in drawn])
            leak = metrics.identity_leak(*codes, seed)
            log.append([name, seed, epoch, time.perf_counter() - started, own, psnr(drawn, valid[::-1]), leak, r2])
            print(*log[-1], flush=True)

        train(parts, pictures, report, seed=seed)
    kept = models.build_swapper(encoder, decoder_a, decoder_b)  # of the last training, and never compiled
    kept.save(FOLDER / "checkpoints" / "swapper_conv.keras")
    with open(FOLDER / "checkpoints" / "swapper_conv.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["training", "seed", "epoch", "seconds", "own_psnr", "swap_psnr", "leak", "r2_jaw_open"])
        writer.writerows([*row[:3], *(f"{value:.3f}" for value in row[3:])] for row in log)


if __name__ == "__main__":
    {"levers": lever_table, "checkpoint": checkpoint}[sys.argv[1]]()
