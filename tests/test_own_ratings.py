"""Ratings, plays and purchases of one's own: what is read, what is refused with advice, what memory is said, and lesson 10 on them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from course_lib import _memory, datasets, recommend
from course_lib.datasets import DataError, MovieRatings, own_ratings
from tests import made_ratings

pytestmark = pytest.mark.lesson("10")

COLUMNS = {"user": "user", "item": "item", "value": "rating"}


def table(*rows, columns=("user", "item", "rating")):
    return pd.DataFrame(list(rows), columns=list(columns))


def small(**other):
    """A table of 100 ratings by 10 users of 10 items, and what is changed in it: column -> values by row."""
    frame = table(*((f"u{k % 10}", f"i{k // 10}", 1.0 + (k + k // 10) % 5) for k in range(100)))
    for column, values in other.items():
        for row, value in values.items():
            frame[column] = frame[column].astype(object)
            frame.loc[row, column] = value
    return frame.infer_objects()


# --- the long table by itself ---


def long_table(**other):
    fields = {"users": [0, 0], "films": [1, 0], "stars": [3, 4], "titles": ("A", "B"), "n_users": 1}
    return MovieRatings("mine", **{**fields, **other})


def test_a_long_table_may_be_lists_without_times_genres_or_ids():
    ratings = long_table()
    assert ratings.timestamps is None and ratings.genres == ("", "") and ratings.film_ids.tolist() == [0, 1]
    assert ratings.matrix.toarray().tolist() == [[4.0, 3.0]] and ratings.users.dtype == np.int64
    dates = np.array(["1970-01-02", "1970-01-01"], "datetime64[D]")
    assert long_table(timestamps=dates).timestamps.tolist() == [86_400, 0]


@pytest.mark.parametrize(
    "field, wrong, message",
    [
        ("films", [1, 1], r"rows 0 and 1 \(counted from 0\) both hold user 0 and film 1, with 3 and 4"),
        ("stars", [3, np.nan], r"stars: expected a number in each row, got nan in row 1"),
        ("stars", ["a", "b"], r"stars: expected numbers, got \['a', 'b'\]"),
        ("users", ["a", "b"], r"got 'a'\. Number them first: ids, users = np\.unique\(users, return_inverse=True\)"),
        ("users", [1, 1], r"expected numbers from 0 to 0, got 1 to 1\. They count from 1: subtract 1 \(users - 1\)"),
        ("films", [1, 2], r"subtract 1 \(films - 1\)"),
        ("films", [0, 5], r"expected numbers from 0 to 1, got 0 to 5$"),
        ("users", [0, 0.5], r"whole numbers from 0, got 0\.5 in row 1"),
        ("users", [None, 0], r"expected numbers from 0, got None"),
        ("users", [True, False], r"whole numbers from 0, got bool"),
        ("timestamps", [0, np.nan], r"the one in row 1 .* is missing"),
        ("timestamps", ["x", "y"], r"expected seconds since 1970 or datetime64"),
        ("timestamps", [0], r"timestamps: expected shape \(2,\), got \(1,\)"),
        ("user_ids", ["a", "b"], r"user_ids: expected one a user, 1, got 2"),
    ],
)
def test_a_long_table_names_the_row_that_is_wrong(field, wrong, message):
    with pytest.raises(ValueError, match=message):
        long_table(**{field: wrong})


# --- forms met in the wild ---


def test_movielens_is_read_with_its_titles(tmp_path):
    ratings_csv, movies_csv = made_ratings.movielens(tmp_path)
    rows, titles = made_ratings.some_movie_ratings(60, 90)
    ratings = own_ratings(
        ratings_csv, user="userId", item="movieId", value="rating", time="timestamp", titles=movies_csv, liked_from=4
    )
    read = {
        (int(ratings.user_ids[u]), int(ratings.film_ids[f]), float(s), int(t))
        for u, f, s, t in zip(ratings.users, ratings.films, ratings.stars, ratings.timestamps, strict=True)
    }
    assert read == set(rows) and len(ratings.stars) == len(rows)
    assert dict(zip(ratings.film_ids.tolist(), ratings.titles, strict=True)) == titles
    assert ratings.liked_from == 4 and not ratings.counts and "60 users of 90 items" in repr(ratings)
    assert (np.diff(ratings.users * 90 + ratings.films) > 0).all()


def test_the_oldest_movielens_is_read_by_numbers_of_columns(tmp_path):
    data, item = made_ratings.movielens_100k(tmp_path)
    ratings = own_ratings(data, user=0, item=1, value=2, time=3, titles=item, title_id=0, title=1)
    assert ratings.n_users == 30 and len(ratings.titles) == 40 and set(np.unique(ratings.stars)) <= {1, 2, 3, 4, 5}
    assert "Toy Story (1995)" in ratings.titles and ratings.liked_from is None


def test_plays_are_counted_and_each_pair_is_a_like_unless_told(tmp_path):
    drawn = made_ratings.drawn_plays(80, 90)
    ratings = own_ratings(made_ratings.plays(tmp_path / "plays.tsv"), user=0, item=1, plays=2)
    read = {
        (ratings.user_ids[u], ratings.titles[f], int(n))
        for u, f, n in zip(ratings.users, ratings.films, ratings.stars, strict=True)
    }
    assert read == set(drawn) and ratings.counts and ratings.unit == "plays"
    data = recommend.like_matrix(ratings, at_least=2)
    assert data.counts and np.array_equal(data.liked, ~np.isnan(data.stars))
    often = recommend.like_matrix(ratings, stars=20, at_least=2)
    assert 0 < often.liked.sum() < data.liked.sum() and often.liked_from == 20


def test_a_log_of_purchases_counts_each_pair(tmp_path):
    path = made_ratings.purchases(tmp_path / "log.csv")
    log = pd.read_csv(path, sep=";")
    ratings = own_ratings(path, user="customer", item="product", time="date")
    assert ratings.stars.sum() == len(log) and len(ratings.stars) == len(log[["customer", "product"]].drop_duplicates())
    assert ratings.counts and ratings.unit == "events" and ratings.liked_from == 1
    last = pd.to_datetime(log.groupby(["customer", "product"])["date"].max()).astype("int64")
    assert len(last) == len(ratings.timestamps) and ratings.timestamps.min() > 1_700_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_and_encodings_are_those_of_the_shared_reader(tmp_path, encoding, separator):
    frame = small(item={0: "Käse"})
    frame.to_csv(tmp_path / "r.csv", sep=separator, index=False, encoding=encoding)
    assert "Käse" in own_ratings(tmp_path / "r.csv", **COLUMNS).titles


def test_ids_of_any_kind_keep_what_tells_them_apart(tmp_path):
    ids = ["0012", "12", "90071992547409931", "90071992547409932"]
    rows = [(user, item, 1 + (k + j) % 5) for k, user in enumerate(ids) for j, item in enumerate("abc")]
    path = tmp_path / "r.csv"
    table(*rows).to_csv(path, index=False)
    for source in (path, table(*rows)):
        assert sorted(own_ratings(source, **COLUMNS).user_ids.tolist()) == sorted(ids)
    frame = small()
    frame["item"] = [
        float(k) for k in range(10) for _ in range(10)
    ]  # as pandas makes of numbers in a column with a hole
    named = own_ratings(frame, **COLUMNS, titles={0: "nought", 4.0: "four"})
    assert named.titles[:5] == ("nought", "item 1", "item 2", "item 3", "four")
    big = small()
    big["user"] = [2.0**60 + 1000 * (k % 10) for k in range(100)]
    with pytest.raises(DataError, match=r"more digits than they keep.*dtype=str"):
        own_ratings(big, **COLUMNS)


def test_numbers_are_sorted_as_numbers_and_titles_are_each_another():
    frame = small()
    frame["item"] = [10 - k // 10 for k in range(100)]
    ratings = own_ratings(frame, **COLUMNS, titles={10: "Solaris", 9: "Solaris", 8: "Stalker"})
    assert ratings.film_ids.tolist() == list(range(1, 11))
    assert ratings.titles[6:] == ("item 7", "Stalker", "Solaris", "Solaris [10]")


def test_a_scale_below_zero_is_read():
    frame = small()
    frame["rating"] = np.linspace(-9.5, 9.5, 100)[np.arange(100) * 7 % 100]
    ratings = own_ratings(frame, **COLUMNS, liked_from=-2)
    assert ratings.stars.min() == -9.5
    data = recommend.like_matrix(ratings, at_least=1)
    assert data.stars.min() < 0 and np.isfinite(data.stars).all() and data.liked.sum() == (frame.rating >= -2).sum()


# --- repeated pairs, holes, zeros ---


@pytest.mark.parametrize(
    "repeats, time, expected", [("last", None, 5), ("last", "t", 1), ("mean", None, 3), ("sum", None, 6)]
)
def test_repeated_pairs_count_as_told(repeats, time, expected):
    frame = table(("a", "x", 1.0, 9), ("b", "x", 2.0, 2), ("a", "x", 5.0, 3), columns=("user", "item", "rating", "t"))
    ratings = own_ratings(frame, **COLUMNS, repeats=repeats, time=time)
    assert ratings.stars.tolist() == [expected, 2]


def test_repeated_ratings_are_refused_with_their_lines(tmp_path):
    frame = pd.concat([small(), small().iloc[[3]]])
    frame.to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(DataError, match=r"rows 5 and 102: user u3 and item i0 come twice.*repeats=\"last\""):
        own_ratings(tmp_path / "r.csv", **COLUMNS)


@pytest.mark.parametrize("column, role", [("user", "user"), ("item", "item"), ("rating", "value")])
def test_a_hole_is_named_or_left_out(tmp_path, column, role):
    frame = small(**{column: {7: None}})
    frame.to_csv(tmp_path / "r.csv", index=False)
    for source, row in ((frame, 7), (tmp_path / "r.csv", 9)):
        with pytest.raises(
            DataError, match=rf"row {row}: the {role} in column \d \('{column}'\) is missing.*leave out"
        ):
            own_ratings(source, **COLUMNS)
        assert len(own_ratings(source, **COLUMNS, holes="leave out").stars) == 99


@pytest.mark.parametrize("odd", [0, -1, -999, 99])
def test_a_value_that_may_stand_for_not_rated_is_asked_about(odd):
    frame = small(rating={3: odd, 7: odd})
    with pytest.raises(DataError, match=rf"'rating'\) holds {odd} in 2 rows \(the first: row 3\).*missing=\[{odd}\]"):
        own_ratings(frame, **COLUMNS)
    assert len(own_ratings(frame, **COLUMNS, missing=[odd], holes="leave out").stars) == 98
    assert odd in own_ratings(frame, **COLUMNS, keep=["rating"]).stars
    with pytest.raises(DataError, match=r"the value in column 3 .* is missing, and so in 1 more"):
        own_ratings(frame, **COLUMNS, missing=[odd])


# --- what is refused ---


def test_columns_must_be_named_and_are_listed(tmp_path):
    ratings_csv, _ = made_ratings.movielens(tmp_path)
    with pytest.raises(
        DataError, match=r"own_ratings\(…, user='userId', item='movieId', value='rating'.*'timestamp' \("
    ):
        own_ratings(ratings_csv)
    data, item = made_ratings.movielens_100k(tmp_path)
    with pytest.raises(DataError, match=r"user=…, item=….*columns are 0 \(.*; 1 \("):
        own_ratings(data)
    with pytest.raises(DataError, match=r"u\.item: say which column holds the ids of the items: title_id="):
        own_ratings(data, user=0, item=1, value=2, titles=item)
    with pytest.raises(DataError, match=r"u\.item: say which column holds the titles: title="):
        own_ratings(data, user=0, item=1, value=2, titles=item, title_id=0)
    with pytest.raises(DataError, match="there is no column 'film', which item= asks for"):
        own_ratings(ratings_csv, user="userId", item="film")


def test_a_column_of_ratings_is_not_passed_over(tmp_path):
    with pytest.raises(DataError, match=r"value='rating' if they are ratings.*drop=\['rating'\]"):
        own_ratings(small(), user="user", item="item")
    assert own_ratings(small(), user="user", item="item", drop=["rating"]).counts
    with pytest.raises(DataError, match=r"column 3 holds numbers from 1 to 5.*value=2"):
        own_ratings(made_ratings.movielens_100k(tmp_path)[0], user=0, item=1)


NOT_RATINGS = {
    "times": (1_700_000_000 + np.arange(100), r"as times do: say time='rating'"),
    "counts": ((1 + np.arange(100)) ** 3, r"as numbers of plays do: say plays='rating'"),
    "constant": (np.ones(100), r"holds 1 in every row.*Leave value= out"),
    "words": (["good"] * 100, r"row 0: expected a number in column 3 \('rating'\), found 'good'"),
}


@pytest.mark.parametrize("kind", NOT_RATINGS)
def test_what_is_no_rating_is_refused(kind):
    values, message = NOT_RATINGS[kind]
    with pytest.raises(DataError, match=message):
        own_ratings(small().assign(rating=values), **COLUMNS)


@pytest.mark.parametrize(
    "columns, message",
    [
        ({"user": "n"}, r"column 4 \('n'\) holds something else in each of 100 rows, as a row number does"),
        ({"item": "n"}, r"column 4 \('n'\) holds something else in each of 100 rows"),
        ({"user": "day"}, r"column 5 \('day'\) looks like times, and user= asks"),
        ({"item": "rating", "value": None}, r"column 3 \('rating'\) looks like ratings or plays"),
        ({"item": "share"}, r"row 1: column 6 \('share'\) holds 0\.5, as ratings or measurements do"),
        ({"item": "user"}, r"column 1 \('user'\) cannot be both (user|item)= and"),
        ({"plays": "rating"}, r"value= is a rating, plays= a number of times"),
        ({"repeats": "first"}, r"repeats='first': expected one of"),
        ({"holes": "last"}, r"holes='last': expected one of 'refuse', 'leave out' for ratings"),
        ({"liked_from": 9}, r"liked_from=9: nothing is liked, as the largest value is 5"),
        (
            {"titles": {"x": "X"}},
            r"none of the 10 items is in it\. Items have ids such as i0, i1, i2; there the ids are such as x",
        ),
    ],
)
def test_columns_and_arguments_that_cannot_be_meant_are_refused(columns, message):
    frame = small().assign(
        n=range(100), day=[f"2024-01-0{1 + k % 8}" for k in range(100)], share=[k % 8 / 2 for k in range(100)]
    )
    with pytest.raises(DataError, match=message):
        own_ratings(frame, **{**COLUMNS, **columns})


@pytest.mark.parametrize("odd, message", [(0, "0 plays is no play"), (-2, "Returned goods are no purchases")])
def test_a_number_of_plays_is_positive(odd, message):
    frame = small(rating={5: odd})
    options = {"user": "user", "item": "item", "plays": "rating"}
    for keep in ([], ["rating"]):
        with pytest.raises(DataError, match=rf"row 5: .*holds {odd}.*{message}.*missing=\[{odd}\]"):
            own_ratings(frame, **options, keep=keep)
    assert len(own_ratings(frame, **options, missing=[odd], holes="leave out").stars) == 99


# --- what counts as a like ---


def test_what_counts_as_a_like_must_be_said():
    ratings = own_ratings(small(), **COLUMNS)
    with pytest.raises(
        ValueError, match=r"go from 1 to 5, half of them are 3 or more: say .* stars=3 here, or liked_from=3"
    ):
        recommend.like_matrix(ratings)
    assert recommend.like_matrix(ratings, stars=2, at_least=1).liked_from == 2
    said = own_ratings(small(), **COLUMNS, liked_from=5)
    assert recommend.like_matrix(said, at_least=1).liked.sum() == 20


def test_too_little_is_refused_with_a_number_that_would_do():
    ratings = datasets.movie_ratings()
    with pytest.raises(ValueError, match=r"no user and film have 300 likes.*With at_least=(\d+) there are") as caught:
        recommend.like_matrix(ratings, at_least=300)
    enough = int(str(caught.value).split("at_least=")[1].split()[0])
    assert min(recommend.like_matrix(ratings, at_least=enough).liked.shape) >= 10
    with pytest.raises(ValueError, match="too small to learn from"):
        recommend.like_matrix(own_ratings(small().iloc[:90], **COLUMNS, liked_from=1), at_least=2)  # nine items


def test_only_the_most_liked_films_are_kept_where_asked():
    ratings = datasets.movie_ratings()
    everything = recommend.like_matrix(ratings, at_least=10)
    few = recommend.like_matrix(ratings, at_least=10, most_liked=40)
    likes = np.bincount(ratings.films[ratings.stars >= 4], minlength=len(ratings.titles))
    assert len(few.films) == 40 and likes[few.films].min() >= np.delete(likes, few.films).max()
    assert set(few.films) <= set(everything.films)
    with pytest.raises(ValueError, match="most_liked must be at least 1"):
        recommend.like_matrix(ratings, most_liked=0)


def test_a_film_is_found_or_another_is_taken_instead():
    data = recommend.like_matrix(datasets.movie_ratings(), at_least=10)
    assert data.titles[data.find("no such film", otherwise=0)] == "Shawshank Redemption, The (1994)"
    by_likes = np.sort(data.liked.sum(axis=0))[::-1]
    assert data.liked[:, data.find("no such film", otherwise=5)].sum() == by_likes[5]
    assert data.find("alien (1979)", otherwise=0) == data.find("alien (1979)")


# --- memory ---


def test_memory_is_said_before_it_is_taken(monkeypatch):
    ratings = datasets.movie_ratings()
    data = recommend.like_matrix(ratings, at_least=10)
    assert "takes 3.6 MiB, and EASE on it needs 38.1 MiB" in repr(data)
    monkeypatch.setattr(_memory, "machine", lambda: 3 * 2**20)
    with pytest.raises(
        MemoryError, match=r"607 users and 1,255 films: needs 3\.6 MiB.*has 3\.0 MiB.*most_liked=(\d+)"
    ) as caught:
        recommend.like_matrix(ratings, at_least=10)
    fewer = int(str(caught.value).split("most_liked=")[1].split()[0])
    assert recommend.like_matrix(ratings, at_least=10, most_liked=fewer).liked.shape[1] == fewer
    with pytest.raises(
        MemoryError, match=r"EASE of 1,255 items: needs 38\.1 MiB of memory, and this machine has 3\.0 MiB"
    ):
        recommend.ease(data.liked, 200.0)
    monkeypatch.setattr(_memory, "machine", lambda: None)  # a system that does not say
    assert recommend.like_matrix(ratings, at_least=10).liked.shape == (607, 1255)


def test_the_full_movielens_would_need_what_the_lesson_says():
    assert recommend.dense_bytes(138_493, 27_278) / 2**30 == pytest.approx(18, abs=0.5)
    assert recommend.ease_bytes(138_493, 27_278) / 2**30 == pytest.approx(23, abs=0.5)
    assert 1e9 + 100 * (5_200 * 5_500 + 5_500**2) < 8e9  # AT_LEAST = 300, its upper bound


def test_busy_users_and_liked_films_of_the_full_movielens_are_as_few_as_the_lesson_says():
    ratings = datasets.movie_ratings()  # its users are a sample like theirs, 206 of whom stand behind each
    likes = ratings.stars >= 4
    more = 138_493 / ratings.n_users
    busy = np.mean(np.bincount(ratings.users[likes], minlength=ratings.n_users) >= 300) * 138_493
    films = np.sum(np.bincount(ratings.films[likes], minlength=len(ratings.titles)) * more >= 300)
    assert 4_500 < busy < 5_500 and 3_500 < films < 5_500


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    own = tmp_path / "cgroup"
    own.write_text("0::/slice/job\n", encoding="utf-8")
    (tmp_path / "fs" / "slice" / "job").mkdir(parents=True)
    (tmp_path / "fs" / "slice" / "memory.max").write_text("1048576\n", encoding="utf-8")
    (tmp_path / "fs" / "slice" / "job" / "memory.max").write_text("max\n", encoding="utf-8")
    monkeypatch.setattr(_memory, "CGROUPS", tmp_path / "fs")
    monkeypatch.setattr(_memory, "OWN_CGROUP", own)
    assert _memory.machine() == 2**20
    (tmp_path / "fs" / "slice" / "memory.max").unlink()
    assert _memory.machine() is None or _memory.machine() > 2**20
    own.write_text("9:memory:/docker/x\n", encoding="utf-8")
    (tmp_path / "fs" / "memory" / "docker" / "x").mkdir(parents=True)
    (tmp_path / "fs" / "memory" / "docker" / "x" / "memory.limit_in_bytes").write_text("2097152", encoding="utf-8")
    assert _memory.machine() == 2**21
    monkeypatch.delattr("os.sysconf", raising=False)  # as on Windows
    monkeypatch.setattr(_memory, "CGROUPS", tmp_path / "none")
    assert _memory.machine() is None


def test_blocks_of_users_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    events = rng.random((50, 30)) < 0.5
    events[:, :2] = True
    train = rng.standard_normal((50, 30)).astype(np.float32)
    whole = recommend.fold_in(events, 0.8, np.random.default_rng(1)), recommend.ease(train, 3.0)
    monkeypatch.setattr(recommend, "BLOCK", 7)
    parts = recommend.fold_in(events, 0.8, np.random.default_rng(1)), recommend.ease(train, 3.0)
    assert np.array_equal(whole[0], parts[0]) and np.allclose(whole[1], parts[1], atol=1e-5)


# --- the lesson on tables of one's own ---

OF_OURS = "ratings = datasets.movie_ratings()"


def test_the_form_of_the_netflix_prize_is_told_how_to_become_a_table(tmp_path):
    path = tmp_path / "combined_data_1.txt"
    path.write_text(
        "".join(
            f"{film}:\n" + "".join(f"{user},{1 + (user + film) % 5},2005-09-06\n" for user in range(20))
            for film in (1, 2, 3)
        ),
        encoding="utf-8",
    )
    with pytest.raises(DataError, match=r"as the Netflix prize is.*str.endswith\(':'\)\).ffill\(\)"):
        own_ratings(path, user=0, item=1, value=1)
    frame = pd.read_csv(path, names=["user", "rating", "date"])
    film = frame.user.where(frame.user.str.endswith(":")).ffill()
    ratings = own_ratings(frame.assign(film=film).dropna(), user="user", item="film", value="rating", liked_from=4)
    assert (len(ratings.stars), ratings.n_users) == (60, 20)


def test_a_table_with_a_column_for_each_item_is_told_how_to_become_long():
    matrix = np.random.default_rng(0).integers(0, 6, (30, 25))
    with pytest.raises(DataError, match=r"a column for each item.*stack\(\).reset_index\(name='rating'\)"):
        own_ratings(matrix)
    long = pd.DataFrame(matrix).stack().reset_index(name="rating")
    ratings = own_ratings(long, user=0, item=1, value="rating", missing=[0], holes="leave out")
    assert len(ratings.stars) == (matrix > 0).sum()


@pytest.mark.parametrize("words", [["love", "hate"], ["4/5", "1/5"]])
def test_ratings_in_words_are_no_row_of_units(words):
    frame = small().assign(rating=[words[k % 2] for k in range(100)])
    with pytest.raises(
        DataError, match=rf"column 3 \('rating'\), found '{words[0]}', and words in most.*as numbers.*\.map"
    ):
        own_ratings(frame, **COLUMNS)


def test_ids_that_are_categories_of_numbers_are_read():
    frame = small()
    frame["user"] = pd.Categorical(frame["user"].str[1:].astype(int))
    assert own_ratings(frame, **COLUMNS).n_users == 10


def test_returned_goods_of_several_sizes_are_left_out_at_once():
    frame = small().rename(columns={"rating": "quantity"})
    frame.loc[[3, 4], "quantity"] = [-3, -7]
    with pytest.raises(DataError, match=r"holds -3.*2 rows in all.*table\[table\['quantity'\] > 0\]"):
        own_ratings(frame, user="user", item="item", plays="quantity")
    assert len(own_ratings(frame[frame["quantity"] > 0], user="user", item="item", plays="quantity").stars) == 98


def lines(source, **options):
    arguments = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"ratings = datasets.own_ratings({str(source)!r}{arguments})"


def test_the_lesson_runs_on_a_table_of_ratings(changed_lesson, tmp_path):
    ratings_csv, movies_csv = made_ratings.movielens(tmp_path, users=50, films=60)
    options = {"user": "userId", "item": "movieId", "value": "rating", "liked_from": 4, "titles": str(movies_csv)}
    texts = changed_lesson("10", OF_OURS, lines(ratings_csv, **options))
    assert any(text.startswith("The average of EASE and the network") for text in texts) and "about six tenths" in texts
    assert not re.search(r"\bfilms?\b", changed_lesson.printed)  # they need not be films


def test_the_second_notebook_runs_on_a_table_of_ratings(changed_lesson, tmp_path):
    ratings_csv, _ = made_ratings.movielens(tmp_path, users=50, films=60)
    options = {"user": "userId", "item": "movieId", "value": "rating", "time": "timestamp", "liked_from": 4}
    texts = changed_lesson("10", OF_OURS, lines(ratings_csv, **options), kind="deeper")
    assert any(text.startswith("AutoRec predicts stars") for text in texts) and "no worse" in texts
    assert any(text.startswith("Split by time") for text in texts)
    assert not re.search(r"\bfilms?\b", changed_lesson.printed)


@pytest.mark.weekly
@pytest.mark.parametrize("kind", ["notebooks", "deeper"])
def test_the_whole_lesson_runs_on_plays_without_ratings(changed_lesson, tmp_path, kind):
    path = made_ratings.plays(tmp_path / "plays.tsv", users=120, artists=130)
    texts = changed_lesson("10", OF_OURS, lines(path, user=0, item=1, plays=2), whole=True, kind=kind)
    assert "film" not in changed_lesson.printed and texts
    assert not any(text.startswith(("AutoRec predicts stars", "Split by time")) for text in texts)


@pytest.mark.weekly
@pytest.mark.parametrize("kind", ["notebooks", "deeper"])
def test_the_whole_lesson_runs_on_ratings_of_another_scale(changed_lesson, tmp_path, kind):
    data, _ = made_ratings.movielens_100k(tmp_path, users=200, films=300)
    texts = changed_lesson("10", OF_OURS, lines(data, user=0, item=1, value=2, liked_from=4), whole=True, kind=kind)
    assert any(text.startswith("AutoRec predicts stars") for text in texts) == (kind == "deeper")


@pytest.mark.weekly
@pytest.mark.parametrize("kind", ["notebooks", "deeper"])
def test_the_lesson_runs_on_few_users_of_few_products(changed_lesson, tmp_path, kind):
    path = made_ratings.purchases(tmp_path / "log.csv", users=40, products=40)
    changed_lesson("10", OF_OURS, lines(path, user="customer", item="product"), kind=kind)
