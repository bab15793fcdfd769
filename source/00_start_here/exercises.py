# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Start here: exercise"
#     lesson: 0
# ---

# %% [markdown]
# # 00 · Start here: the exercise
#
# One small exercise, to try the machinery on. Replace the line that raises `NotImplementedError` by your answer, run
# the cell, then run the check below it. A failed check asks you a question. `hint(to_unit_range)` asks another one.

# %%
import numpy as np

from course_lib import check, hint

# %% [markdown] tags=["task"]
# ## to_unit_range: from grey levels to numbers ★ · 3 minutes · core
#
# A picture file stores each pixel as a grey level, an integer from 0 (black) to 255 (white) in one byte. A network
# wants numbers from 0 to 1.
#
# Write `to_unit_range(images)`. It takes `images`, a uint8 array of shape (n, 28, 28), and returns a **float32**
# array of the same shape. Black becomes 0, white becomes 1, and everything between keeps its proportion. A grey level
# becomes the same number in every image, however bright the rest of that image is.
#
# **Success looks like** grey levels 0, 51 and 255 becoming 0.0, 0.2 and 1.0, with `.dtype` saying `float32`.


# %% tags=["answer"]
def to_unit_range(images):
    """Grey levels, uint8 (n, 28, 28), as float32 in [0, 1] of the same shape."""
    # SOLUTION BEGIN
    return images.astype(np.float32) / 255
    # SOLUTION END
    # STUB: raise NotImplementedError("to_unit_range: write your answer here")


# %% tags=["check"]
check(to_unit_range)

# %% [markdown] tags=["explanation"]
# The largest number in eight bits is 255, so 255 is what white is divided by. Dividing by 256 would leave white at
# 0.996. Dividing by the brightest pixel *of the image* would make every image equally bright, and the network could
# no longer tell a dark coat from a pale one.
#
# `images / 255` gives the same numbers in float64, at twice the memory. Converting first keeps them in float32. The
# other order fails quietly: converting the quotient back to uint8 rounds nearly everything down to 0.
