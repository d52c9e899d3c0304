"""The app in lines: for screen readers, logs and terminals that can do nothing else.

It prints what changes and reads commands, one a line; no boxes, no drawing, no moving cursor.
"""
