"""The web version of the course: what is read in a browser, made from what is committed; see ``assemble``."""
