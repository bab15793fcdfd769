"""Writes a chain of layers for the page with eight bits a weight, in the words that networks.py and interpreter.js know.

Each kernel is stored as whole numbers from -127 to 127, with a scale for each output channel. The interpreter's arrays have
one scale each; so the channels' scales follow in an Affine layer of their own, together with the bias, and the activation
comes after it: activation((x @ kernel) * scale + bias). The last kernels, small and nearest to the answer, keep 16 bits.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np

from authoring.web import networks

STEPS = 127


def rounded(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A kernel (..., channels) as int8 and the scale of each channel: kernel ≈ stored / 127 * scale."""
    scale = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.rint(kernel / scale * STEPS).astype(np.int8), scale


def export(model: keras.Model, path: Path, probe: networks.Probe, *, keep: int = 1, text: str = "") -> int:
    """Write NAME.json and NAME.bin; returns their bytes.

    What the network *with eight bits* says to the first probes is kept in ``networks.RECORDED``, for the test that compares the
    page with it. How far eight bits move the answers is for the caller to measure, on inputs that matter.

    Args:
        model: layers one after the other, all kernels with a bias, of the kinds that ``networks.export`` takes.
        path: where to, without suffix.
        probe: numbers that the input may well be given.
        keep: how many kernels at the end keep 16 bits.
        text: what the network is.

    Raises:
        ValueError: if the layers are no chain.
    """
    networks.export(model, path, probes=[probe], text=text)  # 16 bits first: this checks layers and options
    description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if any(layer["from"] not in ([], [number - 1]) for number, layer in enumerate(description["layers"])):
        raise ValueError(f"{path.name}: each layer must follow the one before it")
    weights = iter([layer.get_weights() for layer in model.layers if layer.get_weights()])
    with_kernel = [number for number, layer in enumerate(description["layers"]) if "kernel" in layer]
    data, made = bytearray(), []

    def store(array: np.ndarray, kind: str, scale: float = 1.0) -> dict:
        tensor = {"type": kind, "shape": list(array.shape), "offset": len(data), "scale": scale}
        block = array.astype(array.dtype.newbyteorder("<")).tobytes()
        data.extend(block + bytes(-len(block) % 4))
        return tensor

    def add(layer: dict) -> None:
        made.append(layer | {"from": [len(made) - 1] if made else []})

    for number, layer in enumerate(description["layers"]):
        if "kernel" not in layer:
            add(layer)
            continue
        kernel, bias = next(weights)
        if number in with_kernel[len(with_kernel) - keep :]:
            add(layer | {"kernel": store(kernel.astype("f2"), "float16"), "bias": store(bias.astype("f2"), "float16")})
            continue
        numbers, scale = rounded(kernel)
        nothing = store(np.zeros(bias.shape, np.int8), "int8")
        add(layer | {"activation": "linear", "kernel": store(numbers, "int8", 1 / STEPS), "bias": nothing})
        add(
            {
                "kind": "Affine",
                "shape": layer["shape"],
                "factor": store(scale, "float32"),
                "offset": store(bias, "float32"),
            }
        )
        if layer["activation"] != "linear":
            kept = {key: layer[key] for key in ("activation", "slope") if key in layer}
            add({"kind": "Activation", "shape": layer["shape"], **kept})
    description |= {"layers": made, "outputs": [len(made) - 1]}
    path.with_suffix(".bin").write_bytes(bytes(data))
    path.with_suffix(".json").write_text(json.dumps(description) + "\n", encoding="utf-8")
    said = networks.answers(networks.rebuild(path), networks.probe_inputs(description))
    np.savez_compressed(networks.RECORDED / f"{path.name}.npz", *(answer[: networks.RECORDED_ROWS] for answer in said))
    return sum(path.with_suffix(end).stat().st_size for end in (".bin", ".json"))
