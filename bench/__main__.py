"""All measurements: ``python -m bench`` prints them, and fails if a bar is not met; ``python -m bench grading`` grades a class."""

from __future__ import annotations

import argparse
import sys

from bench import clothes, denoiser, grading, latency, warm_start
from course_lib import runtime


def main() -> int:
    runtime.let_output_survive(ours=True)
    if sys.argv[1:2] == ["grading"]:  # takes as long as a class is large, and a sandbox: not with the others
        return grading.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="repetitions of the trainings")
    arguments = parser.parse_args()
    data = clothes.load()
    fast = warm_start.report(warm_start.measure(data, arguments.runs), data)
    clear = denoiser.report(denoiser.measure(data, arguments.runs), data)
    short = latency.report()
    return 0 if fast and clear and short else 1


if __name__ == "__main__":
    raise SystemExit(main())
