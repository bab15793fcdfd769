"""The judges of lesson 08: searching with codes, scoring what was found, comparing embeddings, hashing, and a whole small search."""

# ruff: noqa: F401, I001  (in the order of the exercises)
from course_lib.classroom.judges.lesson_08 import parts, capstone
