"""Losses, gradient penalties and augmentation as pure functions of tensors."""
