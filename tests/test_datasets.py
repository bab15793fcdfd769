"""The embedded data are what the data cards say, and every way of losing them is answered with a way back."""

import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from course_lib import datasets
from course_lib.datasets import DataError, ImageDataset

SPLITS = ("train", "validation", "test")
LOADERS = {"fashion_mnist": datasets.fashion_mnist, "digits": datasets.digits}


@pytest.fixture
def data_copy(tmp_path, monkeypatch):
    """A copy of the embedded files that a test may damage."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in datasets.FILES:
        shutil.copy(datasets.DATA_FOLDER / name, folder)
    monkeypatch.setattr(datasets._files, "DATA_FOLDER", folder)
    return folder


# --- what the embedded sets hold ---


@pytest.mark.parametrize(("name", "counts"), [("fashion_mnist", (12_000, 2_000, 2_000)), ("digits", (4_000, 0, 1_000))])
def test_splits_have_the_documented_sizes_types_and_balance(name, counts):
    data = LOADERS[name]()
    assert data.name == name
    assert len(data.class_names) == len(set(data.class_names)) == 10
    for split, count in zip(SPLITS, counts, strict=True):
        images, labels = getattr(data, split), getattr(data, f"{split}_labels")
        assert images.shape == (count, 28, 28) and images.dtype == np.uint8
        assert labels.shape == (count,) and labels.dtype == np.int64
        assert np.bincount(labels, minlength=10).tolist() == [count // 10] * 10
        if count:
            assert images.min() == 0 and images.max() == 255


@pytest.mark.parametrize("name", LOADERS)
def test_every_run_of_ten_images_holds_each_class_once_yet_the_order_is_shuffled(name):
    labels = LOADERS[name]().train_labels.reshape(-1, 10)
    assert (np.sort(labels, axis=1) == np.arange(10)).all()
    # In a fair shuffle each class stands at each place in a tenth of the runs; 0.06 is four standard deviations.
    shares = np.stack([np.bincount(column, minlength=10) for column in labels.T]) / len(labels)
    assert np.abs(shares - 0.1).max() < 0.06
    # And a run says nothing about the next: the same class comes first twice in a row about one time in ten.
    assert abs((labels[1:, 0] == labels[:-1, 0]).mean() - 0.1) < 0.06


@pytest.mark.parametrize("name", LOADERS)
def test_no_image_occurs_twice_within_or_across_splits(name):
    data = LOADERS[name]()
    images = np.concatenate([getattr(data, split) for split in SPLITS])
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize("name", LOADERS)
def test_labels_fit_their_images(name):
    """A slip between pictures and labels would leave a nearest-class-mean classifier at chance, 10 %."""
    data = LOADERS[name]()
    train, test = data.flat("train"), data.flat("test")
    means = np.stack([train[data.train_labels == label].mean(axis=0) for label in range(10)])
    distances = ((test[:, None] - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == data.test_labels).mean() > 0.6


def test_the_pixels_are_the_same_on_every_machine():
    """The files are hashed at each load; this proves that decoding them gives the same arrays everywhere, too."""
    found = {
        "clothes": np.concatenate([getattr(datasets.fashion_mnist(), split) for split in SPLITS]),
        "digits": np.concatenate([getattr(datasets.digits(), split) for split in SPLITS]),
        "photographs": datasets.photographs().images,
    }
    assert {key: hashlib.sha256(array.tobytes()).hexdigest() for key, array in found.items()} == {
        "clothes": "a1e20b5f83517b429ec6c89381fd9a416b72df6a420d29caf5e5a290a2f2424d",
        "digits": "a93fc07eefcf5c057dca9561c4c73b84bc829897ca08bedb7ae6233bbc549caf",
        "photographs": "99310b92a8963a4b9118f3a93695bf9d2f7c20a03361f1962972901ccd5560da",
    }


def test_photographs_are_two_colour_images_with_a_credit_each():
    photos = datasets.photographs()
    assert photos.images.shape == (2, 427, 640, 3) and photos.images.dtype == np.uint8
    assert photos.names == ("china", "flower")
    assert all("CC BY 2.0" in credit for credit in photos.credits) and len(photos.credits) == 2
    assert "427 x 640" in repr(photos)


@pytest.mark.parametrize("name", LOADERS)
def test_arrays_cannot_be_written_to(name):
    data = LOADERS[name]()
    for split in SPLITS:
        for array in (getattr(data, split), getattr(data, f"{split}_labels")):
            assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        data.train[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        datasets.photographs().images[0, 0, 0, 0] = 1
    with pytest.raises(AttributeError):
        data.train = data.test


def test_loading_again_costs_nothing_because_the_set_is_kept():
    assert datasets.fashion_mnist() is datasets.fashion_mnist(full=False)
    assert datasets.photographs() is datasets.photographs()


# --- floats for notebooks ---


def test_flat_and_images_give_fresh_floats_between_zero_and_one():
    data = datasets.digits()
    flat, images = data.flat("test"), data.images("test")
    assert flat.shape == (1000, 784) and images.shape == (1000, 28, 28, 1)
    assert flat.dtype == images.dtype == np.float32
    assert flat.min() == 0 and flat.max() == 1
    assert np.array_equal(flat, images.reshape(1000, 784))
    assert np.array_equal(np.round(flat * 255).astype(np.uint8), data.test.reshape(1000, 784))
    flat[:] = 0.5  # the caller's own copy
    assert data.flat("test").max() == 1
    assert data.flat("validation").shape == (0, 784)


@pytest.mark.parametrize("method", ["flat", "images"])
def test_an_unknown_split_is_answered_with_the_three_that_exist(method):
    with pytest.raises(ValueError, match=r"expected one of 'train', 'validation', 'test', got 'valid'"):
        getattr(datasets.digits(), method)("valid")


def test_rows_become_pictures_again_with_their_kinds_below():
    clothes = datasets.fashion_mnist()
    assert np.array_equal(clothes.tiles(clothes.flat("train")[3:5]), clothes.images("train")[3:5, ..., 0])
    numbers = clothes.validation_labels[[4, 0]]
    assert clothes.called("validation", np.array([4, 0])) == [clothes.class_names[number] for number in numbers]


def test_repr_is_one_line_of_counts():
    assert repr(datasets.digits()) == (
        "ImageDataset('digits': 4,000 train / 0 validation / 1,000 test images of 28 x 28, 10 classes)"
    )


@pytest.mark.parametrize(
    ("position", "wrong", "message"),
    [
        (0, np.zeros((3, 28, 28), np.float32), r"train: expected uint8 images of shape \(n, 28, 28\), got float32"),
        (4, np.zeros((3, 784), np.uint8), r"test: expected uint8 .* of shape \(3, 784\)"),
        (3, np.zeros(2, np.int64), r"validation_labels: expected integers of shape \(3,\), got int64 of shape \(2,\)"),
        (1, np.zeros(3, np.float64), r"train_labels: expected integers .* got float64"),
    ],
)
def test_a_set_of_wrong_arrays_is_refused_by_name(position, wrong, message):
    arrays = [np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.int64)] * 3
    arrays[position] = wrong
    with pytest.raises(ValueError, match=message):
        ImageDataset("mine", *arrays, class_names=("a",))


# --- missing and damaged embedded files ---


LOADER_OF_FILE = [
    ("fashion_mnist.png", datasets.fashion_mnist),
    ("fashion_mnist_labels.npy", datasets.fashion_mnist),
    ("digits.png", datasets.digits),
    ("digits_labels.npy", datasets.digits),
    ("electricity_days.npy", datasets.electricity_days),
    ("heads.png", datasets.heads),
    ("heads_parameters.npy", datasets.heads),
    ("heartbeats.npz", datasets.heartbeats),
    ("movie_ratings.npy", datasets.movie_ratings),
    ("movie_ratings_films.csv", datasets.movie_ratings),
    ("photograph_china.jpg", datasets.photographs),
    ("photograph_flower.jpg", datasets.photographs),
    ("shuttle.npz", datasets.shuttle),
]


def test_every_embedded_file_is_covered_by_the_damage_tests():
    assert {name for name, _ in LOADER_OF_FILE} == set(datasets.FILES)


@pytest.mark.parametrize(("name", "load"), LOADER_OF_FILE)
def test_a_missing_file_is_named_with_the_command_that_restores_it(data_copy, name, load):
    (data_copy / name).unlink()
    with pytest.raises(DataError) as caught:
        load()
    message = str(caught.value)
    assert f"{data_copy / name} is missing" in message
    assert f"git checkout -- course_lib/data/{name}" in message and "reinstall" in message
    assert not (data_copy / name).exists()


@pytest.mark.parametrize(("name", "load"), LOADER_OF_FILE)
def test_one_changed_bit_is_noticed(data_copy, name, load):
    content = bytearray((data_copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (data_copy / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        load()
    message = str(caught.value)
    assert "is damaged" in message and datasets.FILES[name] in message
    assert f"git checkout -- course_lib/data/{name}" in message


def test_a_file_that_cannot_be_read_is_a_data_error(data_copy):
    (data_copy / "digits.png").unlink()
    (data_copy / "digits.png").mkdir()
    with pytest.raises(DataError, match=r"digits\.png cannot be read"):
        datasets.digits()


def test_a_restored_file_loads_in_the_same_session(data_copy):
    good = (data_copy / "digits.png").read_bytes()
    (data_copy / "digits.png").write_bytes(good[:1000])
    with pytest.raises(DataError):
        datasets.digits()
    (data_copy / "digits.png").write_bytes(good)
    assert len(datasets.digits().train) == 4000


def test_verify_approves_the_embedded_files_and_names_what_is_wrong(data_copy):
    assert all(ok for _, ok, _ in datasets.verify())
    (data_copy / "digits.png").write_bytes(b"")
    (data_copy / "photograph_china.jpg").unlink()
    bad = {name: message for name, ok, message in datasets.verify() if not ok}
    assert set(bad) == {"digits.png", "photograph_china.jpg"}
    assert all(f"git checkout -- course_lib/data/{name}" in message for name, message in bad.items())
    assert all(ok for _, ok, _ in datasets.verify(Path(datasets.__file__).parents[1] / "data"))


def test_importing_and_verifying_loads_neither_keras_nor_pillow():
    program = (
        "import sys; from course_lib import datasets; datasets.verify(); "
        "print([m for m in ('keras', 'tensorflow', 'PIL', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_embedded_file_has_its_hash_in_the_data_card():
    card = (datasets.DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name, digest in datasets.FILES.items() if f"`{name}`" not in card or digest not in card] == []


# --- the complete sets, without a network ---


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.tobytes()


class Upstream:
    """A small stand-in for the complete sets: our hashes are pointed at it, and the downloader serves it."""

    def __init__(self, monkeypatch, tmp_path):
        random = np.random.default_rng(0)
        self.train, self.test = (random.integers(0, 256, (n, 28, 28), np.uint8) for n in (30, 10))
        self.train_labels, self.test_labels = (np.arange(n, dtype=np.uint8) % 10 for n in (30, 10))
        self.cache = tmp_path / "keras" / "datasets"
        self.system = tmp_path / "system"
        self.served = {}
        self.requests = []
        arrays = [self.train, self.train_labels, self.test, self.test_labels]
        for name, array in zip(datasets.FULL_FASHION_MNIST, arrays, strict=True):
            monkeypatch.setitem(datasets.FULL_FASHION_MNIST, name, hashlib.sha256(array.tobytes()).hexdigest())
            self.served[f"{name}.gz"] = gzip.compress(idx(array))
        stream = io.BytesIO()
        np.savez(stream, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))
        self.served["mnist.npz"] = stream.getvalue()
        monkeypatch.setitem(datasets.FULL_DIGITS, "mnist.npz", hashlib.sha256(stream.getvalue()).hexdigest())
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
        monkeypatch.setattr(datasets.images, "SYSTEM_FASHION_MNIST", self.system)
        monkeypatch.setattr(datasets._downloads, "download", self.download)

    def download(self, address, name, folder):
        assert address == datasets.DOWNLOAD_FOLDER + name
        self.requests.append(name)
        if name not in self.served:
            raise OSError("no route to host")
        (folder / name).write_bytes(self.served[name])

    def put(self, folder, compressed=True):
        folder.mkdir(parents=True, exist_ok=True)
        for name in datasets.FULL_FASHION_MNIST:
            content = self.served[f"{name}.gz"]
            (folder / (f"{name}.gz" if compressed else name)).write_bytes(
                content if compressed else gzip.decompress(content)
            )

    def holds(self, data):
        return (
            np.array_equal(data.train, self.train)
            and np.array_equal(data.train_labels, self.train_labels)
            and np.array_equal(data.test, self.test)
            and np.array_equal(data.test_labels, self.test_labels)
            and data.validation.shape == (0, 28, 28)
            and data.validation_labels.shape == (0,)
        )


@pytest.fixture
def upstream(monkeypatch, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning that a test does not ask for is a failure
        yield Upstream(monkeypatch, tmp_path)


@pytest.mark.parametrize("compressed", [True, False])
def test_full_fashion_mnist_comes_from_the_keras_cache_first(upstream, compressed):
    upstream.put(upstream.cache / "fashion-mnist", compressed)
    data = datasets.fashion_mnist(full=True)
    assert upstream.holds(data) and upstream.requests == []
    assert not data.train.flags.writeable and data.train_labels.dtype == np.int64
    assert data.class_names == datasets.fashion_mnist().class_names


def test_full_fashion_mnist_comes_from_the_system_folder_next(upstream):
    upstream.put(upstream.system)
    assert upstream.holds(datasets.fashion_mnist(full=True))
    assert upstream.requests == []
    assert not upstream.cache.exists()


@pytest.mark.parametrize("load", [datasets.fashion_mnist, datasets.digits])
def test_a_full_set_is_downloaded_once_and_then_read_from_the_cache(upstream, load):
    assert upstream.holds(load(full=True))
    requested = list(upstream.requests)
    assert upstream.holds(load(full=True))
    assert upstream.requests == requested and len(requested) == len(set(requested)) > 0
    assert not [path for path in upstream.cache.rglob("*") if path.name.startswith(".download-")]


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c[: len(c) // 2],
        lambda c: b"",
        lambda c: b"<html>",
        lambda c: gzip.compress(idx(np.ones(3, np.uint8))),
    ],
)
def test_a_damaged_cache_file_is_named_passed_over_and_replaced(upstream, damage):
    upstream.put(upstream.cache / "fashion-mnist")
    victim = upstream.cache / "fashion-mnist" / "t10k-images-idx3-ubyte.gz"
    victim.write_bytes(damage(victim.read_bytes()))
    with pytest.warns(UserWarning, match=r"t10k-images-idx3-ubyte\.gz is damaged") as caught:
        assert upstream.holds(datasets.fashion_mnist(full=True))
    assert str(victim) in str(caught[0].message)
    assert caught[0].filename == __file__  # the warning points at the line that asked for the data
    assert victim.read_bytes() == upstream.served[victim.name]


def test_a_damaged_cache_is_passed_over_for_the_system_folder_without_a_download(upstream):
    upstream.put(upstream.system)
    upstream.put(upstream.cache / "fashion-mnist")
    victim = upstream.cache / "fashion-mnist" / "train-labels-idx1-ubyte.gz"
    victim.write_bytes(gzip.compress(idx(upstream.train_labels[::-1].copy())))  # a sound file with other content
    with pytest.warns(UserWarning, match="its decoded content has SHA-256"):
        assert upstream.holds(datasets.fashion_mnist(full=True))
    assert upstream.requests == []


def test_a_damaged_mnist_file_is_named_and_replaced(upstream):
    upstream.cache.mkdir(parents=True)
    (upstream.cache / "mnist.npz").write_bytes(b"half a file")
    with pytest.warns(UserWarning, match=r"mnist\.npz is damaged"):
        assert upstream.holds(datasets.digits(full=True))
    assert (upstream.cache / "mnist.npz").read_bytes() == upstream.served["mnist.npz"]


@pytest.mark.parametrize(
    ("load", "names", "folder"),
    [
        (datasets.fashion_mnist, [f"{name}.gz" for name in datasets.FULL_FASHION_MNIST], "fashion-mnist"),
        (datasets.digits, ["mnist.npz"], "."),
    ],
)
def test_without_a_network_the_error_says_which_files_to_put_where(upstream, load, names, folder):
    upstream.served.clear()
    with pytest.raises(DataError) as caught:
        load(full=True)
    message = str(caught.value)
    assert all(name in message for name in names)
    assert str(upstream.cache / folder) in message and datasets.DOWNLOAD_FOLDER in message
    assert "no route to host" in message and "KERAS_HOME" in message
    assert not list(path for path in upstream.cache.rglob("*") if path.is_file())


def test_a_download_that_breaks_half_way_leaves_nothing_behind(upstream):
    del upstream.served["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(DataError):
        datasets.fashion_mnist(full=True)
    assert [path for path in upstream.cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("load", "name"), [(datasets.fashion_mnist, "train-images-idx3-ubyte.gz"), (datasets.digits, "mnist.npz")]
)
def test_a_download_of_something_else_is_refused_and_not_kept(upstream, load, name):
    upstream.served[name] = b"<html>please log in</html>"
    with pytest.raises(DataError, match="is damaged"):
        load(full=True)
    assert [path for path in upstream.cache.rglob("*") if path.is_file()] == []


def test_the_keras_cache_is_in_the_home_folder_unless_keras_home_says_otherwise(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert datasets._downloads.keras_cache() == tmp_path / "datasets"
    monkeypatch.delenv("KERAS_HOME")
    assert datasets._downloads.keras_cache() == Path.home() / ".keras" / "datasets"


def test_the_downloader_of_keras_puts_the_file_where_we_ask(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "mnist.npz").write_bytes(b"content")
    datasets._downloads.download((tmp_path / "there" / "mnist.npz").as_uri(), "mnist.npz", tmp_path / "here")
    assert (tmp_path / "here" / "mnist.npz").read_bytes() == b"content"


# --- rebuild scripts ---


def test_the_shuffle_of_the_rebuild_scripts_is_fixed_for_ever(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "authoring" / "data"))
    import upstream as rebuild

    labels = np.arange(30) % 3
    order = rebuild.balanced_order(labels, "seed")
    assert sorted(order.tolist()) == list(range(30))
    assert (np.sort(labels[order].reshape(10, 3), axis=1) == np.arange(3)).all()
    assert order[:9].tolist() == [6, 5, 16, 29, 12, 19, 20, 13, 18]
    assert order.tolist() != rebuild.balanced_order(labels, "another seed").tolist()
