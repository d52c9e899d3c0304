"""Equalised learning rate: layers that all learn at the same relative speed (Karras et al. 2018).

Progressive Growing of GANs, arXiv:1710.10196, section 4.1, keeps weights v ~ N(0, 1) and computes
with c·v. Under Adam, whose steps do not depend on the gradient's scale, that is the same as
weights w ~ N(0, c²) with c times the learning rate. So the layers are ordinary ones, and
`learning_rates` tells the optimiser what each of their parameters takes.
"""

from __future__ import annotations

import math

from torch import nn

from ganterm.components.networks.weights import raw_weight

HE_GAIN = math.sqrt(2)
"""Standard deviation of a layer ahead of a rectifier (He et al. 2015), times sqrt(fan-in)."""


class EqualLinear(nn.Linear):
    """A linear layer with equalised learning rate; `rate` is a further factor on its speed."""

    def __init__(
        self, inputs: int, outputs: int, *, gain: float = HE_GAIN, rate: float = 1.0
    ) -> None:
        self.scale = gain / math.sqrt(inputs)
        self.rate = rate
        super().__init__(inputs, outputs)

    def reset_parameters(self) -> None:
        """Draw the weights from N(0, scale²); the biases are 0."""
        _reset(self, self.scale)


class EqualConv2d(nn.Conv2d):
    """A convolution of stride 1 that keeps the side, with equalised learning rate."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, gain: float = HE_GAIN, bias: bool = True
    ) -> None:
        self.scale = gain / math.sqrt(inputs * kernel * kernel)
        self.rate = 1.0
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, bias=bias)

    def reset_parameters(self) -> None:
        """Draw the weights from N(0, scale²); the biases are 0."""
        _reset(self, self.scale)


def learning_rates(network: nn.Module) -> dict[float, list[nn.Parameter]]:
    """Return the parameters of `network` that are trained by the factor on their learning rate.

    That is 1 for most.
    """
    factors = {}
    for layer in network.modules():
        if isinstance(layer, (EqualLinear, EqualConv2d)):
            factors[raw_weight(layer)] = layer.scale * layer.rate
            if layer.bias is not None:
                factors[layer.bias] = layer.rate
    groups: dict[float, list[nn.Parameter]] = {}
    for parameter in filter(lambda each: each.requires_grad, network.parameters()):
        groups.setdefault(factors.get(parameter, 1.0), []).append(parameter)
    return groups


def _reset(layer: nn.Linear | nn.Conv2d, scale: float) -> None:
    nn.init.normal_(layer.weight, 0.0, scale)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
