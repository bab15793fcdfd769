"""The judges of lesson 10: the protocol, the scores, the closed form, the losses, the interval, and a whole recommender."""

# ruff: noqa: F401, I001  (in the order of the exercises)
from course_lib.classroom.judges.lesson_10 import parts, capstone
