"""The explorer *Swap* of lesson 06: heads in a grid of poses, and the course's trained pair, small enough for a page.

``python -m authoring explorers swap`` exports the networks and measures what the page says; the heads themselves are
committed. ``python -m authoring.web.explorers.swap WHEEL`` draws the heads anew, exactly as the course's own heads are drawn
(see authoring/data/build_heads.py for what that needs).
"""

from __future__ import annotations

import json
import sys
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from authoring.web import networks
from authoring.web.explorers import NETWORKS, eight_bits
from authoring.web.harness import EXPLORERS
from course_lib import datasets

TURNS = tuple(range(-30, 31, 3))  # yaw in degrees, positive: to the right of the picture
MOUTHS = tuple(round(0.1 * step, 1) for step in range(9))  # jaw_open
REST = {"light_azimuth": 25.0, "light_elevation": 35.0}  # the lamp; all other parameters are 0

FIRST, OTHER = (
    (12, 0.6),
    (-12, 0.0),
)  # turn and mouth that the page shows first, and the pose at the other end of the mix
HEADS = NETWORKS / "swap_heads.bin"
RECORDED = networks.RECORDED / "swap_page.json"
CHECKPOINT = datasets.DATA_FOLDER.parent / "checkpoints" / "swapper_conv.keras"
SIDE = datasets.drawn_heads.HEADS_SHAPE[0]

# Eight bits move a pixel of a decoder's picture by less than three steps of 255, and its error by less than a hundredth.
PIXEL_MAY_MOVE, ERROR_MAY_MOVE = 3 / 255, 0.01


# --- the heads ---


def draw(wheel: Path | None) -> dict[str, np.ndarray]:
    """Draw both people at every turn and mouth: uint8, shape (mouths, turns, 48, 48, 3), by person."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data"))
    import build_heads

    assets = build_heads.Assets(wheel)
    drawn = {}
    for who, person in build_heads.PEOPLE.items():
        painter = build_heads.Painter(build_heads.Head(assets, person))
        neutral = dict.fromkeys(datasets.drawn_heads.HEADS_PARAMETERS, 0.0) | REST
        rows = [
            [painter.picture(neutral | {"yaw": float(turn), "jaw_open": mouth}) for turn in TURNS] for mouth in MOUTHS
        ]
        painter.plotter.close()
        drawn[who] = np.array(rows)
    return drawn


def pack(grids: dict[str, np.ndarray]) -> bytes:
    """Both grids without loss, deflated, as differences modulo 256 that sums alone undo.

    Red and blue are stored as differences from green; then each picture as its difference from the one whose mouth is a
    step less open, and those with closed mouths as differences from the pixel above. A page unpacks it without reading
    pixels back from a canvas, which some browsers falsify on purpose.
    """
    colours = np.stack([grids[who] for who in "ab"])  # (people, mouths, turns, 48, 48, 3)
    colours[..., ::2] -= colours[..., 1:2]
    stored = colours.copy()
    stored[:, 1:] -= colours[:, :-1]
    stored[:, 0, :, 1:] -= colours[:, 0, :, :-1]
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    return packer.compress(stored.tobytes()) + packer.flush()


def unpack(content: bytes) -> dict[str, np.ndarray]:
    """What :func:`pack` packed."""
    shape = (2, len(MOUTHS), len(TURNS), SIDE, SIDE, 3)
    colours = np.frombuffer(zlib.decompress(content), np.uint8).reshape(shape).copy()
    colours[:, 0] = colours[:, 0].cumsum(axis=2, dtype=np.uint8)
    colours = colours.cumsum(axis=1, dtype=np.uint8)
    colours[..., ::2] += colours[..., 1:2]
    return dict(zip("ab", colours, strict=True))


@lru_cache(maxsize=1)
def grids() -> dict[str, np.ndarray]:
    """The committed heads as floats in [0, 1], shape (mouths, turns, 48, 48, 3), by person."""
    return {who: grid / np.float32(255) for who, grid in unpack(HEADS.read_bytes()).items()}


def head(who: str, turn: int, mouth: float) -> np.ndarray:
    """One picture, shape (1, 48, 48, 3): the line ``head("a", 12, 0.6)`` that the page shows."""
    return grids()[who][MOUTHS.index(mouth), TURNS.index(turn)][None]


# --- the networks ---


def ready_pair() -> tuple[keras.Model, dict[str, keras.Model]]:
    """Encoder and decoders of the course's checkpoint."""
    ready = keras.saving.load_model(CHECKPOINT)
    return ready.get_layer("encoder"), {who: ready.get_layer(f"decoder_{who}") for who in "ab"}


def through(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """A model's answers to many inputs."""
    return np.asarray(model.predict(x, batch_size=100, verbose=0))


def export_pair() -> tuple[keras.Model, dict[str, keras.Model], float]:
    """Write the networks; returns them as the page has them, and by how much that moves a pixel at most.

    The encoder keeps 16 bits a weight. The three largest kernels of each decoder get 8, with a scale for each channel: with
    16 the three networks would weigh 2.0 MB, and the heads come on top.

    Raises:
        ValueError: if eight bits change the pictures of the page by more than this module allows.
    """
    encoder, decoders = ready_pair()
    networks.export(
        encoder, NETWORKS / "swap_encoder", probes=[networks.PICTURE], text="Lesson 06, ready pair: picture to code"
    )
    inputs = grids()["a"].reshape(-1, SIDE, SIDE, 3)
    codes = through(encoder, inputs)
    probe = networks.Probe("normal", float(codes.mean()), float(codes.std()))
    exported = {}
    for who, decoder in decoders.items():
        path = NETWORKS / f"swap_decoder_{who}"
        text = f"Lesson 06, ready pair: code to picture of {who.upper()}, the three largest kernels in 8 bits"
        eight_bits.export(decoder, path, probe, keep=2, text=text)
        exported[who] = networks.rebuild(path)
    small = networks.rebuild(NETWORKS / "swap_encoder")
    most = 0.0
    for who, decoder in decoders.items():
        before, after = through(decoder, codes), through(exported[who], through(small, inputs))
        moved = float(np.abs(after - before).max())
        errors = [float(np.square(x.reshape(grids()[who].shape) - grids()[who]).mean()) for x in (before, after)]
        print(
            f"swap: 8 bits move a pixel of {who.upper()} by {moved:.4f} at most; error {errors[0]:.6f}, {errors[1]:.6f}"
        )
        most = max(most, moved)
        if moved > PIXEL_MAY_MOVE or abs(errors[1] / errors[0] - 1) > ERROR_MAY_MOVE:
            raise ValueError(
                f"decoder_{who}: 8 bits move a pixel by {moved:.4f} and the error from {errors[0]} to {errors[1]}"
            )
    return small, exported, most


# --- what is measured ---


@dataclass(frozen=True)
class Measured:
    """Errors of all answers at all poses, each of shape (mouths, turns), and what true pictures of B say about the swap.

    Attributes:
        errors: mean squared error by answer: "own" (A's decoder, against A), and against the true B "swap", "near" (the
            training picture most like A with the mean faces exchanged, as in the lesson), "mean" and "unchanged" (A).
        nearest: number of the training picture of B in ``near``.
        read_turn: degrees; the turn of the true B that the swap is most like.
        read_mouth: how far that one's mouth is open.
    """

    errors: dict[str, np.ndarray]
    nearest: np.ndarray
    read_turn: np.ndarray
    read_mouth: np.ndarray


def mean_squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Over the last three axes."""
    return np.square(a - b).mean(axis=(-3, -2, -1))


def mean_face(who: str) -> np.ndarray:
    """Of the training pictures, uint8, shape (48, 48, 3)."""
    return np.rint(datasets.heads().pictures[who, "train"].mean(axis=0)).astype(np.uint8)


def measure(encoder: keras.Model, decoders: dict[str, keras.Model]) -> Measured:
    """Every pose of the grid, by the networks that the page has."""
    a, b = grids()["a"], grids()["b"]
    heads = datasets.heads()
    train, mean = heads.images("b", "train"), {who: mean_face(who) / np.float32(255) for who in "ab"}
    codes = through(encoder, a.reshape(-1, SIDE, SIDE, 3))
    own, swap = (through(decoders[who], codes).reshape(a.shape) for who in "ab")
    exchanged = a - mean["a"] + mean["b"]
    nearest = np.array([[mean_squared(train, x).argmin() for x in row] for row in exchanged])
    errors = {
        "own": mean_squared(own, a),
        "swap": mean_squared(swap, b),
        "near": mean_squared(train[nearest], b),
        "mean": mean_squared(mean["b"], b),
        "unchanged": mean_squared(a, b),
    }
    read = np.array([[mean_squared(b, x).argmin() for x in row] for row in swap])  # number of the most similar true B
    mouth, turn = np.divmod(read, len(TURNS))
    return Measured(errors, nearest, np.array(TURNS)[turn], np.array(MOUTHS)[mouth])


def mixed(
    encoder: keras.Model,
    decoders: dict[str, keras.Model],
    first: tuple[int, float],
    other: tuple[int, float],
    share: float,
) -> dict[str, float]:
    """Codes of two poses of A, mixed and drawn by B's decoder, against the true B in between; and mixed pictures.

    Args:
        encoder: from pictures to codes.
        decoders: by person.
        first: one end, (turn, mouth).
        other: the other end.
        share: of the other end in the code, 0 to 1.

    Returns:
        Mean squared errors: of the mixed "code", of the code of the pose in between, "direct", and of the two swaps laid over
        each other, "layers".
    """
    codes = [through(encoder, head("a", *pose)) for pose in (first, other)]
    middle = [
        values[round((1 - share) * values.index(x) + share * values.index(y))]
        for values, x, y in zip((TURNS, MOUTHS), first, other, strict=True)
    ]
    truth = head("b", *middle)
    laid_over = (1 - share) * through(decoders["b"], codes[0]) + share * through(decoders["b"], codes[1])
    of_code = through(decoders["b"], (1 - share) * codes[0] + share * codes[1])
    direct = through(decoders["b"], through(encoder, head("a", *middle)))
    made = {"code": of_code, "direct": direct, "layers": laid_over}
    return {name: float(mean_squared(face, truth)[0]) for name, face in made.items()}


def export_data(measured: Measured) -> None:
    """Write what the page compares with: B's mean face, and of the nearest training pictures a sheet and the errors."""
    used = np.unique(measured.nearest)
    near = datasets.heads().pictures["b", "train"][used]  # only looked at, so they may lose a little
    Image.fromarray(near.reshape(-1, SIDE, 3)).save(NETWORKS / "swap_near.webp", quality=85, method=6)
    networks.export_arrays(
        NETWORKS / "swap_data",
        {
            "mean": mean_face("b"),
            "near": np.searchsorted(used, measured.nearest),  # row of the sheet
            "near_error": (measured.errors["near"].astype(np.float32), "float32"),
        },
        facts={
            "turns": list(TURNS),
            "mouths": list(MOUTHS),
            "side": SIDE,
            "first": [TURNS.index(FIRST[0]), MOUTHS.index(FIRST[1])],
            "other": [TURNS.index(OTHER[0]), MOUTHS.index(OTHER[1])],
        },
        text="Lesson 06: what the swap is compared with. The heads are in swap_heads.bin, packed by swap.py",
    )


def page_says(measured: Measured, moved: float, mixes: dict[str, dict[str, float]]) -> list[str]:
    """What swap.md has to say, number by number."""
    turns_right = measured.read_turn == np.array(TURNS)
    wrong = np.abs(measured.read_turn - np.array(TURNS))[~turns_right]
    if wrong.max() > 3 or len(wrong) != 9:
        raise ValueError(f"swap.md says that nine turns miss by one step, but they miss by {wrong} degrees")
    closed, wide = (round(100 * measured.read_mouth[row].mean()) for row in (0, -1))
    mean = {name: error.mean() for name, error in measured.errors.items()}
    lucky = np.argwhere(measured.errors["near"] < measured.errors["swap"])
    if {TURNS[turn] for _, turn in lucky} != {-24} or len(lucky) != 5:
        raise ValueError(f"swap.md speaks of five poses at 24 degrees to the left, but they are {lucky.tolist()}")
    return [
        f"in {turns_right.sum()} of the {turns_right.size} poses",
        f"comes out {closed} % open on average, A's widest, 80 %, as {wide} %.",
        f"with an error of {mean['own']:.4f}, on average over all poses. The swap has {mean['swap']:.4f}, "
        f"{mean['swap'] / mean['own']:.1f} times as much.",
        f"has {mean['near']:.4f}, B's mean face {mean['mean']:.4f}, A unchanged {mean['unchanged']:.4f}.",
        f"with an error of {mixes['mouths']['code']:.4f}, as good as from the code of that very pose, "
        f"{mixes['mouths']['direct']:.4f}.",
        f"a smear comes out: {mixes['turns']['code']:.4f}, against {mixes['turns']['direct']:.4f} from the code of the head",
        f"moves no pixel by more than {moved:.3f}.",
    ]


def main() -> None:
    """Export networks and data, measure, keep what is measured for the tests, and hold swap.md against it."""
    encoder, decoders, moved = export_pair()
    measured = measure(encoder, decoders)
    export_data(measured)
    poses = {"mouths": ((0, 0.8), (0, 0.0)), "turns": ((12, 0.0), (-12, 0.0)), "first": (FIRST, OTHER)}
    mixes = {name: mixed(encoder, decoders, *ends, 0.5) for name, ends in poses.items()}
    recorded = {
        "errors": {name: np.round(errors, 6).tolist() for name, errors in measured.errors.items()},
        "read": {"turn": measured.read_turn.tolist(), "mouth": measured.read_mouth.tolist()},
        "mixes": {name: {"ends": poses[name], **mix} for name, mix in mixes.items()},
        "page": page_says(measured, moved, mixes),
    }
    RECORDED.write_text(json.dumps(recorded) + "\n", encoding="utf-8")
    page = " ".join((EXPLORERS / "swap.md").read_text(encoding="utf-8").split())
    if missing := [words for words in recorded["page"] if words not in page]:
        raise ValueError(f"swap.md does not say what was measured: {missing}")


if __name__ == "__main__":
    HEADS.write_bytes(pack(draw(Path(sys.argv[1]) if sys.argv[1:] else None)))
    print(f"{HEADS}: {HEADS.stat().st_size:,} bytes")
