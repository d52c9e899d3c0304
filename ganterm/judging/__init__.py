"""Judging generated images: a classifier that ganterm trains itself, and scores of what it sees."""
