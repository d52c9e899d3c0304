"""What the explorer knows without a widget: places, the way through them, sketches, words."""
