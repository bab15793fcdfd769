"""The web version of the course, made from the committed notebooks and sources; nothing is executed."""
