import random

import keras
import numpy as np
import pytest

from course_lib import models, referees, training


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    plane, _ = np.linalg.qr(rng.normal(size=(10, 3)))
    points = rng.normal(size=(512, 3)) @ plane.T + 0.2 * rng.normal(size=(512, 10))
    return points.astype(np.float32)


def test_the_same_seed_repeats_python_numpy_and_keras(monkeypatch):
    monkeypatch.delenv("COURSE_SEED_OFFSET", raising=False)

    def draw(seed):
        assert training.set_seed(seed) == seed
        return random.random(), np.random.rand(), keras.ops.convert_to_numpy(keras.random.normal((2,))).tolist()

    assert draw(5) == draw(5) != draw(6)


def test_the_seed_offset_of_the_environment_is_added(monkeypatch):
    monkeypatch.setenv("COURSE_SEED_OFFSET", "100")
    assert training.set_seed(3) == 103
    monkeypatch.setenv("COURSE_SEED_OFFSET", "")
    assert training.set_seed(3) == 3
    monkeypatch.setenv("COURSE_SEED_OFFSET", "many")
    with pytest.raises(ValueError, match="COURSE_SEED_OFFSET"):
        training.set_seed(3)
    monkeypatch.setenv("COURSE_SEED_OFFSET", "-4")
    with pytest.raises(ValueError, match="-1"):
        training.set_seed(3)


@pytest.mark.backends
def test_fit_trains_a_linear_autoencoder_down_to_the_error_of_pca(data):
    training.set_seed(0)
    _, _, autoencoder = models.linear_autoencoder(10, 3)
    run = training.fit(autoencoder, data, epochs=25, batch_size=32, learning_rate=2e-2, validation_data=data)
    assert len(run.loss) == len(run.validation_loss) == 25
    best_possible = np.mean((referees.fit_pca(data, 3).reconstruct(data) - data) ** 2)
    assert 0.999 * best_possible < run.validation_loss[-1] < 1.1 * best_possible
    assert run.seconds > 0


@pytest.mark.backends
def test_fit_is_repeatable(data):
    def final_loss():
        training.set_seed(1)
        _, _, autoencoder = models.build_autoencoder(10, 8, 2)
        return training.fit(autoencoder, data, epochs=2, batch_size=50).loss[-1]  # the last batch is smaller

    assert final_loss() == pytest.approx(final_loss(), rel=1e-5)


@pytest.mark.backends
def test_fit_leaves_the_loss_to_a_model_that_computes_its_own(data):
    @keras.saving.register_keras_serializable("tests")
    class OwnLoss(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return keras.ops.mean(keras.ops.square(x - y_pred))

    inputs = keras.Input((10,))
    model = OwnLoss(inputs, keras.layers.Dense(10)(inputs))
    run = training.fit(model, data, epochs=3, loss=None, schedule=None)
    assert run.loss[-1] < run.loss[0] and run.validation_loss == []


def test_fit_takes_separate_targets_and_several_inputs(data):
    left, right = keras.Input((10,)), keras.Input((10,))
    model = keras.Model([left, right], keras.layers.Dense(4)(keras.layers.Add()([left, right])))
    run = training.fit(model, [data, data], data[:, :4], epochs=2, validation_data=([data, data], data[:, :4]), seed=0)
    assert run.loss[-1] < run.loss[0] and len(run.validation_loss) == 2
    with pytest.raises(ValueError, match="different lengths"):
        training.fit(model, [data, data[:5]], data[:, :4], epochs=1)


def test_the_progress_bar_counts_every_step_and_can_be_switched_off(data, capsys, monkeypatch):
    monkeypatch.delenv("COURSE_HEADLESS", raising=False)
    _, _, autoencoder = models.linear_autoencoder(10, 3)
    bars = []
    original = training.tqdm

    def spy(*args, **options):
        bars.append(original(*args, **options))
        return bars[-1]

    monkeypatch.setattr(training, "tqdm", spy)
    training.fit(autoencoder, data, epochs=3, batch_size=50, description="trial")
    assert bars[0].n == bars[0].total == 33 and "trial" in capsys.readouterr().err
    monkeypatch.setenv("COURSE_HEADLESS", "1")
    training.fit(autoencoder, data, epochs=1, batch_size=50)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": -1}, "batch_size"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"schedule": "linear"}, "schedule"),
        ({"x": np.zeros((4, 10), np.uint8)}, "x must be floats"),
        ({"x": np.zeros((0, 10), np.float32)}, "x holds no samples"),
    ],
)
def test_fit_names_an_argument_that_does_not_work(change, named, data):
    _, _, autoencoder = models.linear_autoencoder(10, 3)
    arguments = {"x": data, "epochs": 1} | change
    with pytest.raises(ValueError, match=named):
        training.fit(autoencoder, arguments.pop("x"), **arguments)
