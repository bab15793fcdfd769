"""The library of lesson 10: the ratings, the protocol, the scores, EASE in closed form, the two losses."""

import ast
import hashlib
import io
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import ttest_rel

from course_lib import datasets, losses, models, recommend
from course_lib.datasets import DataError


@pytest.fixture(scope="module")
def data():
    return recommend.like_matrix(datasets.movie_ratings(), at_least=10)


def random_likes(users=40, items=25, seed=0):
    rng = np.random.default_rng(seed)
    liked = rng.random((users, items)) < rng.uniform(0.1, 0.6, items)
    liked[:, :2] = True
    return liked


# --- the ratings ---


def test_the_ratings_are_those_that_the_card_describes():
    ratings = datasets.movie_ratings()
    assert len(ratings.stars) == 100_004 and ratings.n_users == 671 and len(ratings.titles) == 9_066
    assert set(np.unique(ratings.stars * 2)) == set(range(1, 11))
    assert np.bincount(ratings.users).min() == 20
    assert ratings.timestamps.min() == 789_652_009 and ratings.timestamps.max() == 1_476_640_644
    assert len(set(ratings.film_ids.tolist())) == 9_066
    assert sum("title unknown" in title for title in ratings.titles) == 5
    assert all(not array.flags.writeable for array in (ratings.users, ratings.films, ratings.stars, ratings.timestamps))
    assert repr(ratings) == "MovieRatings('movie_ratings': 100,004 ratings by 671 users of 9,066 films)"


def test_the_sparse_matrix_holds_every_rating_once():
    ratings = datasets.movie_ratings()
    matrix = ratings.matrix
    assert matrix.shape == (671, 9_066) and matrix.nnz == 100_004 and matrix.dtype == np.float32
    for row in (0, 777, 100_003):
        assert matrix[ratings.users[row], ratings.films[row]] == ratings.stars[row]


def test_a_film_is_found_by_a_part_of_its_title_most_rated_first():
    ratings = datasets.movie_ratings()
    assert ratings.titles[ratings.find("matrix")[0]] == "Matrix, The (1999)"
    assert ratings.titles[ratings.find("CHEZ VOUS")[0]].startswith("Man Bites Dog (C'est arrivé")
    with pytest.raises(ValueError, match="in none of them"):
        ratings.find("no such film")


def test_columns_that_do_not_fit_are_refused():
    good = {
        "users": np.array([0, 1]),
        "films": np.array([1, 0]),
        "stars": np.ones(2, np.float32),
        "timestamps": np.zeros(2, int),
        "titles": ("a", "b"),
        "genres": ("", ""),
        "film_ids": np.array([4, 7]),
        "n_users": 2,
    }
    datasets.MovieRatings("mine", **good)
    for field, wrong, message in (
        ("stars", np.ones(3, np.float32), "stars: expected shape"),
        ("films", np.array([1, 2]), "films: expected numbers from 0 to 1"),
        ("users", np.array([-1, 0]), "users: expected numbers from 0 to 1"),
        ("genres", ("",), "one of each a film"),
    ):
        with pytest.raises(ValueError, match=message):
            datasets.MovieRatings("mine", **{**good, field: wrong})


# --- the complete set, without a network ---


@pytest.fixture
def full_set(monkeypatch, tmp_path):
    """A small archive of the form of MovieLens 20M; our hash is pointed at it, and the downloader serves it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "ml-20m/movies.csv", 'movieId,title,genres\n9,"Heat, The (2013)",Action\n2,Jumanji (1995),Fantasy\n'
        )
        archive.writestr(
            "ml-20m/ratings.csv", "userId,movieId,rating,timestamp\n7,9,3.5,1112486027\n7,2,5.0,1112484676\n3,9,0.5,1\n"
        )
    content = stream.getvalue()
    monkeypatch.setitem(datasets.FULL_MOVIE_RATINGS, "ml-20m.zip", hashlib.sha256(content).hexdigest())
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    served = {"content": content, "requests": []}

    def download(address, name, folder):
        served["requests"].append(address)
        if served["content"] is None:
            raise OSError("no route to host")
        (folder / name).write_bytes(served["content"])

    monkeypatch.setattr(datasets._downloads, "download", download)
    return served


def test_the_full_set_is_downloaded_once_and_read(full_set):
    for _ in range(2):
        ratings = datasets.movie_ratings(full=True)
        assert ratings.titles == ("Jumanji (1995)", "Heat, The (2013)")
        assert ratings.users.tolist() == [0, 1, 1] and ratings.films.tolist() == [1, 0, 1]
        assert ratings.stars.tolist() == [0.5, 5.0, 3.5] and ratings.timestamps.tolist() == [1, 1112484676, 1112486027]
        assert ratings.n_users == 2 and ratings.film_ids.tolist() == [2, 9]
    assert full_set["requests"] == ["https://files.grouplens.org/datasets/movielens/ml-20m.zip"]


def test_without_a_network_the_error_says_where_to_put_the_file(full_set, tmp_path):
    full_set["content"] = None
    with pytest.raises(DataError) as caught:
        datasets.movie_ratings(full=True)
    assert "ml-20m.zip from https://files.grouplens.org/datasets/movielens/" in str(caught.value)
    assert str(tmp_path / "datasets") in str(caught.value)


def test_a_damaged_archive_is_named_and_replaced(full_set, tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "ml-20m.zip").write_bytes(b"half a file")
    with pytest.warns(UserWarning, match=r"ml-20m\.zip is damaged"):
        assert len(datasets.movie_ratings(full=True).stars) == 3


# --- the protocol ---


def test_the_like_matrix_keeps_what_has_enough_likes(data):
    assert data.liked.dtype == bool and data.liked.shape == (607, 1255) == data.stars.shape
    ratings = datasets.movie_ratings()
    row, column = np.argwhere(data.liked)[1234]
    assert ratings.matrix[data.users[row], data.films[column]] == data.stars[row, column] >= 4
    assert np.array_equal(data.liked, data.stars >= 4)
    assert data.titles[data.find("pulp fiction")] == "Pulp Fiction (1994)"
    with pytest.raises(ValueError, match="in none of 1255"):
        data.find("no such film")
    with pytest.raises(ValueError, match="no user and film"):
        recommend.like_matrix(ratings, at_least=10_000)


def test_splits_and_folds_share_no_user():
    rng = np.random.default_rng(0)
    parts = recommend.split_users(103, (0.6, 0.2, 0.2), rng)
    assert sorted(np.concatenate(parts)) == list(range(103)) and [len(part) for part in parts] == [62, 20, 21]
    folds = recommend.user_folds(103, 5, rng)
    assert sorted(np.bincount(folds)) == [20, 20, 21, 21, 21]
    for bad in ((0.5, 0.5), (0.9, 0.2, -0.1), (0.5, 0.2, 0.2)):
        with pytest.raises(ValueError, match="three shares"):
            recommend.split_users(10, bad, rng)
    with pytest.raises(ValueError, match="folds must lie"):
        recommend.user_folds(3, 4, rng)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.8, 0.99])
def test_fold_in_divides_every_history_and_leaves_neither_side_empty(share):
    events = random_likes()
    events[3] = False
    events[3, :2] = True
    shown, held_out = recommend.fold_in(events, share, np.random.default_rng(1))
    assert not (shown & held_out).any() and np.array_equal(shown | held_out, events)
    assert shown.any(axis=1).all() and held_out.any(axis=1).all()
    counts = events.sum(axis=1)
    assert np.array_equal(shown.sum(axis=1), np.clip((share * counts).astype(int), 1, counts - 1))
    with pytest.raises(ValueError, match="at least two events"):
        recommend.fold_in(np.eye(3, dtype=bool), share, np.random.default_rng(1))
    with pytest.raises(ValueError, match="strictly between"):
        recommend.fold_in(events, 1.0, np.random.default_rng(1))
    with pytest.raises(ValueError, match="boolean"):
        recommend.fold_in(events.astype(float), share, np.random.default_rng(1))


# --- what was seen is never recommended ---


@pytest.mark.parametrize("seed", range(5))
def test_items_already_seen_are_never_recommended(seed):
    rng = np.random.default_rng(seed)
    liked = random_likes(seed=seed)
    shown, held_out = recommend.fold_in(liked, 0.8, rng)
    history = shown.astype(np.float32)
    everything = {
        "popularity": np.tile(recommend.popularity(liked), (len(liked), 1)),
        "neighbours": history @ recommend.item_neighbours(liked),
        "ease": history @ recommend.ease(liked, 5.0),
        "full": history @ recommend.ease(liked, 0.01, zero_diagonal=False),  # as good as the identity
        "identity": history * 1e30,
        "noise": rng.normal(size=liked.shape),
    }
    left = int((~shown).sum(axis=1).min())
    for name, scores in everything.items():
        for k in (1, left):
            films = recommend.recommend(scores, shown, k)
            assert films.shape == (len(liked), k)
            assert not np.take_along_axis(shown, films, axis=1).any(), name
            assert all(len(set(row)) == k for row in films)
        assert np.isneginf(recommend.never_seen(scores, shown)[shown]).all()
    with pytest.raises(ValueError, match="items that every user has left"):
        recommend.recommend(scores, shown, left + 1)
    with pytest.raises(ValueError, match="shape of shown"):
        recommend.never_seen(scores[:, 1:], shown)


def test_recommendations_are_in_order_and_ties_go_to_the_smaller_number():
    shown = np.array([[True, False, False, False, False]])
    assert recommend.recommend(np.array([[9.0, 1.0, 3.0, 3.0, 2.0]]), shown, 4).tolist() == [[2, 3, 4, 1]]


# --- the scores ---


def test_ndcg_and_recall_by_hand():
    scores = np.array([[3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0]])
    held_out = np.array([[False, True, False, True], [False, False, True, True]])
    worth = 1 / np.log2(np.arange(2, 6))
    np.testing.assert_allclose(recommend.ndcg_at_k(scores, held_out, 2), [worth[1] / worth[:2].sum(), 1.0])
    np.testing.assert_allclose(recommend.recall_at_k(scores, held_out, 2), [0.5, 1.0])
    np.testing.assert_allclose(recommend.recall_at_k(scores, held_out, 1), [0.0, 1.0])
    perfect = held_out + 0.01 * np.random.default_rng(0).random(held_out.shape)
    for k in (1, 2, 3, 4):
        np.testing.assert_allclose(recommend.ndcg_at_k(perfect, held_out, k), 1.0)
    for score in (recommend.ndcg_at_k, recommend.recall_at_k):
        with pytest.raises(ValueError, match="k must lie"):
            score(scores, held_out, 5)
        with pytest.raises(ValueError, match="at least one item"):
            score(scores, np.zeros_like(held_out), 2)
        with pytest.raises(ValueError, match="shape of held_out"):
            score(scores[:, :3], held_out, 2)


def test_the_paired_interval_is_that_of_the_t_test():
    rng = np.random.default_rng(3)
    users = rng.random(30)
    a, b = users + rng.normal(0.02, 0.03, 30), users
    found, known = recommend.paired_difference(a, b), ttest_rel(a, b).confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], [known.low, known.high])
    assert str(found) == f"{found.mean:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"
    assert found.standard_error == pytest.approx((a - b).std(ddof=1) / np.sqrt(30))
    with pytest.raises(ValueError, match="at least two users"):
        recommend.paired_difference(a[:1], b[:1])


def test_the_paired_interval_of_a_difference_that_never_varies_is_that_number():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = recommend.paired_difference(np.array([0.5, 0.25]), np.array([0.25, 0.0]))
    assert (same.low, same.mean, same.high, same.standard_error) == (0.25, 0.25, 0.25, 0.0)


def test_standardised_scores_have_no_unit():
    shown = random_likes()
    scores = np.random.default_rng(0).normal(3, 5, shown.shape)
    standard = recommend.standardise(scores, shown)
    unseen = np.where(shown, np.nan, standard)
    np.testing.assert_allclose(np.nanmean(unseen, axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(np.nanstd(unseen, axis=1), 1)
    np.testing.assert_allclose(recommend.standardise(7 * scores - 2, shown), standard)
    assert (standard[shown] == 0).all()


# --- closed forms ---


@pytest.mark.parametrize("users", [15, 60])
def test_ease_solves_the_constrained_regression_of_each_item(users):
    x = random_likes(users, 25).astype(float)
    strength = 3.0
    weights = recommend.ease(x, strength)
    assert weights.dtype == np.float32 and (np.diag(weights) == 0).all()
    for item in (0, 7, 24):
        others = np.delete(np.arange(25), item)
        by_hand = np.linalg.solve(x[:, others].T @ x[:, others] + strength * np.eye(24), x[:, others].T @ x[:, item])
        np.testing.assert_allclose(weights[others, item], by_hand, atol=1e-6)
    free = recommend.ease(x, strength, zero_diagonal=False)
    np.testing.assert_allclose(free, np.linalg.solve(x.T @ x + strength * np.eye(25), x.T @ x), atol=1e-6)


def test_without_a_penalty_the_full_autoencoder_is_the_identity():
    x = np.random.default_rng(0).random((60, 12))
    np.testing.assert_allclose(recommend.ease(x, 1e-9, zero_diagonal=False), np.eye(12), atol=1e-5)
    assert np.abs(recommend.ease(x, 1e9)).max() < 1e-6
    with pytest.raises(ValueError, match="strength must be positive"):
        recommend.ease(x, 0.0)
    with pytest.raises(ValueError, match=r"shape \(users, items\)"):
        recommend.ease(x[0], 1.0)


def weighted_error(x, users, items, alpha, strength):
    """The sum that ALS makes small, place by place, without a matrix product."""
    total = strength * (np.square(users).sum() + np.square(items).sum())
    for user, row in enumerate(x):
        for item, value in enumerate(row):
            total += (1 + alpha * value) * (float(value > 0) - float(np.dot(users[user], items[item]))) ** 2
    return total


@pytest.mark.parametrize("alpha", [0.0, 4.0])
def test_als_finds_the_minimum_that_a_search_finds(alpha):
    x = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 2], [0, 0, 0]], float)
    strength, k = 0.3, 2

    def error(numbers):
        return weighted_error(x, numbers[:8].reshape(4, k), numbers[8:].reshape(3, k), alpha, strength)

    starts = np.random.default_rng(0).normal(0, 0.5, (4, 14))
    searched = min(minimize(error, start).fun for start in starts)
    found = recommend.als(x, k, alpha, strength, np.random.default_rng(1), sweeps=200)
    assert weighted_error(x, found.users(x), found.items, alpha, strength) == pytest.approx(searched, rel=1e-5)


def test_each_sweep_of_als_lowers_the_error_and_somebody_new_is_folded_in():
    x, alpha, strength = random_likes(), 5.0, 2.0
    errors = []
    for sweeps in (1, 2, 4, 8):
        found = recommend.als(x, 3, alpha, strength, np.random.default_rng(0), sweeps=sweeps)
        errors.append(weighted_error(x, found.users(x), found.items, alpha, strength))
    assert errors == sorted(errors, reverse=True) and errors[0] > errors[-1]
    new = random_likes(users=2, seed=9)
    users = found.users(new)
    least = weighted_error(new, users, found.items, alpha, strength)
    for step in 0.01 * np.eye(6).reshape(6, 2, 3):  # whatever is changed, up or down, is worse
        assert weighted_error(new, users + step, found.items, alpha, strength) > least
        assert weighted_error(new, users - step, found.items, alpha, strength) > least
    scores = found.scores(new)
    assert scores.dtype == np.float32 and scores.shape == new.shape
    np.testing.assert_allclose(scores, users @ found.items.T, rtol=1e-5, atol=1e-6)
    assert (found.scores(0 * new) == 0).all()
    assert repr(found) == "Factors(3 numbers for each of 25 items, alpha 5, strength 2)"


def test_als_by_hand_with_one_number():
    two_films = np.ones((2, 1))
    for alpha, expected in ((4.0, 5 / 7), (0.0, 1 / 3)):
        found = recommend.Factors(two_films, alpha, 1.0).users(np.array([[1, 0]]))
        np.testing.assert_allclose(found, [[expected]])


def test_als_of_the_library_is_that_of_the_lesson():
    tree = ast.parse((Path(__file__).parents[1] / "source/10_recommendation/lesson.py").read_text(encoding="utf-8"))
    taught = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ("solve_rows", "als")]
    assert len(taught) == 2
    names = {"np": np, "SEED": 5}
    exec(compile(ast.Module(taught, []), "lesson.py", "exec"), names)
    x, new = random_likes().astype(np.float32), random_likes(users=7, seed=3).astype(np.float32)
    found = recommend.als(x, 4, 5, 2, np.random.default_rng(5)).scores(new)
    np.testing.assert_allclose(names["als"](x, 4, 5, 2)(new), found, atol=1e-3)


def test_als_says_what_is_wrong_with_its_input():
    x, rng = random_likes(), np.random.default_rng(0)
    for bad, message in (
        ((x[0], 2, 1, 1), r"train must hold numbers of shape \(users, items\)"),
        ((x - 2.0, 2, 1, 1), "train must hold no negative number"),
        ((np.where(x, np.nan, 0), 2, 1, 1), "no NaN"),
        ((x, 0, 1, 1), "k must be at least 1"),
        ((x, 2, -1, 1), "alpha must not be negative"),
        ((x, 2, 1, 0), "strength must be positive"),
    ):
        with pytest.raises(ValueError, match=message):
            recommend.als(*bad, rng)
    with pytest.raises(ValueError, match="sweeps must be at least 1"):
        recommend.als(x, 2, 1, 1, rng, sweeps=0)
    with pytest.raises(ValueError, match="a column for each of 25 items"):
        recommend.als(x, 2, 1, 1, rng).scores(x[:, 1:])


def test_item_neighbours_are_cosines_without_themselves():
    x = random_likes().astype(float)
    found = recommend.item_neighbours(x)
    assert (np.diag(found) == 0).all()
    np.testing.assert_allclose(
        found[2, 5], x[:, 2] @ x[:, 5] / np.linalg.norm(x[:, 2]) / np.linalg.norm(x[:, 5]), rtol=1e-6
    )
    assert (recommend.item_neighbours(x, shrink=10.0) <= found + 1e-9).all()
    near = recommend.item_neighbours(x, k=4)
    assert ((near > 0).sum(axis=0) == 4).all()
    for item in range(x.shape[1]):
        kept = np.flatnonzero(near[:, item])
        assert np.array_equal(near[kept, item], found[kept, item])
        assert found[kept, item].min() >= np.delete(found[:, item], kept).max()
    assert np.array_equal(recommend.item_neighbours(x, k=x.shape[1]), found)
    twins = recommend.item_neighbours(np.ones((3, 5)), k=2)  # all alike: still two neighbours each
    assert ((twins > 0).sum(axis=0) == 2).all()
    with pytest.raises(ValueError, match="k must be at least 1"):
        recommend.item_neighbours(x, k=0)
    assert recommend.popularity(x).tolist() == x.sum(axis=0).tolist()


def test_on_the_films_the_ladder_has_its_order(data):
    rng = np.random.default_rng(0)
    folds = recommend.user_folds(len(data.liked), 5, rng)
    shown, held_out = recommend.fold_in(data.liked, 0.8, rng)
    train, test = data.liked[folds != 0].astype(np.float32), folds == 0
    history = shown[test].astype(np.float32)

    def score(scores):
        return recommend.ndcg_at_k(recommend.never_seen(scores, shown[test]), held_out[test], 100).mean()

    popular = score(np.tile(recommend.popularity(train), (len(history), 1)))
    everything = score(history @ recommend.item_neighbours(train))
    near = score(history @ recommend.item_neighbours(train, k=100))
    closed = score(history @ recommend.ease(train, 200.0))
    assert 0.15 < popular < everything - 0.05 and everything < near - 0.015 and near < closed - 0.01
    inside = np.flatnonzero(folds > 1)
    aside = folds == 1
    asked = data.liked[inside].astype(np.float32), shown[aside], held_out[aside]
    assert recommend.choose(*asked, (1.0, 200.0), recommend.ease) == 200.0
    k = recommend.choose(*asked, (None, 100), lambda matrix, k: recommend.item_neighbours(matrix, k=k))
    assert k == 100


# --- losses and the variational recommender ---


@pytest.mark.backends
def test_multinomial_nll_is_that_of_a_softmax_and_stays_finite():
    x = np.array([[1, 0, 1], [0, 2, 0], [0, 0, 0]], np.float32)
    logits = np.array([[0, 0, 0], [500, -500, 0], [1, 2, 3]], np.float32)
    got = keras.ops.convert_to_numpy(
        losses.multinomial_nll(keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(logits))
    )
    np.testing.assert_allclose(got, [2 * np.log(3), 2000, 0], rtol=1e-5, atol=1e-5)
    moved = losses.multinomial_nll(keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(logits + 100))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(moved), got, rtol=1e-4, atol=1e-4)


@pytest.mark.backends
def test_masked_mse_counts_only_what_was_observed():
    ratings, predicted = np.array([[4.0, 9.0], [7.0, 2.0]]), np.array([[3.0, 5.0], [1.0, 4.0]])
    observed = np.eye(2)

    def loss(*arrays):
        return float(losses.masked_mse(*(keras.ops.convert_to_tensor(a.astype(np.float32)) for a in arrays)))

    assert loss(ratings, predicted, observed) == pytest.approx(2.5)
    assert loss(ratings + 1 - observed, predicted, observed) == pytest.approx(2.5)
    assert loss(ratings, predicted, 0 * observed) == 0.0


@pytest.mark.backends
def test_a_variational_recommender_trains_on_the_multinomial():
    from course_lib import training

    training.set_seed(0)
    liked = random_likes(60, 12).astype(np.float32)
    vae = models.build_vae(12, 16, 4, likelihood="multinomial", kl_weight=0.2)
    run = training.fit(vae, liked, loss=None, epochs=8, batch_size=20, learning_rate=1e-2)
    assert run.loss[-1] < run.loss[0]
    logits = vae.decoder.predict(vae.posterior(liked)[0], verbose=0)
    assert logits.shape == liked.shape and np.isfinite(logits).all()
    terms = vae.elbo_terms(liked, samples=2)
    assert (terms.rate >= 0).all() and np.isfinite(terms.distortion).all()
    with pytest.raises(ValueError, match="multinomial"):
        models.build_vae(12, 16, 4, likelihood="poisson")


def test_a_film_club_shows_half_of_what_new_people_like_and_their_taste_says_more_than_fame():
    club = datasets.film_club(np.random.default_rng(3), 300, 200, 250)
    assert club.likes.shape == (300, 250) and club.shown.shape == club.hidden.shape == club.taste.shape == (200, 250)
    assert not (club.shown & club.hidden).any() and club.hidden.any(axis=1).all()
    spare = club.shown.sum(axis=1) - club.hidden.sum(axis=1)
    assert set(spare) == {0, 1}, "half, the odd one is shown"
    counts = club.likes.sum(axis=1)
    assert counts.min() >= 6 and counts.max() <= 150 and 18 < np.median(counts) < 32
    popular, ideal = (
        recommend.ndcg_at_k(recommend.never_seen(scores, club.shown), club.hidden, 20).mean()
        for scores in (np.tile(recommend.popularity(club.likes), (200, 1)), club.taste)
    )
    assert 0.1 < popular < 0.4 < 0.6 < ideal < 1
    assert "300 members, 250 films" in repr(club)
    again, other = (datasets.film_club(np.random.default_rng(seed), 300, 200, 250) for seed in (3, 4))
    assert (again.likes == club.likes).all() and (other.likes != club.likes).any()
    with pytest.raises(ValueError, match="films must be"):
        datasets.film_club(np.random.default_rng(0), films=20)
