"""Grading a class: submissions are judged in the trusted process, their code runs in a sandbox, marks go into a grade book.

From the inside out: `isolation`, `answers` and `nursery` live in the sandbox and know no judge; `sandbox` and `room` are the
way to them.
"""
