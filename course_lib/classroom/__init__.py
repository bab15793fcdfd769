"""The classroom: what runs the course and is never taught. Nothing of the taught library imports it.

`exercise` knows the exercises, `probe` is the only door between a judge and an answer, `run` judges, `commands` shows.
"""
