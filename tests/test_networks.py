"""Exported networks: what the exporter writes and refuses, and that the page's interpreter says what Keras says.

Parametrised over what lies in ``site/explorers/networks``: a new network is tested without a change here.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import explorer_browser
import numpy as np
import pytest
from explorer_browser import PATIENCE

from authoring.web import harness, networks
from authoring.web.explorers import NETWORKS

# Both compute in 32 bits, in another order: measured differences are 1e-7 to 1e-6 of the answers' range.
JAVASCRIPT_MAY_DIFFER = 1e-5

EXPORTED = sorted(path.stem for path in NETWORKS.glob("*.json") if networks.is_network(path))


def test_exporter_names_the_layer_that_it_cannot_write(tmp_path):
    import keras

    for layer in (
        keras.layers.Dense(2, "softplus", name="odd_one"),
        keras.layers.Softmax(name="odd_one"),
        keras.layers.Dense(2, lambda x: keras.ops.square(x), name="odd_one"),
        keras.layers.ReLU(max_value=1.0, name="odd_one"),
    ):
        model = keras.Sequential([keras.Input((3,)), layer])
        with pytest.raises(networks.CannotExport, match="odd_one"):
            networks.export(model, tmp_path / "network")
    picture = keras.Input((6, 6, 1))
    for layer in (
        keras.layers.Conv2D(2, 3, name="odd_one"),
        keras.layers.Conv2D(2, 3, padding="same", dilation_rate=2, name="odd_one"),
        keras.layers.UpSampling2D(2, interpolation="bilinear", name="odd_one"),
        keras.layers.Concatenate(axis=1, name="odd_one"),
    ):
        given = [picture, picture] if isinstance(layer, keras.layers.Concatenate) else picture
        with pytest.raises(networks.CannotExport, match="odd_one"):
            networks.export(keras.Model(picture, layer(given)), tmp_path / "network")


def test_exporter_refuses_weights_that_float16_spoils(tmp_path, monkeypatch):
    import keras

    monkeypatch.setattr(networks, "RECORDED", tmp_path / "recorded")
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((2,)), dense])
    dense.set_weights([np.array([[1.0], [-1.0]], np.float32)])
    networks.export(model, tmp_path / "network", probes=[networks.Probe("normal", 0, 1)])
    # the answer is the small difference of two large products: eleven bits do not hold it
    dense.set_weights([np.array([[1.0], [-1.0003]], np.float32)])
    x = keras.Input((1,))
    close = keras.Model(x, dense(keras.layers.Concatenate()([x, x])))
    with pytest.raises(ValueError, match="float16 weights move"):
        networks.export(close, tmp_path / "network", probes=[networks.Probe("normal", 0, 1)])


def test_arrays_come_back(tmp_path):
    random = np.random.default_rng(0)
    small, grey = random.normal(0, 1e-6, (5, 7)), random.integers(0, 256, (3, 3)).astype(np.uint8)
    networks.export_arrays(tmp_path / "data", {"small": small, "grey": grey, "counts": np.array([-3, 70, 9])})
    back = networks.read_arrays(tmp_path / "data")
    np.testing.assert_allclose(back["small"], small, atol=np.abs(small).max() / 2**11)
    np.testing.assert_allclose(back["grey"], grey / 255, atol=1e-7)
    assert back["counts"].tolist() == [-3, 70, 9]
    with pytest.raises(ValueError, match="cannot hold"):
        networks.export_arrays(tmp_path / "data", {"counts": (np.array([300]), "uint8")})


@pytest.fixture(scope="module")
def chromium():
    with explorer_browser.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site():
    with harness.serving() as address:
        yield address


@pytest.fixture(scope="module")
def interpreter(chromium, site):
    """A page in which the interpreter is loaded."""
    tab = chromium.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.goto(f"{site}/lessons/empty.html")
    tab.evaluate(
        """async () => {
          window.interpreter = await import(new URL("../explorers/interpreter.js", document.baseURI));
          window.floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
          window.text = (floats) => {
            const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
            let out = "";
            for (let i = 0; i < bytes.length; i += 8192) out += String.fromCharCode(...bytes.subarray(i, i + 8192));
            return btoa(out);
          };
        }"""
    )
    yield tab
    tab.close()


def as_text(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()


def javascript_answers(interpreter, path: Path, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What the interpreter says, one flat row of numbers an input row, for each output."""
    json_text = path.with_suffix(".json").read_text(encoding="utf-8")
    weights = base64.b64encode(path.with_suffix(".bin").read_bytes()).decode()
    said = interpreter.evaluate(
        """([json, weights, inputs]) => {
          const given = inputs.map(floats);
          const network = interpreter.load(JSON.parse(json), floats(weights).buffer);
          const said = interpreter.run(network, given.length === 1 ? given[0] : given);
          return (Array.isArray(said) ? said : [said]).map(text);
        }""",
        [json_text, weights, [as_text(one) for one in inputs]],
    )
    return [np.frombuffer(base64.b64decode(one), "<f4").reshape(len(inputs[0]), -1) for one in said]


def same_as_keras(interpreter, path: Path, inputs: list[np.ndarray]) -> None:
    page = javascript_answers(interpreter, path, inputs)
    for here, there in zip(page, networks.answers(networks.rebuild(path), inputs), strict=True):
        there = there.reshape(len(here), -1)
        assert np.ptp(there) > 0.01, "an answer that never changes proves nothing"
        assert np.abs(here - there).max() <= JAVASCRIPT_MAY_DIFFER * max(1.0, float(np.abs(there).max()))


@pytest.mark.browser
def test_error_function_of_the_page(interpreter):
    from scipy.special import erf

    x = np.linspace(-6, 6, 20001)
    said = interpreter.evaluate("(xs) => xs.map(interpreter.erf)", x.tolist())
    assert np.abs(said - erf(x)).max() < 1e-7


def all_kinds_of_layers():
    """Networks that hold between them every layer, stride and activation that the exporter knows."""
    import keras
    from keras import layers

    from course_lib import layers as own

    keras.utils.set_random_seed(0)
    same = {"padding": "same"}
    picture = keras.Input((12, 12, 2))
    x = layers.Normalization(mean=[0.4, 0.6], variance=[0.1, 0.3])(picture)
    x = layers.Conv2D(8, 4, strides=2, activation="gelu", **same)(x)  # 6 x 6, more to the right than to the left
    x = layers.Conv2DTranspose(6, 3, strides=2, activation="tanh", **same)(layers.GaussianNoise(0.1)(x))  # 12 x 12
    x = layers.Concatenate()([x, layers.Rescaling(3.0, -1.0)(picture)])
    x = layers.Conv2D(9, (5, 3), strides=3, use_bias=False, **same)(x)  # 4 x 4
    x = layers.LeakyReLU(0.1)(layers.UpSampling2D((1, 2))(x))  # 4 x 8
    x = layers.Conv2DTranspose(8, 2, strides=3, activation="leaky_relu", **same)(x)  # 12 x 24, wider than its weights
    x = layers.ReLU()(own.PixelShuffle(2)(x))  # 24 x 48 x 2
    head = layers.Dense(5, "sigmoid")(layers.Flatten()(x))
    yield keras.Model(picture, [x, head])

    code, level = keras.Input((6,)), keras.Input((1,))
    part = keras.Sequential([keras.Input((6,)), layers.Dense(6, "relu"), layers.Dense(6)])
    x = layers.Add()([part(code), part(layers.Multiply()([code, code]))])  # one part twice, its weights stored once
    versions = layers.Reshape((2, 3))(x)
    blend = own.LevelBlend([0.0, 0.3, 1.0])([versions, level])
    starts = [own.LinearStart(target, 0.5)([code, level]) for target in ("clean", "noise", "spread")]
    yield keras.Model([code, level], [blend, *starts])


@pytest.mark.browser
def test_every_kind_of_layer_equals_keras(interpreter, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "RECORDED", tmp_path / "recorded")
    monkeypatch.setattr(networks, "FLOAT16_MAY_MOVE", 0.02)  # nobody trained these weights
    kinds = set()
    for number, model in enumerate(all_kinds_of_layers()):
        path = tmp_path / f"network_{number}"
        networks.export(model, path)
        description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        kinds |= {layer["kind"] for layer in description["layers"]}
        same_as_keras(interpreter, path, networks.probe_inputs(description))
    known = re.search(r"const KINDS = \{(.*?)\n\};", (harness.EXPLORERS / "interpreter.js").read_text(), re.DOTALL)[1]
    assert kinds == set(re.findall(r"^  (\w+): ", known, re.MULTILINE))


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPORTED)
def test_page_equals_keras_on_a_hundred_random_inputs(interpreter, name):
    description = json.loads((NETWORKS / f"{name}.json").read_text(encoding="utf-8"))
    inputs = networks.probe_inputs(description, rows=100)
    same_as_keras(interpreter, NETWORKS / name, inputs)


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPORTED)
def test_page_with_float16_weights_is_near_the_trained_network(interpreter, name):
    """Against what the float32 model said before it was exported: within half a step of 8-bit grey of the range."""
    description = json.loads((NETWORKS / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(networks.RECORDED / f"{name}.npz") as recorded:
        trained = [recorded[key] for key in recorded.files]
    inputs = [one[: networks.RECORDED_ROWS] for one in networks.probe_inputs(description)]
    for here, there in zip(javascript_answers(interpreter, NETWORKS / name, inputs), trained, strict=True):
        difference = np.abs(here - there.reshape(len(here), -1)).max()
        assert difference <= networks.FLOAT16_MAY_MOVE * np.ptp(there)


@pytest.mark.browser
def test_the_newest_request_wins(chromium, site):
    tab = chromium.new_page()
    tab.goto(f"{site}/lessons/empty.html")
    name, size = "numbers_02", 784
    answered = tab.evaluate(
        """async ([name, size]) => {
          const { Engine } = await import(new URL("../explorers/shell.js", document.baseURI));
          const engine = new Engine();
          const asked = [0, 0.1, 0.2, 0.3].map((value) =>
            engine.ask("one", [{ network: name, input: new Float32Array(size).fill(value) }]));
          const other = engine.ask("two", [{ network: name, input: new Float32Array(size) }]);
          const answers = await Promise.all([...asked, other]);
          const missing = await engine.ask("one", [{ network: "no_such", input: [] }]).catch((error) => error.message);
          return [answers.map((one) => one !== null), missing];
        }""",
        [name, size],
    )
    assert answered[0] == [True, False, False, True, True]
    assert answered[1].endswith(("no_such.json: 404", "no_such.bin: 404"))  # both are asked for at once
    tab.close()
