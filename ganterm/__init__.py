"""ganterm: train, watch, steer, judge and explore GANs of small images in the terminal."""

__version__ = "0.1.0"
