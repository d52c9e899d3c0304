"""The process around a training run."""
