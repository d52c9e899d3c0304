"""Measurements of speed, quality and upkeep; only `ganterm bench` imports them."""
