"""The command line: one file per command, heavy imports inside the command.

Standard output is data, standard error is narration.
"""
