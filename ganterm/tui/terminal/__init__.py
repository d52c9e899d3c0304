"""A Textual app over a slow line: what a terminal shows already is not sent to it again.

A library of its own, which knows nothing of runs and screens.
"""
