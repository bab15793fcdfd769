"""The judges of lesson 07: scores, thresholds, splits, what comes out of them, and a detector for a machine that nobody has seen."""

# ruff: noqa: F401, I001  (in the order of the exercises)
from course_lib.classroom.judges.lesson_07 import parts, capstone
