"""The networks that the lessons teach, for the lessons after them to import.

Every autoencoder builder returns ``(encoder, decoder, autoencoder)``: three models on the same layers, so that training one trains
all. The autoencoder is ``decoder(encoder(x))``; after ``keras.saving.load_model`` its halves are found again with
``autoencoder.get_layer("encoder")`` and ``get_layer("decoder")``.
"""

from __future__ import annotations

from course_lib.models._parts import Triple, parameter_count
from course_lib.models.conditional import (
    ConditionalVariationalAutoencoder,
    build_conditional_vae,
    warm_start_conditional_vae,
)
from course_lib.models.denoising import build_denoiser, build_level_denoiser, build_point_denoiser
from course_lib.models.dense import (
    build_autoencoder,
    build_convolutional_autoencoder,
    linear_autoencoder,
    warm_start_autoencoder,
)
from course_lib.models.sparse import build_sparse_autoencoder, revive_dead_units
from course_lib.models.swapping import (
    Swapper,
    build_swapper,
    convolutional_swapper,
    dense_swapper,
    warm_start_swapper,
)
from course_lib.models.variational import (
    ElboTerms,
    VariationalAutoencoder,
    build_linear_vae,
    build_vae,
    standardise_codes,
    warm_start_vae,
)
from course_lib.sampling import langevin_path, sample_prior, slerp  # lessons call them models.slerp and so on

__all__ = [
    "ConditionalVariationalAutoencoder",
    "ElboTerms",
    "Swapper",
    "Triple",
    "VariationalAutoencoder",
    "build_autoencoder",
    "build_conditional_vae",
    "build_convolutional_autoencoder",
    "build_denoiser",
    "build_level_denoiser",
    "build_linear_vae",
    "build_point_denoiser",
    "build_sparse_autoencoder",
    "build_swapper",
    "build_vae",
    "convolutional_swapper",
    "dense_swapper",
    "langevin_path",
    "linear_autoencoder",
    "parameter_count",
    "revive_dead_units",
    "sample_prior",
    "slerp",
    "standardise_codes",
    "warm_start_autoencoder",
    "warm_start_conditional_vae",
    "warm_start_swapper",
    "warm_start_vae",
]
