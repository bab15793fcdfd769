"""The heads are what their data card says; the learner's own pictures become the same kind of data set, or say why not."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_pictures import photograph
from PIL import Image, features

from course_lib import datasets
from course_lib.datasets import DataError, HeadsDataset

SPLITS = ("train", "validation", "test")
COUNTS = {"train": 1_200, "validation": 100, "test": 200}


@pytest.fixture(scope="module")
def data():
    return datasets.heads()


def column(data, person, split, name):
    return data.parameters(person, split)[:, data.parameter_names.index(name)]


# --- what the embedded set holds ---


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("person", ["a", "b"])
def test_pictures_and_parameters_have_the_documented_sizes_and_types(data, person, split):
    pictures, table = data.pictures[person, split], data.parameters(person, split)
    assert pictures.shape == (COUNTS[split], 48, 48, 3) and pictures.dtype == np.uint8
    assert table.shape == (COUNTS[split], 14) and table.dtype == np.float32
    assert len(data.parameter_names) == len(data.parameter_units) == len(set(data.parameter_names)) == 14
    assert np.isfinite(table).all() and not pictures.flags.writeable and not table.flags.writeable
    assert pictures.reshape(len(pictures), -1).std(axis=1).min() > 20, "an empty picture"


def test_images_are_fresh_floats_between_zero_and_one(data):
    images = data.images("a", "test")
    assert images.dtype == np.float32 and 0 <= images.min() < 0.1 and 0.8 < images.max() <= 1
    assert np.array_equal(np.round(images * 255).astype(np.uint8), data.pictures["a", "test"])
    images[:] = 0.5  # the caller's own copy
    assert data.images("a", "test").std() > 0.1


def test_validation_and_test_are_pairs_and_train_is_not(data):
    for split in ("validation", "test"):
        assert np.array_equal(data.parameters("a", split), data.parameters("b", split))
        face_a, face_b = data.pairs(split)
        assert np.array_equal(face_a, data.images("a", split)) and np.array_equal(face_b, data.images("b", split))
    rows = {row.tobytes() for row in data.parameters("a", "train")}
    assert rows.isdisjoint(row.tobytes() for row in data.parameters("b", "train"))


def test_no_parameters_and_no_pictures_occur_in_two_splits(data):
    for person in ("a", "b"):
        tables = np.concatenate([data.parameters(person, split) for split in SPLITS])
        pictures = np.concatenate([data.pictures[person, split] for split in SPLITS])
        assert len({row.tobytes() for row in tables}) == len(tables)
        assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_both_people_were_drawn_from_the_same_distribution(data):
    a, b = data.parameters("a", "train"), data.parameters("b", "train")
    # Means of 1,200 draws each differ by 0.04 standard deviations in a typical column; 0.16 is four times that.
    assert np.abs((a.mean(axis=0) - b.mean(axis=0)) / a.std(axis=0)).max() < 0.16
    for name, limit in {"yaw": 30, "pitch": 15, "roll": 10, "gaze_x": 28, "gaze_y": 15, "light_azimuth": 40}.items():
        values = np.concatenate([column(data, person, "train", name) for person in "ab"])
        assert np.abs(values).max() <= limit and values.min() < -0.8 * limit and values.max() > 0.8 * limit
    for name in ("jaw_open", "smile", "frown", "pucker", "blink", "brow_raise", "brow_furrow"):
        values = column(data, "a", "train", name)
        assert values.min() == 0 and 0.7 < values.max() <= 1
    mouth = np.stack([column(data, "a", "train", name) for name in ("smile", "frown", "pucker")])
    assert ((mouth > 0).sum(axis=0) <= 1).all(), "one mouth shape at a time"


def test_the_parameters_belong_to_their_pictures(data):
    """A slip between pictures and rows would leave nothing for a linear regression on the pixels to find."""
    for person in ("a", "b"):
        train, test = (
            data.images(person, split)[:, ::2, ::2].reshape(COUNTS[split], -1) for split in ("train", "test")
        )
        mean = train.mean(axis=0)
        _, _, axes = np.linalg.svd(train - mean, full_matrices=False)
        train, test = ((part - mean) @ axes[:120].T for part in (train, test))
        for name in ("yaw", "pitch", "roll", "jaw_open", "light_azimuth"):
            wanted, truth = column(data, person, "train", name), column(data, person, "test", name)
            weights, *_ = np.linalg.lstsq(np.c_[train, np.ones(len(train))], wanted, rcond=None)
            error = np.c_[test, np.ones(len(test))] @ weights - truth
            assert 1 - error.var() / truth.var() > 0.4, (person, name)


def test_signs_are_as_documented(data):
    def middle(mask):  # where a row's person is, as a mean column
        columns = np.arange(48)
        return (mask * columns).sum(axis=(1, 2)) / mask.sum(axis=(1, 2))

    for person in ("a", "b"):
        images = data.images(person, "train")
        grey, drawn = images.mean(axis=-1), np.abs(images - images[:, 20:21, :1]).max(axis=-1) > 0.08
        skin = (images[..., 0] - images[..., 2] > 0.08) & (grey > 0.3)
        signs = {
            "light_azimuth": grey[:, 12:36, 30:].mean(axis=(1, 2)) - grey[:, 12:36, :18].mean(axis=(1, 2)),
            "yaw": middle(skin[:, 4:16]),  # the forehead, without the hair
            "roll": middle(drawn[:, :15]) - middle(drawn[:, 30:]),
            "pitch": grey[:, :6, 18:30].mean(axis=(1, 2)),  # looking down shows dark hair at the top
        }
        for name, measured in signs.items():
            assert np.corrcoef(column(data, person, "train", name), measured)[0, 1] > 0.4, (person, name)


def test_backgrounds_tell_nothing_about_the_person(data):
    """Both stand before the same flat colour: a corner that shows it is the same to a grey level or two."""
    corners = {person: data.pictures[person, "train"][:, 20, 0].astype(int) for person in ("a", "b")}
    medians = [np.median(values, axis=0) for values in corners.values()]
    assert np.abs(medians[0] - medians[1]).max() <= 2


def test_the_pixels_are_the_same_on_every_machine(data):
    found = {
        "pictures": np.concatenate([data.pictures[key] for key in datasets.HEADS_KEYS]),
        "parameters": np.concatenate([data.tables[key] for key in datasets.HEADS_KEYS]),
    }
    assert {key: hashlib.sha256(array.tobytes()).hexdigest() for key, array in found.items()} == {
        "pictures": "d93a924b9a0ff7bc83a1026f82ef863be2c7b832aedf8dff31128c9a772fe3af",
        "parameters": "06b8086a3e04e0452c54a2103babcb02670c58ba5bdaff60944aa5ddd509b76d",
    }


def test_loading_again_costs_nothing_and_nothing_can_be_written(data):
    assert datasets.heads() is data
    with pytest.raises(ValueError, match="read-only"):
        data.pictures["a", "train"][0, 0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.parameters("a", "train")[0, 0] = 1
    with pytest.raises(TypeError):
        data.pictures["a", "train"] = data.pictures["b", "train"]
    with pytest.raises(AttributeError):
        data.paired = False


def test_repr_is_one_line_of_counts(data):
    assert repr(data) == (
        "HeadsDataset('heads': a: 1,200 train / 100 validation / 200 test; "
        "b: 1,200 train / 100 validation / 200 test; 48 x 48 x 3, paired)"
    )


@pytest.mark.parametrize("method", ["images", "parameters"])
def test_wrong_arguments_are_answered_with_what_exists(data, method):
    with pytest.raises(ValueError, match="person: expected 'a' or 'b', got 'c'"):
        getattr(data, method)("c", "train")
    with pytest.raises(ValueError, match="split: expected one of 'train', 'validation', 'test', got 'valid'"):
        getattr(data, method)("a", "valid")


def test_train_has_no_pairs(data):
    with pytest.raises(ValueError, match="expected 'validation' or 'test', got 'train'"):
        data.pairs("train")
    with pytest.raises(ValueError, match="split: expected one of"):
        data.pairs("valid")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pictures, tables: pictures.pop(("b", "test")), r"expected the key \('b', 'test'\)"),
        (
            lambda pictures, tables: pictures.update({("a", "train"): np.zeros((2, 48, 48, 3), np.float32)}),
            r"pictures of a, train: expected uint8 of shape \(n, 48, 48, 3\), got float32",
        ),
        (
            lambda pictures, tables: tables.update({("a", "train"): np.zeros((3, 1), np.float32)}),
            r"tables of a, train: expected float32 of shape \(2, 1\), got float32 of shape \(3, 1\)",
        ),
    ],
)
def test_a_set_of_wrong_arrays_is_refused_by_name(change, message):
    pictures = {key: np.zeros((2, 48, 48, 3), np.uint8) for key in datasets.HEADS_KEYS}
    tables = {key: np.zeros((2, 1), np.float32) for key in datasets.HEADS_KEYS}
    change(pictures, tables)
    with pytest.raises(ValueError, match=message):
        HeadsDataset("mine", pictures, tables, ("yaw",), ("degrees",), True, {})


@pytest.mark.parametrize("name", ["heads.png", "heads_parameters.npy"])
def test_a_missing_or_damaged_file_is_named_with_the_way_back(tmp_path, monkeypatch, name):
    folder = tmp_path / "data"
    folder.mkdir()
    for each in ("heads.png", "heads_parameters.npy"):
        shutil.copy(datasets.DATA_FOLDER / each, folder)
    monkeypatch.setattr(datasets._files, "DATA_FOLDER", folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises(DataError, match="is damaged") as caught:
        datasets.heads()
    assert f"git checkout -- course_lib/data/{name}" in str(caught.value)
    (folder / name).unlink()
    with pytest.raises(DataError, match="is missing"):
        datasets.heads()


def test_importing_and_loading_needs_neither_keras_nor_scikit_image():
    program = (
        "import sys; from course_lib import datasets; datasets.heads(); "
        "print([m for m in ('keras', 'tensorflow', 'skimage', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- pictures of one's own ---


def frontal(data, person, count):
    """Pictures in which the face looks at the camera, as in most photographs."""
    turned = np.abs(column(data, person, "train", "yaw")) + np.abs(column(data, person, "train", "pitch"))
    turned += 2 * np.abs(column(data, person, "train", "roll")) + 20 * column(data, person, "train", "blink")
    return data.pictures[person, "train"][np.argsort(turned)[:count]]


@pytest.fixture(scope="module")
def folders(data, tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    for person in ("a", "b"):
        (root / person).mkdir()
        for index, face in enumerate(frontal(data, person, 60)):
            photograph(face, seed=index).save(root / person / f"frame{index}.png")
    rejects = root / "a"
    photograph(frontal(data, "a", 1)[0], faces=2).save(rejects / "two.jpg")
    Image.new("RGB", (200, 150), (90, 120, 90)).save(rejects / "meadow.jpg")
    (rejects / "broken.jpeg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    (rejects / "telephone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (rejects / "notes.txt").write_text("consent given on paper")
    (rejects / ".hidden").write_text("")
    (rejects / "deeper").mkdir()
    return root


@pytest.fixture(scope="module")
def own(folders):
    return datasets.heads_from_folders(folders / "a", str(folders / "b"))


def test_own_pictures_become_the_same_kind_of_set(own):
    assert isinstance(own, HeadsDataset) and not own.paired and own.parameter_names == ()
    for person in ("a", "b"):
        counts = [len(own.pictures[person, split]) for split in SPLITS]
        assert 50 <= sum(counts) <= 60
        assert counts[0] == round(0.8 * sum(counts)) and counts[1] + counts[2] == sum(counts) - counts[0]
        images = own.images(person, "train")
        assert images.shape == (counts[0], 48, 48, 3) and images.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1


def test_files_without_a_face_are_counted_by_reason(own, folders, capsys):
    rejected = own.rejected["a"]
    assert rejected["not a picture"] == 1  # hidden files and folders are nobody's mistake
    assert rejected["unreadable"] == 2
    assert rejected["several faces"] >= 1 and rejected["no face"] >= 1
    assert sum(rejected.values()) + sum(len(own.pictures["a", split]) for split in SPLITS) == 60 + 5
    datasets.heads_from_folders(folders / "b", folders / "a")
    printed = capsys.readouterr().out
    assert f"Person b: {60 - sum(rejected.values()) + 5} faces in {folders / 'a'}" in printed
    assert "2 unreadable" in printed and "1 not a picture" in printed


def test_the_cut_is_like_that_of_the_rendered_heads(own, data):
    """The same face before and after: cut out of a larger picture it must lie where it lay, to within two pixels."""
    before = frontal(data, "b", 60).astype(float).mean(axis=0)
    after = np.concatenate([own.pictures["b", split] for split in SPLITS]).astype(float).mean(axis=0)
    shifts = {
        (down, right): np.corrcoef(
            before[6:-6, 6:-6].ravel(), np.roll(after, (down, right), axis=(0, 1))[6:-6, 6:-6].ravel()
        )[0, 1]
        for down in range(-5, 6)
        for right in range(-5, 6)
    }
    best = max(shifts, key=shifts.get)
    assert max(map(abs, best)) <= 2 and shifts[best] > 0.85, (best, shifts[best])


def test_splits_follow_the_numbers_in_the_file_names(tmp_path, monkeypatch):
    """frame2 comes before frame10, so that neighbouring frames of a film stay in one split."""
    for person, grey in (("a", 0), ("b", 100)):
        (tmp_path / person).mkdir()
        for index in range(60):
            Image.new("RGB", (48, 48), (grey + index,) * 3).save(tmp_path / person / f"frame{index}.png")
    monkeypatch.setattr(datasets.own_faces, "_face_boxes", lambda picture, detector: [(24.0, 24.0, 30.0)])
    own = datasets.heads_from_folders(tmp_path / "a", tmp_path / "b")
    assert own.pictures["a", "train"][:, 0, 0, 0].tolist() == list(range(48))
    assert own.pictures["a", "validation"][:, 0, 0, 0].tolist() == list(range(48, 54))
    assert own.pictures["b", "test"][:, 0, 0, 0].tolist() == list(range(154, 160))


def test_a_picture_is_turned_as_its_camera_noted(folders, own, tmp_path):
    for person in ("a", "b"):
        (tmp_path / person).mkdir()
        for path in sorted((folders / person).glob("frame*.png")):
            upright = Image.open(path)
            noted = Image.Exif()
            noted[0x0112] = 6  # "turn this by 90 degrees clockwise to see it upright"
            upright.rotate(90, expand=True).save(tmp_path / person / path.name, exif=noted)
    turned = datasets.heads_from_folders(tmp_path / "a", tmp_path / "b")
    for key in datasets.HEADS_KEYS:
        assert np.array_equal(turned.pictures[key], own.pictures[key])


def test_parameters_and_pairs_of_own_pictures_are_refused_with_the_reason(own):
    with pytest.raises(ValueError, match=r"only heads\(\) was drawn from known parameters"):
        own.parameters("a", "train")
    with pytest.raises(ValueError, match=r"only heads\(\) knows the true picture"):
        own.pairs("test")
    with pytest.raises(ValueError, match="person: expected 'a' or 'b', got 'A'"):
        own.parameters("A", "train")


def test_folders_that_cannot_do_are_named(folders, tmp_path):
    with pytest.raises(DataError, match=r"folder for person b does not exist.*nowhere"):
        datasets.heads_from_folders(folders / "a", tmp_path / "nowhere")
    with pytest.raises(
        DataError, match=r"Person b: .*people\.zip is a file, not a folder\. An archive has to be unpacked"
    ):
        (tmp_path / "people.zip").write_text("")
        datasets.heads_from_folders(folders / "a", tmp_path / "people.zip")
    with pytest.raises(DataError, match=r"Person a: expected the path of a folder of pictures, got ndarray"):
        datasets.heads_from_folders(np.zeros((3, 48, 48)), folders / "b")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing here")
    with pytest.raises(DataError, match=r"holds no pictures \(1 other files \(1 \.txt\)\)"):
        datasets.heads_from_folders(tmp_path / "empty", folders / "a")
    with pytest.raises(ValueError, match="expected the folder of another person"):
        datasets.heads_from_folders(folders / "a", folders / "b" / ".." / "a")
    (tmp_path / "few").mkdir()
    for path in list((folders / "b").glob("*.png"))[:3]:
        shutil.copy(path, tmp_path / "few")
    with pytest.raises(DataError, match=r"Person a: expected at least 50 faces in .*few, found") as caught:
        datasets.heads_from_folders(tmp_path / "few", folders / "b")
    assert "What helps" in str(caught.value)


def saved(folder, name, array, kind=None):
    folder.mkdir(exist_ok=True)
    Image.fromarray(array).save(folder / name, kind)
    return folder / name


@pytest.fixture
def found(monkeypatch):
    """What heads_from_folders makes of two folders if each picture holds one face in its middle."""
    monkeypatch.setattr(datasets.own_faces, "_face_boxes", lambda picture, detector: [(24.0, 24.0, 30.0)])

    def read(root):
        for index in range(60):
            saved(root / "b", f"{index}.png", np.full((48, 48), index, np.uint8))
        return datasets.heads_from_folders(root / "a", root / "b")

    return read


@pytest.mark.parametrize(
    ("ending", "kind"),
    [(".jfif", "JPEG"), (".avif", "AVIF"), (".pgm", "PPM"), (".happy", "GIF"), ("", "PNG"), (".ppm", "PPM")],
)
def test_pictures_count_whatever_they_are_called(tmp_path, found, ending, kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    for index in range(60):
        saved(tmp_path / "a", f"subject{index}{ending}", np.full((48, 48), 2 * index, np.uint8), kind)
    (tmp_path / "a" / "notes.txt").write_text("consent given on paper")
    own = found(tmp_path)
    assert np.abs(own.pictures["a", "train"][:, 24, 24, 0].astype(int) - 2 * np.arange(48)).max() <= 2
    assert own.rejected["a"]["not a picture"] == 1 and sum(own.rejected["a"].values()) == 1


@pytest.mark.parametrize("ending", [".png", ".tif", ".pgm"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, found, ending):
    ramp = np.tile(np.linspace(0, 20_000, 48).astype(np.uint16), (48, 1))
    for index in range(60):
        saved(tmp_path / "a", f"{index}{ending}", ramp)
    assert abs(found(tmp_path).images("a", "train").mean() * 255 - 39) < 2


def test_floats_are_scaled_or_counted_under_their_name(tmp_path, found):
    ramp = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (48, 1))
    for index in range(60):
        saved(tmp_path / "a", f"{index}.tif", ramp)
    saved(tmp_path / "a", "odd.tif", ramp - 2)
    own = found(tmp_path)
    assert abs(own.images("a", "train").mean() - 0.5) < 0.03
    assert own.rejected["a"]["values without a known scale"] == 1


def test_the_folder_above_the_people_is_told_from_theirs(folders):
    with pytest.raises(DataError, match=r"holds no pictures \(0 other files; subfolders: a, b\)") as caught:
        datasets.heads_from_folders(folders, folders / "b")
    assert f"Give the folder of one person, such as {folders / 'a'}." in str(caught.value)


def test_a_real_photograph_gives_one_face():
    from skimage import data as samples
    from skimage.feature import Cascade

    picture = Image.fromarray(samples.astronaut())
    boxes = datasets.own_faces._face_boxes(picture, Cascade(samples.lbp_frontal_face_cascade_filename()))
    assert len(boxes) == 1
    column_, row, width = boxes[0]
    assert abs(column_ - 222) < 15 and abs(row - 122) < 20 and 70 < width < 140
    assert datasets.own_faces._cut_face(picture, boxes[0]).shape == (48, 48, 3)


def test_a_face_at_the_border_is_filled_up_with_the_border():
    picture = Image.new("RGB", (60, 40), (10, 20, 30))
    assert (datasets.own_faces._cut_face(picture, (0.0, 0.0, 30.0)) == (10, 20, 30)).all()


def test_the_smallest_pictures_are_no_mistake():
    from skimage import data as samples
    from skimage.feature import Cascade

    detector = Cascade(samples.lbp_frontal_face_cascade_filename())
    for size in ((1, 1), (24, 24), (30, 4), (25, 3000)):
        assert datasets.own_faces._face_boxes(Image.new("RGB", size), detector) == []


@pytest.mark.lesson("06")
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.weekly)])
def test_the_lesson_runs_on_two_folders_of_pictures(folders, changed_lesson, whole):
    of_ours = 'faces = datasets.heads()  # with consent: faces = own_pictures("folder of A", "folder of B")'
    people = ", ".join(repr(str(folders / person)) for person in ("a", "b"))
    made = changed_lesson(
        "06", of_ours, f"input = lambda question: 'both agreed'\nfaces = own_pictures({people})", whole=whole
    )
    printed = changed_lesson.printed
    assert "From here on the numbers are those of your own data." in printed and "not paired" in printed
    # Without the true picture of a swap no question and no claim can be decided.
    for question in ("B, turned and lit like A: ", "like the mean face or worse: ", "about a decibel: "):
        assert re.search(rf"undecided:(\n  .*)*\n  {question}.*nan", printed), question
    claimed = re.findall(r"^\? (.*): undecided on your own data: .*nan", printed, re.M)
    assert len(claimed) >= 6 and set(claimed) <= set(made)
    assert "The experiment says" not in printed and "Your data say" not in printed and "✔" not in printed
    # Neither a caption nor a line tells what was found on other heads.
    for told in ("copies well", "lit like A, ", "a ruin", "stays below PCA", "200 test pairs"):
        assert told not in printed, told
    if whole:  # the first figure shows the course's pair, whatever the pictures are, and says so
        assert "[figure] The course's heads." in printed


# --- the rebuild script ---


def test_the_parameters_can_be_drawn_again_without_the_head_model(data, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "authoring" / "data"))
    import build_heads

    for person, split in (("a", "train"), ("b", "train"), ("b", "validation"), ("a", "test")):
        assert np.array_equal(build_heads.parameter_table(person, split), data.parameters(person, split))
