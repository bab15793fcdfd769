"""The judges of lesson 04: noise, linear denoisers, a network, what a denoiser knows about the data, and a denoiser that is told."""

# ruff: noqa: F401, I001  (in the order of the exercises)
from course_lib.classroom.judges.lesson_04 import noise, linear, networks, scores, capstone
