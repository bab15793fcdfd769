"""Tools for authors: they turn ``source/`` into notebooks, exercises and solutions, and check what they made.

Nothing in ``course_lib`` imports this package.
"""

import course_lib  # noqa: F401  (before Keras is loaded anywhere: it keeps TensorFlow's start-up notices away)
