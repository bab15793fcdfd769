import inspect

import keras
import numpy as np
import pytest

from course_lib import layers, models, referees, sampling


@pytest.fixture(scope="module")
def data():
    """Curved data in the unit cube: 500 points of 20 numbers, float32."""
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 3, (500, 3))
    curve = np.sin(
        np.concatenate([angles, 2 * angles, angles[:, :1] * angles[:, 1:]], axis=1) @ rng.normal(size=(8, 20))
    )
    return (0.5 + 0.4 * curve).astype(np.float32)


def builders(data):
    pca = referees.fit_pca(data, 4)
    codes = pca.encode(data)
    residual = referees.fit_random_features(codes, data - pca.decode(codes), 50)
    return {
        "dense": lambda: models.build_autoencoder(20, 16, 4),
        "deep": lambda: models.build_autoencoder(20, (16, 8), 4, activation="relu", code_activation="relu"),
        "linear": lambda: models.linear_autoencoder(20, 4),
        "convolutional": lambda: models.build_convolutional_autoencoder((4, 5 - 1), (8, 6), 4),
        "warm": lambda: models.warm_start_autoencoder(pca, 16),
        "warm-features": lambda: models.warm_start_autoencoder(pca, 16, residual=residual),
    }


KINDS = ["dense", "deep", "linear", "convolutional", "warm", "warm-features"]


def inputs_for(kind, data):
    return data[:, :16].reshape(-1, 4, 4) if kind == "convolutional" else data


@pytest.mark.backends
@pytest.mark.parametrize("kind", KINDS)
def test_the_three_models_share_their_layers(kind, data):
    keras.utils.set_random_seed(0)
    encoder, decoder, autoencoder = builders(data)[kind]()
    x = inputs_for(kind, data)
    assert encoder.output_shape == (None, 4)
    assert autoencoder.output_shape == autoencoder.input_shape == decoder.output_shape
    before = encoder.predict(x, verbose=0)
    autoencoder.compile("adam", "mse")
    autoencoder.fit(x, x, epochs=1, verbose=0)
    codes = encoder.predict(x, verbose=0)
    assert not np.allclose(before, codes), "training the autoencoder must train the encoder"
    np.testing.assert_allclose(decoder.predict(codes, verbose=0), autoencoder.predict(x, verbose=0), atol=1e-5)


@pytest.mark.backends
@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_answers_the_same_after_loading(kind, data, tmp_path):
    keras.utils.set_random_seed(0)
    encoder, decoder, autoencoder = builders(data)[kind]()
    x = inputs_for(kind, data)
    autoencoder.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), autoencoder.predict(x, verbose=0), atol=1e-6)
    codes = loaded.get_layer("encoder").predict(x, verbose=0)
    np.testing.assert_allclose(codes, encoder.predict(x, verbose=0), atol=1e-6)
    again = loaded.get_layer("decoder").predict(codes, verbose=0)
    np.testing.assert_allclose(again, decoder.predict(codes, verbose=0), atol=1e-6)


@pytest.mark.backends
def test_the_warm_start_equals_pca_before_training(data):
    pca = referees.fit_pca(data, 4)
    encoder, _, autoencoder = models.warm_start_autoencoder(pca, 16)
    np.testing.assert_allclose(autoencoder.predict(data, verbose=0), pca.reconstruct(data), atol=1e-4)
    np.testing.assert_allclose(encoder.predict(data, verbose=0), pca.encode(data), atol=1e-4)


@pytest.mark.backends
def test_the_warm_start_with_features_equals_pca_plus_the_closed_form_residual(data):
    pca = referees.fit_pca(data, 4)
    codes = pca.encode(data)
    residual = referees.fit_random_features(codes, data - pca.decode(codes), 50)
    _, _, autoencoder = models.warm_start_autoencoder(pca, 16, residual=residual)
    expected = pca.decode(codes) + residual.predict(codes)
    np.testing.assert_allclose(autoencoder.predict(data, verbose=0), expected, atol=1e-4)
    assert np.mean((expected - data) ** 2) < np.mean((pca.reconstruct(data) - data) ** 2)


@pytest.mark.backends
def test_training_from_the_warm_start_improves_on_pca(data):
    keras.utils.set_random_seed(0)
    pca = referees.fit_pca(data, 4)
    _, _, autoencoder = models.warm_start_autoencoder(pca, 32)
    autoencoder.compile(keras.optimizers.Adam(3e-3), "mse")
    autoencoder.fit(data, data, epochs=40, verbose=0)
    error = np.mean((autoencoder.predict(data, verbose=0) - data) ** 2)
    assert error < 0.92 * np.mean((pca.reconstruct(data) - data) ** 2)


@pytest.mark.backends
def test_outputs_stay_in_the_unit_interval_where_a_sigmoid_ends_the_decoder(data):
    for kind in ("dense", "convolutional"):
        _, decoder, _ = builders(data)[kind]()
        output = decoder.predict(50 * np.random.default_rng(0).normal(size=(20, 4)), verbose=0)
        assert output.min() >= 0 and output.max() <= 1


def test_the_convolutional_autoencoder_takes_colour_images():
    encoder, decoder, _ = models.build_convolutional_autoencoder((8, 16, 3), (4, 6), 5)
    assert encoder.input_shape == decoder.output_shape == (None, 8, 16, 3)


def test_pixel_shuffling_lays_four_numbers_out_as_two_by_two_pixels():
    place = keras.Input((1, 2, 4))
    shuffle = keras.Model(place, layers.PixelShuffle(2)(place))
    picture = shuffle.predict(np.arange(8.0).reshape(1, 1, 2, 4), verbose=0)
    assert picture[0, :, :, 0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]


@pytest.mark.backends
def test_a_decoder_saved_when_three_layers_shuffled_the_pixels_loads_and_answers_the_same(tmp_path):
    keras.utils.set_random_seed(0)
    _, decoder, _ = models.build_convolutional_autoencoder((8, 12, 3), (6, 5), 4)
    code = hidden = keras.Input((4,), name="code")
    for layer in decoder.layers[1:]:
        if isinstance(layer, layers.PixelShuffle):  # as the builders wrote it before
            _, rows, columns, channels = hidden.shape
            hidden = keras.layers.Reshape((rows, columns, 2, channels // 2))(hidden)
            hidden = keras.layers.Permute((1, 3, 2, 4))(hidden)
            hidden = keras.layers.Reshape((2 * rows, 2 * columns, channels // 4))(hidden)
        else:
            hidden = type(layer).from_config(layer.get_config())(hidden)
    old = keras.Model(code, hidden, name="decoder")
    assert len(old.layers) == len(decoder.layers) + 2 * 2
    assert [weight.shape for weight in old.weights] == [weight.shape for weight in decoder.weights]
    old.set_weights(decoder.get_weights())
    old.save(tmp_path / "old.keras")
    codes = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    loaded = keras.saving.load_model(tmp_path / "old.keras")
    np.testing.assert_allclose(loaded.predict(codes, verbose=0), decoder.predict(codes, verbose=0), atol=1e-6)


def test_saved_files_find_the_classes_by_the_names_they_always_had():
    for kind in (models.VariationalAutoencoder, models.ConditionalVariationalAutoencoder):
        assert keras.saving.get_registered_name(kind) == f"bottleneck>{kind.__name__}"
        assert keras.saving.get_registered_object(f"bottleneck>{kind.__name__}") is kind


def test_the_samplers_are_the_same_functions_in_both_places():
    for name in ("langevin_path", "sample_prior", "slerp"):
        assert getattr(models, name) is getattr(sampling, name)


def test_the_package_lists_every_name_it_offers():
    defined = {
        name
        for name, value in vars(models).items()
        if not name.startswith("_") and name != "annotations" and not inspect.ismodule(value)
    }
    assert defined == set(models.__all__)


def test_parameters_are_counted():
    _, _, autoencoder = models.build_autoencoder(20, 16, 4)
    assert models.parameter_count(autoencoder) == 21 * 16 + 17 * 4 + 5 * 16 + 17 * 20


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: models.build_autoencoder(20, 0, 4), "hidden_units"),
        (lambda: models.build_autoencoder(20, (8, 2.5), 4), "hidden_units"),
        (lambda: models.build_autoencoder(20, 8, -1), "code_size"),
        (lambda: models.linear_autoencoder(0, 4), "input_dim"),
        (lambda: models.build_convolutional_autoencoder((28, 28), (8, 8, 8), 4), "image_shape .* divisible by 8"),
        (lambda: models.build_convolutional_autoencoder((28,), (8,), 4), "image_shape"),
    ],
)
def test_a_size_that_does_not_work_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_a_warm_start_refuses_a_residual_of_another_shape(data):
    pca = referees.fit_pca(data, 4)
    residual = referees.fit_random_features(data[:, :3], data, 10)
    with pytest.raises(ValueError, match="residual must map 4 numbers to 20, but it maps 3 to 20"):
        models.warm_start_autoencoder(pca, 16, residual=residual)
    with pytest.raises(ValueError, match="at least one component"):
        models.warm_start_autoencoder(pca.keep(0), 16)
