"""The judges of lesson 06: one encoder, two decoders, what carries a code from one person to the other, and a whole swap."""

# ruff: noqa: F401, I001  (in the order of the exercises)
from course_lib.classroom.judges.lesson_06 import parts, capstone
