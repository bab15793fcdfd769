"""Exact answers: the closed forms that every trained network of the course is measured against, and trivial baselines.

NumPy, SciPy and scikit-learn only, so that a referee never depends on the backend it judges.
"""

from course_lib.referees.baselines import (
    gaussian_blur,
    mean_image,
    median_filter,
)
from course_lib.referees.denoising import (
    clipped_noise_denoiser,
    clipped_noise_moments,
    fill_missing,
    fit_affine_denoiser,
    masked_denoiser,
    salt_and_pepper_denoiser,
    wiener_filter,
)
from course_lib.referees.kernels import (
    KernelRidge,
    fit_kernel_ridge,
)
from course_lib.referees.linear import (
    PCA,
    AffineMap,
    RandomFeatureMap,
    fit_pca,
    fit_random_features,
    fit_reduced_rank,
    principal_angles,
    principal_axes_within,
)
from course_lib.referees.probabilistic import (
    Gaussian,
    ProbabilisticPCA,
    fit_gaussian,
    fit_ppca,
    water_filling,
)
from course_lib.referees.processes import (
    BumpProcess,
    ring_radius,
    ring_score,
)
from course_lib.referees.sparse import (
    Dictionary,
    best_coefficients,
    fit_dictionary,
    orthogonal_matching_pursuit,
    refit_codes,
)
from course_lib.referees.transport import (
    Transport,
    fit_transport,
)

__all__ = [
    "PCA",
    "AffineMap",
    "BumpProcess",
    "Dictionary",
    "Gaussian",
    "KernelRidge",
    "ProbabilisticPCA",
    "RandomFeatureMap",
    "Transport",
    "best_coefficients",
    "clipped_noise_denoiser",
    "clipped_noise_moments",
    "fill_missing",
    "fit_affine_denoiser",
    "fit_dictionary",
    "fit_gaussian",
    "fit_kernel_ridge",
    "fit_pca",
    "fit_ppca",
    "fit_random_features",
    "fit_reduced_rank",
    "fit_transport",
    "gaussian_blur",
    "masked_denoiser",
    "mean_image",
    "median_filter",
    "orthogonal_matching_pursuit",
    "principal_angles",
    "principal_axes_within",
    "refit_codes",
    "ring_radius",
    "ring_score",
    "salt_and_pepper_denoiser",
    "water_filling",
    "wiener_filter",
]
