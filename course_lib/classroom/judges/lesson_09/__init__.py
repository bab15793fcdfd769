"""The judges of lesson 09: draws of codes, the instruments that compare samples with real ones, and pictures that are new."""

# ruff: noqa: F401, I001  (in the order of the exercises)
from course_lib.classroom.judges.lesson_09 import parts, capstone
