"""Trained Keras networks and small arrays as files that a web page can run: NAME.json and NAME.bin.

The contract, for whoever exports or reads such files:

* ``export(model, path)`` writes a network, ``export_arrays(path, {...})`` data such as pictures, points and components.
* NAME.bin holds numbers one array after the other, each beginning at a multiple of four bytes, little endian.
* An array is described by ``{"type", "shape", "offset", "scale"}``: its values are the stored numbers times ``scale``.
  Weights are float16 with a power of two as scale, so that the largest stored weight lies between 1 and 2: nothing
  overflows, and small weights keep their eleven bits. Types: float16, float32, uint8, int8, int16.
* NAME.json of a network: ``{"format", "inputs", "outputs", "layers"}``. ``layers`` is a list in the order of computation,
  each with its ``kind``, the ``shape`` of its answer (without the batch) and ``from``, the numbers of the layers that
  feed it; ``inputs`` and ``outputs`` are numbers of layers.
* Kinds: Input, Dense, Conv2D and Conv2DTranspose ("same", any stride), PixelShuffle, UpSampling2D (nearest), Reshape
  (Flatten too), Add, Multiply, Concatenate (last axis), Activation, Affine (x * scale + offset for each channel: Keras'
  Normalization and Rescaling), LevelBlend and LinearStart of lesson 04. Layers that do nothing when a model predicts
  (Dropout, GaussianNoise, penalties) vanish. Nested models are written out flat.
* Activations: linear, relu, leaky_relu (``slope``), gelu (exact), sigmoid, tanh.
* Anything else raises :class:`CannotExport`, which names the layer.

``site/explorers/interpreter.js`` runs the files; ``rebuild`` makes a Keras model of them, to compare.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from course_lib import layers as own

FORMAT = 1
RECORDED = Path(__file__).parent / "explorers" / "recorded"  # what the float32 models said; not part of the site
RECORDED_ROWS = 8
PROBES = 100

# Half a step of 8-bit grey is 1/510 of the range of a picture: what moves a pixel by less is not seen. The same
# share of the range is asked of codes and other answers.
FLOAT16_MAY_MOVE = 1 / 510

_TYPES = {"float16": "<f2", "float32": "<f4", "uint8": "u1", "int8": "i1", "int16": "<i2"}
_DO_NOTHING = (
    layers.Dropout,
    layers.GaussianNoise,
    layers.GaussianDropout,
    layers.SpatialDropout2D,
    layers.ActivityRegularization,
    layers.Identity,
    own.L1Penalty,
    own.KLPenalty,
)


class CannotExport(ValueError):
    """A layer, an activation or an option that the page's interpreter does not know."""


@dataclass(frozen=True)
class Probe:
    """Random numbers that an input may well be given: what exporter and tests try a network with.

    Attributes:
        kind: "normal" (``low`` is the mean, ``high`` the standard deviation) or "uniform" (from ``low`` to ``high``).
    """

    kind: str = "normal"
    low: float = 0.0
    high: float = 1.0

    def draw(self, shape: Sequence[int], rows: int, seed: int) -> np.ndarray:
        """Float32 numbers, shape (rows, *shape), the same for the same seed."""
        random = np.random.default_rng(seed)
        if self.kind == "uniform":
            return random.uniform(self.low, self.high, (rows, *shape)).astype(np.float32)
        return random.normal(self.low, self.high, (rows, *shape)).astype(np.float32)


PICTURE = Probe("uniform", 0.0, 1.0)


def export(model: keras.Model, path: Path, *, probes: Sequence[Probe] = (), text: str = "") -> dict:
    """Write a network for the page, and prove that what was written is the network.

    The files are read back into a Keras model of their own. With the float16 weights its answers may differ from the
    model's by :data:`FLOAT16_MAY_MOVE` of their range. What ``model`` itself says to the first probes is kept in
    :data:`RECORDED`, for the test that compares the page with it.

    Args:
        model: a built Sequential or functional model, of the layers that this module's docstring lists.
        path: where to, such as ``site/explorers/networks/numbers_08``; ``.json`` and ``.bin`` are added.
        probes: one :class:`Probe` an input; standard normal numbers where none is given.
        text: what the network is, for whoever opens the file.

    Returns:
        ``{"bytes", "weights", "difference", "range"}``: bytes of both files, number of weights, the largest difference
        that float16 makes to an answer, and the range of the answers.

    Raises:
        CannotExport: for what the interpreter does not know, with the layer's name.
        ValueError: if float16 weights change the answers by more than allowed.
    """
    path = Path(path)
    probes = [*probes, *(Probe() for _ in range(len(model.inputs) - len(probes)))]
    writer = _Writer()
    walk = _Walk(writer)
    for tensor, probe in zip(model.inputs, probes, strict=True):
        walk.add(tensor, "Input", [], shape=_shape(tensor), probe=[probe.kind, probe.low, probe.high])
    outputs = [walk.number_of(tensor) for tensor in model.outputs]
    description = {
        "format": FORMAT,
        "text": text,
        "inputs": list(range(len(model.inputs))),
        "outputs": outputs,
        "layers": walk.layers,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".bin").write_bytes(writer.bytes())
    path.with_suffix(".json").write_text(_one_a_line(description, "layers"), encoding="utf-8")

    inputs = probe_inputs(description)
    said = answers(model, inputs)
    again = answers(rebuild(path), inputs)
    moved = [(float(np.abs(a - b).max()), float(np.ptp(a))) for a, b in zip(said, again, strict=True)]
    difference, extent = max(moved, key=lambda one: one[0] / (one[1] or 1.0))  # of the output that suffers most
    if not difference <= FLOAT16_MAY_MOVE * extent:
        raise ValueError(
            f"{path.name}: float16 weights move an answer by {difference:.2g}, more than {FLOAT16_MAY_MOVE:.2g} of the "
            f"answers' range {extent:.3g}. Are the probes inputs that the network was trained for?"
        )
    RECORDED.mkdir(exist_ok=True)
    np.savez_compressed(RECORDED / f"{path.name}.npz", *(a[:RECORDED_ROWS] for a in said))
    size = sum(path.with_suffix(end).stat().st_size for end in (".bin", ".json"))
    return {"bytes": size, "weights": writer.count, "difference": difference, "range": extent}


def export_arrays(
    path: Path,
    arrays: Mapping[str, np.ndarray | tuple[np.ndarray, str]],
    *,
    facts: Mapping | None = None,
    text: str = "",
) -> int:
    """Write arrays, and a few facts that fit into JSON, for the page; returns the bytes of both files.

    Args:
        path: where to, without suffix.
        arrays: name -> array, or name -> (array, type). Without a type, uint8 stays so and means value / 255 (pictures),
            floats become float16 and other integers int16.
        facts: anything that JSON can say: names, sizes, errors.
        text: what the data are.

    Raises:
        ValueError: if a type is unknown or integers do not fit into it.
    """
    path = Path(path)
    writer, described = _Writer(), {}
    for name, given in arrays.items():
        array, kind = given if isinstance(given, tuple) else (given, None)
        described[name] = writer.add(np.asarray(array), kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".bin").write_bytes(writer.bytes())
    description = {"format": FORMAT, "text": text, "arrays": described, "facts": dict(facts or {})}
    path.with_suffix(".json").write_text(_one_a_line(description, "arrays", "facts"), encoding="utf-8")
    return sum(path.with_suffix(end).stat().st_size for end in (".bin", ".json"))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays that ``export_arrays`` wrote, as float32: what the page has."""
    description, data = _read(path)
    return {name: _array(tensor, data) for name, tensor in description["arrays"].items()}


def is_network(path: Path) -> bool:
    """Whether NAME.json describes a network, not arrays."""
    return "layers" in json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))


def probe_inputs(description: Mapping, rows: int = PROBES) -> list[np.ndarray]:
    """Random inputs for a network, as its file describes them: one array (rows, ...) an input."""
    chosen = [description["layers"][number] for number in description["inputs"]]
    return [Probe(*layer["probe"]).draw(layer["shape"], rows, seed) for seed, layer in enumerate(chosen)]


def answers(model: keras.Model, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a model says: one float32 array an output, also where there is only one."""
    said = model.predict(inputs[0] if len(inputs) == 1 else list(inputs), batch_size=500, verbose=0)
    return [np.asarray(a) for a in (said if isinstance(said, (list, tuple)) else [said])]


def rebuild(path: Path) -> keras.Model:
    """A Keras model with the float16 weights of the files, cast to float32."""
    description, data = _read(path)
    made: list = []
    for layer in description["layers"]:
        made.append(_keras_layer(layer, [made[i] for i in layer["from"]], data))
    return keras.Model([made[i] for i in description["inputs"]], [made[i] for i in description["outputs"]])


# Reading ---------------------------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[dict, bytes]:
    path = Path(path)
    description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if description["format"] != FORMAT:
        raise ValueError(f"{path.name} has format {description['format']}, and this code reads format {FORMAT}")
    return description, path.with_suffix(".bin").read_bytes()


def _array(tensor: Mapping, data: bytes) -> np.ndarray:
    count = math.prod(tensor["shape"])
    stored = np.frombuffer(data, _TYPES[tensor["type"]], count, tensor["offset"])
    return (stored.astype(np.float32) * np.float32(tensor["scale"])).reshape(tensor["shape"])


def _keras_layer(layer: Mapping, given: list, data: bytes):
    kind, one = layer["kind"], given[0] if given else None
    if kind == "Input":
        return keras.Input(tuple(layer["shape"]))
    if kind in ("Dense", "Conv2D", "Conv2DTranspose"):
        kernel, bias = _array(layer["kernel"], data), _array(layer["bias"], data)
        if kind == "Dense":
            made = layers.Dense(kernel.shape[-1])
        elif kind == "Conv2D":
            made = layers.Conv2D(kernel.shape[3], kernel.shape[:2], strides=layer["strides"], padding="same")
        else:
            made = layers.Conv2DTranspose(kernel.shape[2], kernel.shape[:2], strides=layer["strides"], padding="same")
        answer = made(one)
        made.set_weights([kernel, bias])
        return _activated(layer, answer)
    if kind == "Activation":
        return _activated(layer, one)
    if kind == "Affine":
        return layers.Rescaling(_array(layer["factor"], data), _array(layer["offset"], data))(one)
    simple = {
        "PixelShuffle": lambda: own.PixelShuffle(layer["factor"])(one),
        "UpSampling2D": lambda: layers.UpSampling2D(layer["size"])(one),
        "Reshape": lambda: layers.Reshape(layer["shape"])(one),
        "Add": lambda: layers.Add()(given),
        "Multiply": lambda: layers.Multiply()(given),
        "Concatenate": lambda: layers.Concatenate()(given),
        "LevelBlend": lambda: own.LevelBlend(layer["levels"])(given),
        "LinearStart": lambda: own.LinearStart(layer["target"], layer["variance"])(given),
    }
    return simple[kind]()


def _activated(layer: Mapping, answer):
    name = layer["activation"]
    if name == "leaky_relu":
        return layers.LeakyReLU(layer["slope"])(answer)
    return answer if name == "linear" else layers.Activation(name)(answer)


# Writing ---------------------------------------------------------------------------------------------------------------


class _Writer:
    """Collects arrays into one block of bytes; an array that comes twice is stored once."""

    def __init__(self):
        self.parts, self.length, self.count, self.seen = [], 0, 0, {}

    def add(self, array: np.ndarray, kind: str | None = None, key: object = None) -> dict:
        if key is not None and key in self.seen:
            return self.seen[key]
        if kind is None:
            kind = "float16" if array.dtype.kind == "f" else "uint8" if array.dtype == np.uint8 else "int16"
        if kind not in _TYPES:
            raise ValueError(f"type must be one of {sorted(_TYPES)}, but it is {kind!r}")
        scale = 1.0
        if kind == "float16":
            largest = float(np.abs(array).max(initial=0.0))
            scale = 2.0 ** math.floor(math.log2(largest)) if largest > 0 else 1.0
            stored = (array.astype(np.float64) / scale).astype(_TYPES[kind])
        elif kind == "uint8" and array.dtype == np.uint8:
            scale, stored = 1 / 255, array
        else:
            stored = array.astype(_TYPES[kind])
            if kind != "float32" and not np.array_equal(stored, array):
                raise ValueError(f"the array holds numbers that {kind} cannot hold")
        tensor = {"type": kind, "shape": list(array.shape), "offset": self.length, "scale": scale}
        block = stored.tobytes()
        block += bytes(-len(block) % 4)
        self.parts.append(block)
        self.length += len(block)
        self.count += array.size
        if key is not None:
            self.seen[key] = tensor
        return tensor

    def bytes(self) -> bytes:
        return b"".join(self.parts)


class _Walk:
    """Goes from a model's outputs back to its inputs and lists the layers in the order of computation."""

    def __init__(self, writer: _Writer):
        self.writer, self.layers, self.numbers = writer, [], {}

    def add(self, tensor, kind: str, feeds: Sequence[int], **fields) -> int:
        self.layers.append({"kind": kind, "from": list(feeds), **fields})
        self.numbers[id(tensor)] = len(self.layers) - 1
        return len(self.layers) - 1

    def number_of(self, tensor) -> int:
        """The number of the layer that computes a tensor; it is listed first if need be."""
        if id(tensor) in self.numbers:
            return self.numbers[id(tensor)]
        layer, node, place = tensor._keras_history
        given = list(layer._inbound_nodes[node].input_tensors)
        feeds = [self.number_of(one) for one in given]
        if isinstance(layer, keras.Model):
            number = self.inside(layer, feeds, place)
        elif isinstance(layer, _DO_NOTHING):
            number = feeds[0]
        else:
            number = self.describe(layer, tensor, given, feeds)
        self.numbers[id(tensor)] = number
        return number

    def inside(self, model: keras.Model, feeds: Sequence[int], place: int) -> int:
        """A model that is used as a layer is written out: as often as it is used, with its weights stored once."""
        inner = _Walk(self.writer)
        inner.layers = self.layers
        inner.numbers = {id(tensor): number for tensor, number in zip(model.inputs, feeds, strict=True)}
        return inner.number_of(model.outputs[place])

    def weights(self, layer, name: str) -> dict:
        return self.writer.add(keras.ops.convert_to_numpy(getattr(layer, name)), key=(id(layer), name))

    def bias(self, layer, width: int) -> dict:
        if layer.use_bias:
            return self.weights(layer, "bias")
        return self.writer.add(np.zeros(width, np.float32), key=(id(layer), "bias"))

    def describe(self, layer, tensor, given, feeds) -> int:
        """One layer, in the words of the file."""
        shape = _shape(tensor)

        def add(kind, **fields):
            return self.add(tensor, kind, feeds, shape=shape, **fields)

        if isinstance(layer, layers.Dense):
            if _option(layer, "lora_rank") is not None:
                raise CannotExport(f"{_name(layer)}: a low-rank addition is not known")
            return add(
                "Dense",
                **_activation(layer, layer.activation),
                kernel=self.weights(layer, "kernel"),
                bias=self.bias(layer, shape[-1]),
            )
        # Keras' transposed convolution and depthwise ones are no subclasses of Conv2D
        if isinstance(layer, (layers.Conv2D, layers.Conv2DTranspose)):
            _only(layer, padding="same", data_format="channels_last", dilation_rate=(1, 1))
            if getattr(layer, "groups", 1) != 1:
                raise CannotExport(f"{_name(layer)}: groups must be 1, but they are {layer.groups}")
            return add(
                "Conv2D" if isinstance(layer, layers.Conv2D) else "Conv2DTranspose",
                **_activation(layer, layer.activation),
                strides=list(layer.strides),
                kernel=self.weights(layer, "kernel"),
                bias=self.bias(layer, shape[-1]),
            )
        if isinstance(layer, own.PixelShuffle):
            return add("PixelShuffle", factor=layer.factor)
        if isinstance(layer, layers.UpSampling2D):
            _only(layer, interpolation="nearest", data_format="channels_last")
            return add("UpSampling2D", size=list(layer.size))
        if isinstance(layer, (layers.Reshape, layers.Flatten)):
            return add("Reshape")
        if type(layer) in (layers.Add, layers.Multiply):
            for one in given:
                if _shape(one) != shape:
                    raise CannotExport(f"{_name(layer)}: its inputs must have one shape, {shape}, not {_shape(one)}")
            return add(type(layer).__name__)
        if isinstance(layer, layers.Concatenate):
            if layer.axis not in (-1, len(shape)):
                raise CannotExport(f"{_name(layer)}: only the last axis is known, not {layer.axis}")
            return add("Concatenate")
        if isinstance(layer, (layers.Normalization, layers.Rescaling)):
            factor, offset = _affine(layer, shape)
            return add("Affine", factor=self.writer.add(factor, "float32"), offset=self.writer.add(offset, "float32"))
        if isinstance(layer, own.LevelBlend):
            return add("LevelBlend", levels=layer.levels)
        if isinstance(layer, own.LinearStart):
            return add("LinearStart", target=layer.target, variance=layer.variance)
        if isinstance(layer, (layers.Activation, layers.ReLU, layers.LeakyReLU)):
            return add("Activation", **_activation(layer, getattr(layer, "activation", None)))
        raise CannotExport(f"{_name(layer)}: the page's interpreter has no such layer")


def _activation(layer, activation) -> dict:
    """How the file names an activation: ``{"activation": ...}``, with a slope where it has one."""
    if isinstance(layer, layers.LeakyReLU):
        return {"activation": "leaky_relu", "slope": float(layer.negative_slope)}
    if isinstance(layer, layers.ReLU):
        _only(layer, max_value=None, negative_slope=0, threshold=0)
        return {"activation": "relu"}
    known = {None: "linear"} | {
        getattr(keras.activations, name): name for name in ("linear", "relu", "gelu", "sigmoid", "tanh")
    }
    if activation is keras.activations.leaky_relu:
        return {"activation": "leaky_relu", "slope": 0.2}  # Keras' default where the function is used by its name
    if isinstance(activation, keras.layers.Layer):  # Dense(8, activation=keras.layers.LeakyReLU(0.1))
        return _activation(activation, getattr(activation, "activation", None))
    if activation not in known:
        raise CannotExport(f"{_name(layer)}: activation {getattr(activation, '__name__', activation)!r} is not known")
    return {"activation": known[activation]}


def _affine(layer, shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Factor and offset for each channel, shape (channels,), of a layer that rescales."""
    if isinstance(layer, layers.Rescaling):
        factor, offset = np.asarray(layer.scale, np.float32), np.asarray(layer.offset, np.float32)
    else:
        if layer.axis not in ((-1,), (len(shape),)) and layer.axis != ():
            raise CannotExport(f"{_name(layer)}: only the last axis is known, not {layer.axis}")
        mean = keras.ops.convert_to_numpy(layer.mean).reshape(-1)
        spread = np.maximum(np.sqrt(keras.ops.convert_to_numpy(layer.variance).reshape(-1)), keras.config.epsilon())
        factor, offset = (spread, mean) if layer.invert else (1 / spread, -mean / spread)
    try:
        return tuple(np.broadcast_to(x, (shape[-1],)).astype(np.float32) for x in (factor, offset))
    except ValueError:
        raise CannotExport(f"{_name(layer)}: one number a channel is known, not shape {factor.shape}") from None


def _only(layer, **wanted) -> None:
    """Refuse options that the interpreter does not have."""
    for name, value in wanted.items():
        found = getattr(layer, name)
        if (list(found) if isinstance(found, tuple) else found) != (list(value) if isinstance(value, tuple) else value):
            raise CannotExport(f"{_name(layer)}: {name} must be {value!r}, but it is {found!r}")


def _option(layer, name: str):
    return getattr(layer, name, None)


def _name(layer) -> str:
    return f"layer {layer.name!r} ({type(layer).__name__})"


def _shape(tensor) -> list[int]:
    """Without the batch; an unknown side cannot be exported."""
    shape = list(tensor.shape[1:])
    if any(side is None for side in shape):
        raise CannotExport(f"tensor {tensor.name!r} has the shape {tuple(tensor.shape)}: all sides must be known")
    return [int(side) for side in shape]


def _one_a_line(description: Mapping, *split: str) -> str:
    """JSON with one layer, array or fact a line: small, and a change is seen in a diff."""
    lines = []
    for key, value in description.items():
        if key not in split or not value:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
        elif isinstance(value, list):
            inner = ",\n".join(json.dumps(item) for item in value)
            lines.append(f"{json.dumps(key)}: [\n{inner}\n]")
        else:
            inner = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
