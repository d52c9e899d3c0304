"""Batch normalisation with another epsilon than the one its layer is built with."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ganterm.core.errors import ConfigError


def with_epsilon(state: dict[str, Tensor], generator: nn.Module, eps: Sequence[float]) -> None:
    """Change the variances in `state` so that `generator` normalises as with `eps`.

    `eps` is one for all normalisations, or one for each in their order. A file of weights does not
    say it, and a few tutorials train with 0.8. Since only the sum of variance and epsilon counts,
    the difference can go into the variance; images are the same.

    Raises `ConfigError` where the generator has not as many normalisations.
    """
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d)
    norms = [(name, each) for name, each in generator.named_modules() if isinstance(each, kinds)]
    if len(eps) not in {1, len(norms)} or not norms:
        raise ConfigError(
            f"--norm-eps: the generator has {len(norms)} normalisations; give one number for all "
            "of them, or one for each."
        )
    every = list(eps) if len(eps) == len(norms) else list(eps) * len(norms)
    for (name, layer), wanted in zip(norms, every, strict=True):
        key = f"{name}.running_var"
        state[key] = state[key] + (wanted - layer.eps)
