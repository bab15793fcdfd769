"""Copy the two photographs, unchanged, out of scikit-learn 1.9.1.

python authoring/data/build_photographs.py [WHEEL | FOLDER] [--check]
"""

from __future__ import annotations

from pathlib import Path

import upstream

from course_lib import datasets

NAMES = ("china", "flower")


def build(given: Path | None) -> dict[str, bytes]:
    members = [f"sklearn/datasets/images/{name}.jpg" for name in NAMES]
    contents = upstream.wheel_members("scikit-learn==1.9.1", members, given)
    files = {f"photograph_{name}.jpg": content for name, content in zip(NAMES, contents, strict=True)}
    return {name: upstream.checked(content, datasets.FILES[name], name) for name, content in files.items()}


if __name__ == "__main__":
    upstream.run(__doc__, build)
