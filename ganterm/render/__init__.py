"""Pixels to text and to files: what a terminal, a PNG or an animation shows of a batch of images.

Everything starts from a `raster.Raster` of uint8 pixels. `halfblock.draw` turns one into terminal
lines for the `colour.Canvas` at hand, `layout` arranges many on it, `png` and `animation` write
files, `open` reads them back. Standard library only; Pillow is imported inside the functions that
need it, so that importing this package costs a command nothing.
"""
