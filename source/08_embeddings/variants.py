"""Right answers to the exercises of lesson 08, by other roads than the solutions take."""

import fractions
import math
from collections import Counter

import numpy as np
import scipy.cluster.vq
import scipy.linalg
import scipy.ndimage
import scipy.spatial
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier


def cosine_topk(gallery, queries, k):
    # Pair by pair, then a sort of (dissimilarity, index).
    found = []
    for query in queries:
        length = math.sqrt(float(query @ query))
        keys = [(-float(query @ row) / (length * math.sqrt(float(row @ row))), i) for i, row in enumerate(gallery)]
        found.append([i for _, i in sorted(keys)[:k]])
    return found


def cosine_topk__distances(gallery, queries, k):
    # Of unit vectors the nearest have the largest cosine; equal rows have equal distances to the last digit.
    gallery, queries = (x / np.sqrt(np.einsum("ij,ij->i", x, x))[:, None] for x in (gallery, queries))
    distances = [[float(np.square(query - row).sum()) for row in gallery] for query in queries]
    return tuple(tuple(sorted(range(len(gallery)), key=row.__getitem__)[:k]) for row in distances)


def precision_at_k(retrieved_labels, query_labels):
    hits = sum(list(found).count(label) for found, label in zip(retrieved_labels, query_labels, strict=True))
    return hits / np.size(retrieved_labels)


def precision_at_k__fraction(retrieved_labels, query_labels):
    right = sum(int(label == query) for row, query in zip(retrieved_labels, query_labels, strict=True) for label in row)
    return fractions.Fraction(right, retrieved_labels.size)


def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    # A tree finds the neighbours; a counter takes the votes.
    _, nearest = scipy.spatial.cKDTree(gallery).query(queries, k)
    right = 0
    for found, label in zip(np.reshape(nearest, (len(queries), k)), query_labels, strict=True):
        votes = Counter(gallery_labels[found].tolist())
        most = max(votes.values())
        right += min(name for name, count in votes.items() if count == most) == label
    return right / len(query_labels)


def knn_accuracy__by_products(gallery, gallery_labels, queries, query_labels, k):
    # Squared distances by |q|² - 2 q·g + |g|², and votes as a product of one-hot labels.
    distances = np.sum(queries**2, axis=1)[:, None] - 2 * queries @ gallery.T + np.sum(gallery**2, axis=1)
    one_hot = np.eye(gallery_labels.max() + 1)[gallery_labels]
    votes = one_hot[np.argpartition(distances, k - 1, axis=1)[:, :k]].sum(axis=1)
    return np.count_nonzero(votes.argmax(axis=1) == query_labels) / len(query_labels)


def knn_accuracy__library(gallery, gallery_labels, queries, query_labels, k):
    # In float32, by differences: nothing is lost where all numbers are large.
    model = KNeighborsClassifier(k, algorithm="kd_tree").fit(np.float32(gallery), gallery_labels)
    return np.float32(model.score(np.float32(queries), query_labels))


def whiten(gallery, queries):
    # Cholesky instead of eigenvectors, dividing by n: the same up to a rotation and a factor near 1.
    mean = sum(gallery) / len(gallery)
    centred = gallery - mean
    lower = np.linalg.cholesky(centred.T @ centred / len(gallery))
    return tuple(scipy.linalg.solve_triangular(lower, (x - mean).T, lower=True).T for x in (gallery, queries))


def whiten__symmetric(gallery, queries):
    # The inverse root of the covariance, which some ways of computing leave complex with imaginary parts of 0.
    mean = gallery.mean(axis=0)
    matrix = np.linalg.inv(scipy.linalg.sqrtm(np.cov(gallery.T)).astype(complex))
    return [(gallery - mean) @ matrix, (queries - mean) @ matrix]


def whiten__library(gallery, queries):
    pca = PCA(whiten=True).fit(gallery)
    return [np.float32(pca.transform(x)) for x in (gallery, queries)]


def procrustes_distance__rotated(a, b):
    a, b = (x - x.mean(axis=0) for x in (a, b))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    rotation, scale = scipy.linalg.orthogonal_procrustes(b, a)
    return np.square(a - scale * b @ rotation).sum()


def procrustes_distance(a, b):
    return scipy.spatial.procrustes(a, b)[2]


def binary_hash(codes, thresholds):
    # The bits of a byte in the other order, one power of two at a time.
    n, k = codes.shape
    packed = np.zeros((n, -(-k // 8)), np.uint8)
    for j in range(k):
        packed[:, j // 8] += (codes[:, j] > thresholds[j]).astype(np.uint8) << np.uint8(j % 8)
    return packed


def hamming_topk(gallery_bits, query_bits, k):
    # Whole rows as Python's long integers.
    numbers = [int.from_bytes(row.tobytes(), "big") for row in gallery_bits]
    found = []
    for row in query_bits:
        query = int.from_bytes(row.tobytes(), "big")
        found.append(sorted(range(len(numbers)), key=lambda i, q=query: (q ^ numbers[i]).bit_count())[:k])
    return np.array(found)


def small_search(items, photos):
    # No network: whitened by Cholesky, turned, and product quantisation of what the two have in common.
    n, k, rng = len(items), 100, np.random.default_rng(5)

    def middle(pictures):
        light = np.clip(pictures - 0.2, 0, None)
        places = [scipy.ndimage.center_of_mass(one) if one.any() else (13.5, 13.5) for one in light]
        moved = [
            scipy.ndimage.shift(one, 13.5 - np.array(at), order=1) for one, at in zip(pictures, places, strict=True)
        ]
        return np.reshape(moved, (len(pictures), -1)).astype("float64")

    a, b = middle(items), middle(photos)
    axes = PCA(k, svd_solver="covariance_eigh").fit(np.concatenate([a, b])).components_.T

    def white(x):
        codes, mean = x @ axes, (x @ axes).mean(axis=0)
        covariance = np.cov(codes.T) + 0.1 * np.var(codes, axis=0).mean() * np.eye(k)
        root = np.linalg.cholesky(covariance)
        return lambda z: scipy.linalg.solve_triangular(root, (z @ axes - mean).T, lower=True).T

    of_item, of_photo = white(a), white(b)
    turn, common, back = np.linalg.svd(of_item(a).T @ of_photo(b) / n)
    left, right = (turn * common)[:, :32], (back.T * common)[:, :32]
    # Neighbouring numbers have much the same weight; a sub-vector takes one from each half.
    pieces = np.arange(32).reshape(2, 16).T

    def length_one(z):
        return z / np.sqrt(np.square(z).sum(axis=1, keepdims=True))

    own = length_one(of_item(a) @ left)
    books = [scipy.cluster.vq.kmeans2(own[:, p], 256, iter=15, minit="points", rng=rng)[0] for p in pieces]

    def pack(pictures):
        codes = length_one(of_item(middle(pictures)) @ left)
        cells = [scipy.cluster.vq.vq(codes[:, p], book)[0] for p, book in zip(pieces, books, strict=True)]
        return np.stack(cells, axis=1).astype("uint8")

    def search(pictures, packed, k):
        stored = np.empty((len(packed), 32))
        for p, book, cell in zip(pieces, books, packed.T, strict=True):
            stored[:, p] = book[cell]
        distances = scipy.spatial.distance.cdist(of_photo(middle(pictures)) @ right, stored, "cosine")
        return distances.argsort(axis=1)[:, :k]

    return pack, search
