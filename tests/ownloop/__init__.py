"""Runs of loops of one's own."""
