"""Watches what a run measures and says what goes wrong, why, and what can be done about it."""
