"""Own pictures, from folders and arrays, become a set like the clothes; what cannot is named with its remedy."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from made_pictures import clothes_in_a_folder, digits_in_folders
from PIL import Image, ImageOps

from course_lib import datasets
from course_lib.datasets import DataError, ImageDataset, own_pictures
from course_lib.datasets.picture_files import NoPicture, is_picture, read_picture

pytestmark = pytest.mark.lesson("08", "09")

SPLITS = datasets.SPLITS


def noise(seed, side=32, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (side, side)).astype(dtype)


def folder_of(folder, draw, count=200, ending=".png", start=0):
    """A folder of pictures drawn by a function of their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(start, start + count):
        draw(index).save(folder / f"p{index}{ending}")
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return digits_in_folders(tmp_path_factory.mktemp("own") / "digits", {"1": 100, "2": 120, "7": 60})


@pytest.fixture(scope="module")
def clothes(tmp_path_factory):
    return clothes_in_a_folder(tmp_path_factory.mktemp("own") / "clothes", 200)


def test_subfolders_are_classes_whatever_the_format(digits, capsys):
    own = own_pictures(digits)
    assert isinstance(own, ImageDataset) and own.class_names == ("1", "2", "7")
    counts = [np.bincount(getattr(own, f"{split}_labels"), minlength=3).tolist() for split in SPLITS]
    assert counts == [[75, 90, 45], [12, 15, 7], [13, 15, 8]]
    assert "280 pictures in" in capsys.readouterr().out
    from sklearn.neighbors import KNeighborsClassifier

    seven = KNeighborsClassifier(3).fit(own.flat("train"), own.train_labels)
    assert seven.score(own.flat("test"), own.test_labels) > 0.9  # each label belongs to its picture


def test_any_first_part_of_a_split_resembles_the_whole(digits):
    shares = np.bincount(own_pictures(digits).train_labels[:42], minlength=3) / 42
    assert np.abs(shares - np.array([75, 90, 45]) / 210).max() < 0.05


def test_without_subfolders_all_are_of_one_class(clothes):
    own = own_pictures(str(clothes))
    assert own.class_names == ("picture",) and set(own.train_labels) == {0}
    originals = {cloth.tobytes() for cloth in datasets.fashion_mnist().train[:200]}
    assert all(
        picture.tobytes() in originals for picture in own.train
    )  # the wide margins are cut away, and nothing else


def test_splits_follow_the_numbers_in_the_file_names_or_the_lot(tmp_path):
    def grey(index):
        return Image.fromarray(np.pad(np.full((26, 26), index, np.uint8), 1, constant_values=255))

    folder_of(tmp_path / "film", grey)
    own, drawn = own_pictures(tmp_path / "film"), own_pictures(tmp_path / "film", shuffle=True)
    assert [sorted(getattr(own, split)[:, 14, 14].tolist()) for split in SPLITS] == [
        list(range(150)),
        list(range(150, 175)),
        list(range(175, 200)),
    ]
    assert own.train[:, 14, 14].tolist() != sorted(own.train[:, 14, 14].tolist())
    assert max(drawn.train[:, 14, 14]) > 175
    again = own_pictures(tmp_path / "film", shuffle=True)
    assert np.array_equal(drawn.train, again.train)


def test_the_middle_is_cut_or_the_whole_is_kept(tmp_path, capsys):
    def wide(index):  # left third dark, middle noise, right third bright
        picture = np.zeros((28, 84), np.uint8)
        picture[:, 28:56], picture[:, 56:] = noise(index, 28), 200
        return Image.fromarray(picture)

    folder_of(tmp_path / "wide", wide)
    cut = own_pictures(tmp_path / "wide").train
    assert {p.tobytes() for p in cut} <= {noise(i, 28).tobytes() for i in range(200)}
    assert "200 were not square: the middle square was kept; fit='pad' keeps all." in capsys.readouterr().out
    padded = own_pictures(tmp_path / "wide", fit="pad").train
    assert (padded[:, :9] == 0).all() and (padded[:, -9:] == 0).all()  # a third as high as wide
    assert (padded[:, 14, :6] == 0).all() and (padded[:, 14, -6:] == 200).all()
    assert (own_pictures(tmp_path / "wide", fit="pad", background=90).train[:, :9] == 90).all()


def test_transparency_lies_on_the_ground_that_ends_black_or_is_told(tmp_path):
    def drawn(index):  # ink on nothing
        picture = np.zeros((28, 28, 4), np.uint8)
        picture[8:20, 8:20] = 100, 100, 100, 255
        picture[14, 14, :3] = index
        return Image.fromarray(picture)

    folder_of(tmp_path / "icons", drawn)
    corner = {name: own_pictures(tmp_path / "icons", **options).train[0, 0, 0] for name, options in {
        "plain": {}, "inverted": {"invert": True}, "told": {"background": 40}, "both": {"background": 40, "invert": True},
    }.items()}  # fmt: skip
    assert corner == {"plain": 0, "inverted": 0, "told": 40, "both": 215}


def test_dark_on_white_is_told_and_inverted(tmp_path, capsys):
    def paper(index):
        picture = np.full((28, 28), 255, np.uint8)
        picture[10:18, 10:18] = noise(index, 8) // 2
        return Image.fromarray(picture)

    folder_of(tmp_path / "ink", paper)
    own_pictures(tmp_path / "ink")
    assert "100% have bright borders" in (printed := capsys.readouterr().out) and "say invert=True" in printed
    assert (own_pictures(tmp_path / "ink", invert=True).train[:, 0] == 0).all()
    assert "bright borders" not in capsys.readouterr().out


@pytest.mark.parametrize("ending", [".png", ".tif", ".pgm"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, ending):
    def ramp(index):
        return Image.fromarray(np.tile(np.linspace(0, 20_000 + 50 * index, 28).astype(np.uint16), (28, 1)))

    own = own_pictures(folder_of(tmp_path / "deep", ramp, ending=ending))
    assert 38 < own.train.mean() < 60 and own.train.max() < 120


def test_floats_are_scaled_or_counted_under_their_name(tmp_path, capsys):
    def share(index):
        return Image.fromarray(np.random.default_rng(index).uniform(0, 1, (28, 28)).astype(np.float32))

    folder_of(tmp_path / "floats", share, ending=".tiff")
    folder_of(tmp_path / "floats", lambda i: Image.fromarray(-np.asarray(share(i))), 3, ".tiff", start=500)
    own = own_pictures(tmp_path / "floats")
    assert 120 < own.train.mean() < 135
    assert "Left out: 3 values without a known scale." in capsys.readouterr().out


def test_a_picture_is_turned_as_its_camera_noted(tmp_path):
    def turned(index):
        return Image.fromarray(noise(index, 28)).rotate(90)

    noted = Image.Exif()
    noted[0x0112] = 6  # "turn this by 90 degrees clockwise to see it upright"
    (tmp_path / "camera").mkdir()
    for index in range(200):
        turned(index).save(tmp_path / "camera" / f"{index}.png", exif=noted)
    upright = {noise(index, 28).tobytes() for index in range(200)}
    assert all(picture.tobytes() in upright for picture in own_pictures(tmp_path / "camera").train)


def test_other_endings_and_none_are_tried_and_what_is_no_picture_is_counted(tmp_path, capsys):
    folder = folder_of(tmp_path / "mixed", lambda i: Image.fromarray(noise(i)), 100)
    for index in range(100, 150):
        Image.fromarray(noise(index)).save(folder / f"p{index}.jfif", "JPEG")
    for index in range(150, 200):
        Image.fromarray(noise(index)).save(folder / f"subject{index}.happy", "GIF")
    for index in range(200, 204):
        Image.fromarray(noise(index)).save(folder / f"noending{index}", "PPM")
    (folder / "notes.txt").write_text("not a picture")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    (folder / "telephone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / ".hidden").write_text("")
    Image.new("L", (40, 40), 7).save(folder / "blank.png")
    own = own_pictures(folder)
    assert sum(len(getattr(own, split)) for split in SPLITS) == 204
    printed = capsys.readouterr().out
    assert "204 pictures" in printed
    for reason in ("1 not a picture", "2 unreadable", "1 of one colour"):
        assert reason in printed


COLOURS = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30, 4), np.uint8))


@pytest.mark.parametrize(
    ("ending", "mode"),
    [
        (ending, mode)
        for ending, modes in {
            ".png": ("1", "L", "LA", "P", "RGB", "RGBA"),
            ".TIF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"),
            ".webp": ("L", "RGB", "RGBA"),
            ".bmp": ("1", "L", "P", "RGB"),
            ".GIF": ("L", "P", "RGBA"),
            ".JPG": ("L", "RGB", "CMYK"),
        }.items()
        for mode in modes
    ],
)
def test_pictures_of_any_mode_are_read_as_pillow_shows_them(tmp_path, ending, mode):
    path = tmp_path / f"picture{ending}"
    COLOURS.convert("RGB" if mode in ("1", "P") else "RGBA").convert(mode).save(path)
    with Image.open(path) as file:
        expected = np.asarray(file.convert("RGB"))
    assert np.array_equal(np.asarray(read_picture(path).convert("RGB")), expected)
    on_white = np.asarray(read_picture(path, background=255).convert("RGB"))
    assert on_white.shape == expected.shape and on_white.mean() >= expected.mean() - 1


@pytest.mark.parametrize("turn", range(1, 9))
def test_all_eight_turns_of_a_camera_are_undone(tmp_path, turn):
    noted = Image.Exif()
    noted[0x0112] = turn
    COLOURS.convert("RGB").save(tmp_path / "a.png", exif=noted)
    deep = np.asarray(COLOURS.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "b.png", exif=noted)
    for name in ("a.png", "b.png"):
        with Image.open(tmp_path / name) as file:
            assert read_picture(tmp_path / name).size == ImageOps.exif_transpose(file).size
    upright = ImageOps.exif_transpose(Image.open(tmp_path / "a.png")).convert("L")
    assert np.abs(np.asarray(read_picture(tmp_path / "b.png")).astype(int) - np.asarray(upright)).max() <= 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.jpg", b"", "unreadable"),
        ("page.jpg", b"<!DOCTYPE html><html></html>", "unreadable"),
        ("lfs.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "unreadable"),
        ("phone.heic", b"\0\0\0\x18ftypheic", "unreadable"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not a picture"),
        ("notes", b"consent given on paper", "not a picture"),
        ("table.csv", b"1,2\n3,4\n", "not a picture"),
        ("drawing.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "not a picture"),
        ("archive.zip", b"PK\x05\x06" + bytes(18), "not a picture"),
    ],
)
def test_what_is_no_picture_has_its_reason(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NoPicture, match=rf"^{reason}$"):
        read_picture(tmp_path / name)
    assert is_picture(tmp_path / name) == (reason == "unreadable")


def test_a_truncated_picture_is_unreadable(tmp_path):
    COLOURS.save(tmp_path / "whole.png")
    for name in ("cut.png", "cut", "cut.happy"):
        (tmp_path / name).write_bytes((tmp_path / "whole.png").read_bytes()[:-900])
        with pytest.raises(NoPicture, match=r"^unreadable$"):
            read_picture(tmp_path / name)


def test_twins_are_told(tmp_path, capsys):
    own_pictures(folder_of(tmp_path / "twins", lambda i: Image.fromarray(noise(i % 190))))
    assert "10 are equal to another one, pixel by pixel" in capsys.readouterr().out


def test_arrays_of_any_scale_give_the_same_set(capsys):
    data = datasets.fashion_mnist()
    pictures, labels = data.train[:400], data.train_labels[:400]
    own = own_pictures(pictures, labels)
    words = [data.class_names[label] for label in labels]
    assert own_pictures(pictures, words).class_names == tuple(sorted(data.class_names))
    for other in (pictures / 255, pictures.astype(float), pictures.astype(np.uint16) * 257, pictures[..., None]):
        assert np.array_equal(own_pictures(other, labels).train, own.train)
    assert np.array_equal(own_pictures(np.stack([pictures] * 3, axis=-1), labels).train, own.train)
    assert own_pictures(pictures).class_names == ("picture",)
    assert "Split by row" in capsys.readouterr().out


ROOM = np.random.default_rng(0).uniform(0, 1, (300, 8, 8))


@pytest.mark.parametrize(
    ("source", "labels", "message"),
    [
        (ROOM.reshape(300, 64), None, r"got \(300, 64\)\. Flat rows become pictures by x\.reshape"),
        (np.zeros((300, 3, 8, 8)), None, r"channels come last here\. Say numpy\.moveaxis\(x, 1, -1\)"),
        (2 * ROOM - 1, None, r"run from -0\.99\d+ to 0\.99\d+.*\(x \+ 1\) / 2"),
        (np.where(ROOM > 0.99, np.nan, ROOM), None, "leave out pictures with NaN"),
        ((ROOM * 255).astype(np.uint16), None, r"If its values are of 8 bits, say x\.astype\('uint8'\)"),
        (ROOM, np.zeros(299), r"expected one for each of the 300 pictures, got shape \(299,\)"),
        (ROOM, np.arange(300) // 10, r"Too few pictures of 30 of the 30 classes.*At least 16 of each"),
        (ROOM[:150], None, "Found 150 pictures.*At least 200 are needed: .*lesson 08 fits 128 directions"),
        (ROOM.astype(str), None, "expected an array of numbers"),
        (1.02 * ROOM, None, r"run from .* to 1\.0.*what overshoots by x\.clip\(0, 1\)"),
        ((ROOM > 0.5).astype(np.uint8), None, r"If 1 is white, as in masks, say x\.astype\(bool\)"),
        (np.zeros((240, 320, 3), np.uint8), None, r"shape \(240, 320, 3\), that of one picture in colour"),
        (np.zeros((32, 32, 3, 500), np.uint8), None, r"Say numpy\.moveaxis\(x, -1, 0\)"),
        (list(ROOM), None, r"got list\. Pictures of one size become an array by numpy\.stack\(x\)"),
        (pd.DataFrame(ROOM[0]), None, r"got DataFrame\. Say numpy\.asarray\(x\)"),
        (ROOM, np.eye(3)[np.arange(300) % 3], r"got shape \(300, 3\)\. Of one-hot rows say labels\.argmax\(axis=1\)"),
        (ROOM, np.zeros((300, 1)), r"Say numpy\.ravel\(labels\)"),
        (ROOM, np.where(np.arange(300) % 3 == 1, np.nan, 0), "100 pictures have none, the first of them row 1"),
        (ROOM, ["cat", "dog", None] * 100, "100 pictures have none, the first of them row 2"),
        (ROOM.tolist(), None, "expects the path of a folder, or a NumPy array .* got list"),
    ],
)
def test_arrays_that_cannot_do_are_refused_with_the_remedy(source, labels, message):
    with pytest.raises(DataError, match=f"(?is){message}"):
        own_pictures(source, labels)


def test_the_remedies_for_arrays_work(tmp_path):
    masks = ROOM > 0.5
    assert np.array_equal(own_pictures(masks).train, own_pictures(masks * 255.0).train)
    assert own_pictures((1.02 * ROOM).clip(0, 1)).train.max() > 200
    assert own_pictures(ROOM, np.arange(300) % 3 + 0.0).class_names == ("0", "1", "2")
    np.savez(tmp_path / "set.npz", pictures=ROOM)
    with pytest.raises(DataError, match=r"own_pictures\(numpy\.load\('set\.npz'\)\['name of the array in it'\]\)"):
        own_pictures(tmp_path / "set.npz")
    with np.load(tmp_path / "set.npz") as loaded, pytest.raises(DataError, match=r"such as x\['pictures'\]"):
        own_pictures(loaded)


@pytest.mark.filterwarnings("error")
def test_what_is_not_taken_from_a_folder_is_told(tmp_path, capsys):
    for name in ("cat", "dog"):
        folder = folder_of(tmp_path / name, lambda i: Image.fromarray(noise(i)), 100)
        folder_of(folder / "more", lambda i: Image.fromarray(noise(i)), 3)
        pages = [Image.fromarray(noise(index)) for index in range(3)]
        pages[0].save(folder / "scan.tif", save_all=True, append_images=pages[1:])
    Image.fromarray(np.arange(9, dtype=np.float32).reshape(3, 3) / 4).save(tmp_path / "dog" / "light.tif")
    Image.new("1", (12_000, 9_000)).save(tmp_path / "dog" / "large.png")  # no warning of an attack
    own_pictures(tmp_path)
    printed = capsys.readouterr().out
    assert "Not looked into, as they lie deeper than a class: cat/more, dog/more." in printed
    assert "2 hold several pages or frames, of which the first was taken." in printed
    assert "1 values without a known scale" in printed and "1 of one colour" in printed


def test_folders_that_cannot_do_are_named_with_what_was_found(digits, clothes, tmp_path):
    def refused(message, *args, **options):
        with pytest.raises(DataError, match=f"(?s){message}"):
            own_pictures(*args, **options)

    refused(r"nowhere does not exist \(looked for in .*\)", tmp_path / "nowhere")
    (tmp_path / "a.zip").write_text("")
    refused(r"a\.zip is a file, not a folder.*unpacked", tmp_path / "a.zip")
    (tmp_path / "a.jpg").write_text("")
    refused(r"a\.jpg is a file, not a folder\. Give the folder in which the pictures lie", tmp_path / "a.jpg")
    for name in ("training_set", "test_set"):
        folder_of(tmp_path / "sets" / name, lambda i: Image.fromarray(noise(i)), 2)
    refused(r"test_set, training_set\) are named as splits", tmp_path / "sets")
    (tmp_path / "texts").mkdir()
    for name in ("a.txt", "b.txt", "c.csv", "README"):
        (tmp_path / "texts" / name).write_text("a,b\n1,2")
    refused(r"holds no pictures \(4 other files \(2 \.txt, 1 \.csv, 1 without ending\)\)", tmp_path / "texts")
    refused(r"holds no pictures.*subfolders: digits.*give one of them, such as .*digits", digits.parent)
    refused("labels= goes with an array", clothes, labels=[1])
    for name in ("train", "test"):
        folder_of(tmp_path / "kaggle" / name, lambda i: Image.fromarray(noise(i)), 2)
    refused(r"\(test, train\) are named as splits, not as classes", tmp_path / "kaggle")
    Image.fromarray(noise(0)).save(tmp_path / "kaggle" / "cover.jpg")
    refused(r"holds 1 pictures itself and more in subfolders \(test, train\)", tmp_path / "kaggle")
    digits_in_folders(tmp_path / "uneven", {"1": 200, "5": 9})
    refused(r"Too few pictures of 1 of the 2 classes in .*uneven: 5 9", tmp_path / "uneven")


def test_a_subfolder_without_pictures_is_no_class(tmp_path, capsys):
    digits_in_folders(tmp_path / "digits", {"1": 120, "2": 120})
    (tmp_path / "digits" / "notes").mkdir()
    assert own_pictures(tmp_path / "digits").class_names == ("1", "2")
    assert "No class, as no picture lies in it: notes." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fit": "stretch"}, r"fit: expected 'crop' .* got 'stretch'"),
        ({"background": 300}, "background: expected a grey value from 0 to 255, got 300"),
        ({"background": True}, "background: expected a grey value"),
    ],
)
def test_wrong_arguments_are_answered_with_what_exists(options, message):
    with pytest.raises(ValueError, match=message):
        own_pictures(ROOM, **options)


def test_the_full_sets_get_a_validation_split():
    data = datasets.digits()
    cut = data.with_validation(500)
    assert (
        repr(cut) == "ImageDataset('digits': 3,500 train / 500 validation / 1,000 test images of 28 x 28, 10 classes)"
    )
    assert np.array_equal(np.concatenate([cut.train, cut.validation]), data.train)
    assert np.array_equal(np.concatenate([cut.train_labels, cut.validation_labels]), data.train_labels)
    with pytest.raises(ValueError, match="has 500 validation images already"):
        cut.with_validation(10)
    for wrong in (0, 4_000):
        with pytest.raises(ValueError, match="expected 1 to 3,999"):
            data.with_validation(wrong)


TOLD_OF_CLOTHES = (
    "The prior draws many codes",
    "could be worn",
    "gains most from the mixture",
    "Similar, blurred",
    "Its samples are these",
    "takes d² most of the way",
)


@pytest.mark.parametrize(
    ("of_each", "whole"),
    [
        ({"1": 150, "2": 130, "7": 120}, False),
        pytest.param({"1": 150, "2": 130, "7": 120}, True, marks=pytest.mark.weekly),
        pytest.param({"1": 250, "3": 150}, False, marks=pytest.mark.weekly),
    ],
)
def test_lesson_09_runs_on_a_folder_of_classes(tmp_path, changed_lesson, of_each, whole):
    digits_in_folders(tmp_path / "digits", of_each)
    source = f"clothes = datasets.own_pictures({str(tmp_path / 'digits')!r}, shuffle=True)"
    changed_lesson("09", "clothes = datasets.fashion_mnist()", source, whole=whole)
    printed = changed_lesson.printed
    assert "400 pictures in" in printed and "From here on the numbers are those of your own data." in printed
    assert "shows things that nobody photographed" in printed or not whole
    assert re.search(r"VAE: mixture +\d+\.\d{3}$", printed, re.M)  # small distances keep their digits
    assert re.search(r"VAE, mixture +\d+\.\d\d \(1 is fair", printed)
    assert not [text for text in TOLD_OF_CLOTHES if text in printed]
    assert "The experiment says" not in printed.split("nats a new day")[0].split("validation nats")[0]
    assert "Your data say" in printed or "Your data leave it undecided" in printed
    if (
        whole
    ):  # electricity is the course's, whatever the pictures are: its sentences hold or do not, and are not left open
        assert re.search(r"^[✔✘] On the validation weeks", printed, re.M)


@pytest.mark.weekly
@pytest.mark.parametrize("of_each", [{"1": 150, "2": 130, "7": 120}, {"1": 250, "3": 150}])
def test_lesson_09_goes_deeper_on_a_folder_of_classes(tmp_path, changed_lesson, of_each):
    digits_in_folders(tmp_path / "digits", of_each)
    source = f"clothes = datasets.own_pictures({str(tmp_path / 'digits')!r}, shuffle=True)"
    changed_lesson("09", "clothes = datasets.fashion_mnist()", source, kind="deeper")
    printed = changed_lesson.printed
    assert re.search(r"the classifier names \d+.\d% of the validation pictures", printed)
    assert re.search(r"VAE: mixture +\d+\.\d{3} ", printed)
    assert not [text for text in TOLD_OF_CLOTHES if text in printed]
    assert f"Four samples of each class that was asked for. 4 rows of {len(of_each)} images" in printed


@pytest.mark.weekly
@pytest.mark.parametrize("kind", ["notebooks", "deeper"])
def test_lesson_09_runs_on_a_folder_without_classes(tmp_path, changed_lesson, kind):
    folder = clothes_in_a_folder(tmp_path / "clothes", 300)
    source = f"clothes = datasets.own_pictures({str(folder)!r})"
    changed_lesson("09", "clothes = datasets.fashion_mnist()", source, kind=kind)
    printed = changed_lesson.printed
    assert "picture 300" in printed and not [text for text in TOLD_OF_CLOTHES if text in printed]
    assert "the classifier names" not in printed and "the classifier sees" not in printed  # of one class says nothing
