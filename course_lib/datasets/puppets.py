"""Puppets that nobody has met, drawn on the spot: two of them for swaps whose true answer is known, and villages of families."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

PUPPET_SIDE = 24
PUPPET_POSE = ("turn", "nod", "mouth_open", "smile", "light")


@dataclass(frozen=True, eq=False, repr=False)
class Puppets:
    """Pictures of two puppets. ``draw`` makes more of them, in any pose.

    Attributes:
        a: float32, shape (n, 24, 24, 3), values in [0, 1]: pictures of puppet A to train on.
        b: as ``a``: pictures of puppet B, in poses of their own. No pairs.
        unseen_a: float32, shape (unseen, 24, 24, 3): other pictures of A.
        unseen_b: as ``unseen_a``: B in the same poses, row by row.
        poses: float32, shape (unseen, 5): the poses of both, in the order of ``PUPPET_POSE``.
        looks: what sets the two apart, by ``"a"`` and ``"b"``.
    """

    a: np.ndarray
    b: np.ndarray
    unseen_a: np.ndarray
    unseen_b: np.ndarray
    poses: np.ndarray
    looks: dict

    def __repr__(self) -> str:
        return f"Puppets({len(self.a):,} pictures each, and {len(self.poses):,} unseen pairs)"

    def draw(self, who: str, poses: np.ndarray) -> np.ndarray:
        """Pictures (n, 24, 24, 3) of ``"a"`` or ``"b"`` in poses (n, 5)."""
        return _drawn(self.looks[who], np.asarray(poses, np.float32))


def puppets(rng: np.random.Generator, n: int = 800, unseen: int = 300) -> Puppets:
    """Invent two puppets and draw them, each in poses of its own; and both of them in the same, for the truth.

    Each measure and colour of B lies at the other end of what puppets have than A's. Hair is always darker than the
    background and the background darker than skin.

    Args:
        rng: the generator to draw from.
        n: how many pictures of each to train on, at least 1.
        unseen: how many pairs of unseen pictures, at least 1.

    Raises:
        ValueError: if a number is not a positive integer.
    """
    for name, number in (("n", n), ("unseen", unseen)):
        if int(number) != number or number < 1:
            raise ValueError(f"{name} must be a positive integer, but it is {number!r}")
    ends = rng.random(40) < 0.5
    looks = {"a": _looks(_between(rng, iter(ends))), "b": _looks(_between(rng, iter(~ends)))}
    poses = puppet_poses(unseen, rng)
    a, b = (_drawn(looks[who], puppet_poses(n, rng)) for who in "ab")
    return Puppets(a, b, *(_drawn(looks[who], poses) for who in "ab"), poses, looks)


def puppet_poses(n: int, rng: np.random.Generator) -> np.ndarray:
    """Poses (n, 5), float32: turn, nod, smile and light from -1 to 1, the open mouth from 0 to 1, all uniform."""
    poses = rng.uniform(-1, 1, (n, len(PUPPET_POSE))).astype(np.float32)
    poses[:, 2] = np.abs(poses[:, 2])
    return poses


@dataclass(frozen=True, eq=False, repr=False)
class PuppetVillage:
    """Families of puppets who resemble each other. ``draw`` has as many of them as you want, no two alike.

    Attributes:
        families: float64, shape (f, 28): where each family lies in the range of each measure and colour, 0 to 1.
        ways: float64, shape (f, 2, 28): two ways in which a family's puppets differ.
    """

    families: np.ndarray
    ways: np.ndarray

    def __repr__(self) -> str:
        return f"PuppetVillage({len(self.families)} families)"

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Pictures (n, 24, 24, 3), float32 in [0, 1]: each of another puppet, of any family, in any pose."""
        of = rng.integers(0, len(self.families), n)
        steps = rng.uniform(-1, 1, (n, 1, 2))
        places = np.clip(self.families[of] + (steps @ self.ways[of])[:, 0], 0, 1).astype(np.float32)
        poses = puppet_poses(n, rng)
        few = [
            slice(start, start + 100) for start in range(0, max(n, 1), 100)
        ]  # stay in the cache: three times as quick
        return np.concatenate([_drawn(self._looks_at(places[rows]), poses[rows]) for rows in few])

    @staticmethod
    def _looks_at(places: np.ndarray) -> dict:
        """Measures (n, 1, 1) and colours (n, 1, 1, 3)."""
        columns = iter(places.T)
        look = _looks(lambda low, high: (low + (high - low) * next(columns))[:, None, None])
        return {name: np.stack(value, axis=-1) if isinstance(value, list) else value for name, value in look.items()}


def puppet_village(rng: np.random.Generator, families: int = 3) -> PuppetVillage:
    """Invent the families of a village.

    Args:
        rng: the generator to draw from.
        families: how many, at least 1.

    Raises:
        ValueError: if ``families`` is not a positive integer.
    """
    if int(families) != families or families < 1:
        raise ValueError(f"families must be a positive integer, but it is {families!r}")
    ways = rng.standard_normal((families, 2, 28))
    return PuppetVillage(
        rng.uniform(0.3, 0.7, (families, 28)), 0.37 * ways / np.linalg.norm(ways, axis=1, keepdims=True)
    )


def _between(rng: np.random.Generator, ends: Iterator[bool]) -> Callable:
    """A function that draws a number from the lower or upper two fifths of a range, as the next of ``ends`` says."""

    def draw(low: float, high: float) -> float:
        return low + (high - low) * (rng.uniform(0, 0.4) + 0.6 * next(ends))

    return draw


def _looks(u: Callable) -> dict:
    """Measures, in units of half a picture, and colours."""
    return {
        "skin": [u(0.68, 0.95), u(0.5, 0.75), u(0.42, 0.62)],
        "width": u(0.53, 0.6),
        "height": u(0.68, 0.76),
        "square": u(2, 3),
        "hair": [u(0.02, 0.22) for _ in range(3)],
        "hairline": u(0.32, 0.48),
        "long": u(0.2, 0.8),
        "eyes_apart": u(0.4, 0.5),
        "eyes_down": u(-0.16, -0.06),
        "eye": u(0.12, 0.16),
        "iris": [u(0.05, 0.4) for _ in range(3)],
        "brow": u(0.03, 0.06),
        "mouth": u(0.23, 0.32),
        "mouth_down": u(0.39, 0.46),
        "lips": [u(0.45, 0.8), u(0.1, 0.3), u(0.1, 0.35)],
        "nose": u(0.08, 0.13),
        "ground": [u(0.2, 0.42) for _ in range(3)],
    }


def _drawn(look: dict, poses: np.ndarray) -> np.ndarray:
    """Shapes laid over each other, from the back to the front; one look for all poses, or measures (n, 1, 1) and colours (n, 1, 1, 3)."""
    turn, nod, jaw, smile, light = (poses[:, i, None, None] for i in range(len(PUPPET_POSE)))
    middle = (np.arange(PUPPET_SIDE, dtype=np.float32) + 0.5) * 2 / PUPPET_SIDE - 1
    y, x = np.meshgrid(middle, middle, indexing="ij")
    x, y = x - 0.1 * turn, y - 0.05 - 0.1 * nod  # from the middle of the head
    width, height = look["width"], look["height"]
    shade = 1 + 0.4 * light * x / width - 0.1 * y / height
    picture = np.empty((*shade.shape, 3), np.float32)
    picture[:] = look["ground"]

    def paint(distance, colour, shade=shade):
        """Colour where the distance to the edge is negative, with a soft edge."""
        cover = np.clip(0.5 - 0.3 * PUPPET_SIDE * distance, 0, 1)[..., None]
        picture[:] = picture * (1 - cover) + cover * (shade[..., None] * np.asarray(colour, np.float32))

    def oval(x, y, wide, tall, square=2.0):
        radius = (np.abs(x / wide) ** square + np.abs(y / tall) ** square) ** (1 / square)
        return (radius - 1) * np.minimum(wide, tall)

    def on_the_face(across, down):
        """Where a point of a ball comes to lie, and how narrow things become there."""
        angle = np.arcsin(across / 0.95) + 0.65 * turn
        return 0.95 * width * np.sin(angle), height * (down + 0.16 * nod), np.maximum(np.cos(angle), 0.15)

    hair, square, long = look["hair"], look["square"], look["long"]
    paint(oval(x + 0.08 * turn, y + 0.12 - 0.25 * long, 1.12 * width, height * (0.85 + 0.3 * long)), hair)
    paint(oval(x, y, width, height + 0.07 * jaw * (y > 0), square), look["skin"])
    fringe = y + height * (1 - look["hairline"]) - 0.12 * nod - 0.25 * (x - 0.3 * width * turn) ** 2
    paint(np.maximum(oval(x, y + 0.04, 1.06 * width, 1.06 * height, square), fringe), hair)
    eye = look["eye"]
    for side in (-1, 1):
        across, down, narrow = on_the_face(side * look["eyes_apart"], look["eyes_down"])
        paint(oval(x - across, y - down, eye * narrow, 0.8 * eye), (0.95, 0.95, 0.93))
        paint(
            oval(x - across - 0.03 * turn, y - down, 0.6 * eye * narrow, 0.6 * eye), look["iris"], np.ones_like(shade)
        )
        brow = np.abs(y - down + 1.5 * eye) - look["brow"]
        paint(np.maximum(brow, np.abs(x - across) - 1.3 * eye * narrow), hair)
    across, down, _ = on_the_face(0, 0.16)
    paint(oval(x - 1.35 * across, y - down, 0.8 * look["nose"], 1.2 * look["nose"]), np.multiply(look["skin"], 0.8))
    across, down, narrow = on_the_face(0, look["mouth_down"] / 0.8)
    wide, tall = look["mouth"] * narrow * (1 + 0.15 * smile), 0.02 + 0.13 * jaw
    y = y - down - 0.06 * jaw + 0.09 * smile * (((x - across) / wide) ** 2 - 0.4)
    beside = np.abs(x - across) - wide  # a flat oval's edge is too soft at its ends
    paint(np.maximum(oval(x - across, y, wide, tall + 0.05), beside), look["lips"])
    paint(np.maximum(oval(x - across, y, 0.85 * wide, tall), beside), (0.15, 0.05, 0.07), np.ones_like(shade))
    return np.clip(picture, 0, 1)
