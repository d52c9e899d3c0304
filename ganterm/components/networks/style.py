"""The layers of a style-based generator: mapping, noise, and how a style acts on features.

Karras et al. 2019 (StyleGAN, arXiv:1812.04948) and 2020 (StyleGAN2, arXiv:1912.04958).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganterm.components.networks.conditioning import LabelJoin
from ganterm.components.networks.equalised import HE_GAIN, EqualConv2d, EqualLinear
from ganterm.components.networks.facts import Norm
from ganterm.core.dataspec import Size

SLOPE = 0.2
MAPPING_LAYERS = 8
MAPPING_RATE = 0.01
"""Factor on the learning rate of the mapping network, which is deep and easily unsettled."""
_EPSILON = 1e-8


class Mapping(nn.Module):
    """Eight linear layers with LeakyReLU from latents z to intermediate latents w.

    With `classes` above 0 it is conditional: a learned vector of the class is joined to z.
    """

    def __init__(self, z_dim: int, w_dim: int, *, classes: int = 0) -> None:
        super().__init__()
        self.join = LabelJoin(classes, z_dim) if classes else None
        layers: list[nn.Module] = []
        inputs = z_dim if self.join is None else self.join.outputs
        for _ in range(MAPPING_LAYERS):
            layers += [EqualLinear(inputs, w_dim, rate=MAPPING_RATE), nn.LeakyReLU(SLOPE)]
            inputs = w_dim
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latents (N, z_dim) into w (N, w_dim); the length of z has no part in it.

        Raises `ValueError` where it is conditional and has no labels (N,).
        """
        z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + _EPSILON)
        w: Tensor = self.layers(z if self.join is None else self.join(z, labels))
        return w


class Noise(nn.Module):
    """Adds one picture of noise to all channels, each with a learned strength that begins at 0.

    While training every image has noise of its own, from the default generator; in evaluation all
    have the one picture that was drawn with the weights, so that a latent always gives one image.
    """

    fixed: Tensor

    def __init__(self, channels: int, size: Size) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(channels))
        self.register_buffer("fixed", torch.randn(1, 1, *size))

    def forward(self, features: Tensor) -> Tensor:
        """Return features (N, C, H, W) with noise."""
        noise = self.fixed
        if self.training:
            count, _, height, width = features.shape
            noise = torch.randn(count, 1, height, width, device=features.device)
        return features + noise * self.strength.view(-1, 1, 1)


class AdaptiveLayer(nn.Module):
    """3x3 convolution, noise, adaptive instance normalisation, LeakyReLU: a layer of StyleGAN.

    Every channel of every image is brought to mean 0 and variance 1, and then to a scale and a
    bias that a linear layer reads off the style. `norm` batch takes the statistics of the batch
    instead, none leaves the features as they are.
    """

    def __init__(self, inputs: int, outputs: int, *, size: Size, w_dim: int, norm: Norm) -> None:
        super().__init__()
        self.norm = norm
        self.convolution = EqualConv2d(inputs, outputs, 3, bias=False)
        self.noise = Noise(outputs, size)
        self.batch_norm = nn.BatchNorm2d(outputs) if norm == "batch" else None
        self.style = EqualLinear(w_dim, 2 * outputs, gain=1.0)
        self.activation = nn.LeakyReLU(SLOPE)

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """Turn features (N, C, H, W) and styles w (N, w_dim) into features (N, C', H, W)."""
        features = self.noise(self.convolution(features))
        scale, bias = (self.style(w)[:, :, None, None]).chunk(2, dim=1)
        scale = scale + 1  # a style of 0 leaves the normalised features as they are
        if self.batch_norm is not None:
            features = self.batch_norm(features)
        elif self.norm == "auto":
            # One pass over the features: (x - mean) · s + b = x · s + (b - mean · s).
            variance, mean = torch.var_mean(features, dim=(2, 3), keepdim=True, correction=0)
            scale = scale * torch.rsqrt(variance + 1e-5)
            bias = bias - mean * scale
        styled: Tensor = self.activation(torch.addcmul(bias, features, scale))
        return styled


class DemodulatedLayer(nn.Module):
    """3x3 convolution whose weights the style scales, noise, LeakyReLU: a layer of StyleGAN2.

    Each image has weights of its own: those that read channel i are multiplied by the style's
    s_i, and those that write channel j are divided by their length. That undoes the style's effect
    on the variance by what is expected instead of by what is measured, so that no information
    hides in the statistics of an image, which gives StyleGAN its droplets.
    """

    def __init__(self, inputs: int, outputs: int, *, size: Size, w_dim: int) -> None:
        super().__init__()
        self.convolution = EqualConv2d(inputs, outputs, 3, bias=False)
        self.noise = Noise(outputs, size)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.style = EqualLinear(w_dim, inputs, gain=1.0)
        self.activation = nn.LeakyReLU(SLOPE)

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """Turn features (N, C, H, W) and styles w (N, w_dim) into features (N, C', H, W)."""
        scale = self.style(w) + 1  # (N, C)
        lengths = self.convolution.weight.square().sum((2, 3))  # (C', C)
        demodulation = torch.rsqrt(scale.square() @ lengths.T + _EPSILON)  # (N, C')
        # Scaling what a convolution reads and writes is the same as scaling its weights.
        features = self.convolution(features * scale[:, :, None, None])
        features = self.noise(features * demodulation[:, :, None, None])
        # The gain keeps the variance that the rectifier takes; there is no normalisation to do so.
        styled: Tensor = self.activation(features + self.bias.view(-1, 1, 1)) * HE_GAIN
        return styled
