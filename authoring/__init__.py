"""Tools for authors: they turn ``source/`` into notebooks, exercises and solutions, and check what they made.

Nothing in ``course_lib`` imports this package.
"""
