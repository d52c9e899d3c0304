"""What a style does to features, and where the noise comes from."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from ganterm.components.networks.style import AdaptiveLayer, DemodulatedLayer, Mapping, Noise
from ganterm.core.dataspec import Size

W_DIM = 6


def adaptive() -> AdaptiveLayer:
    torch.manual_seed(0)
    return AdaptiveLayer(5, 4, size=Size(8, 8), w_dim=W_DIM, norm="auto")


def test_mapping_is_eight_linear_layers_with_leaky_relu() -> None:
    mapping = Mapping(10, W_DIM)
    kinds = [type(layer).__mro__[1] for layer in mapping.layers]
    assert kinds == [nn.Linear, nn.Module] * 8
    assert all(each.negative_slope == 0.2 for each in mapping.layers[1::2])


def test_mapping_reads_the_direction_of_z_alone() -> None:
    mapping, z = Mapping(10, W_DIM), torch.randn(3, 10)
    torch.testing.assert_close(mapping(z), mapping(5 * z))
    assert mapping(torch.zeros(1, 10)).isfinite().all()


def test_noise_is_new_for_each_training_image_and_fixed_in_evaluation() -> None:
    noise, features = Noise(3, Size(8, 8)), torch.zeros(2, 3, 8, 8)
    assert not noise(features).any(), "it begins without any"
    nn.init.constant_(noise.strength, 2.0)
    drawn = noise(features)
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[:, 0], drawn[:, 1]), "one picture for all channels"
    assert drawn.std().item() == pytest.approx(2, rel=0.3)
    noise.eval()
    torch.testing.assert_close(noise(features), (2 * noise.fixed).expand(2, 3, 8, 8))


def test_noise_follows_the_default_generator() -> None:
    noise, features = Noise(3, Size(8, 8)), torch.zeros(2, 3, 8, 8)
    nn.init.ones_(noise.strength)
    torch.manual_seed(5)
    first = noise(features)
    torch.manual_seed(5)
    assert torch.equal(noise(features), first)


def test_adaptive_normalisation_gives_each_channel_the_mean_and_deviation_of_the_style() -> None:
    layer = adaptive().eval()
    layer.activation = nn.LeakyReLU(1.0)  # nothing rectified, so that the moments can be seen
    w = torch.randn(3, W_DIM)
    features = layer(10 * torch.randn(3, 5, 8, 8) + 4, w)
    scale, bias = layer.style(w).chunk(2, dim=1)
    torch.testing.assert_close(features.mean((2, 3)), bias, atol=1e-4, rtol=0)
    deviation = features.std((2, 3), correction=0)
    torch.testing.assert_close(deviation, (1 + scale).abs(), atol=1e-3, rtol=0)


def test_adaptive_normalisation_is_instance_norm_and_an_affine_map() -> None:
    layer, features, w = adaptive().eval(), torch.randn(3, 5, 8, 8), torch.randn(3, W_DIM)
    scale, bias = (layer.style(w)[:, :, None, None]).chunk(2, dim=1)
    normalised = functional.instance_norm(layer.convolution(features))
    expected = functional.leaky_relu(normalised * (1 + scale) + bias, 0.2)
    torch.testing.assert_close(layer(features, w), expected)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_other_normalisations_keep_the_style(norm: str) -> None:
    torch.manual_seed(0)
    layer = AdaptiveLayer(
        5, 4, size=Size(8, 8), w_dim=W_DIM, norm="batch" if norm == "batch" else "none"
    )
    layer.activation = nn.LeakyReLU(1.0)
    features, w = torch.randn(3, 5, 8, 8), torch.randn(3, W_DIM)
    scale, bias = (layer.style(w)[:, :, None, None]).chunk(2, dim=1)
    between = layer.convolution(features)
    if norm == "batch":
        between = functional.batch_norm(between, None, None, training=True)
    torch.testing.assert_close(layer(features, w), between * (1 + scale) + bias)


def test_demodulation_is_a_convolution_with_weights_of_each_images_own() -> None:
    torch.manual_seed(0)
    layer = DemodulatedLayer(5, 4, size=Size(8, 8), w_dim=W_DIM).eval()
    features, w = torch.randn(3, 5, 8, 8), torch.randn(3, W_DIM)
    for index in range(3):
        weight = layer.convolution.weight * (1 + layer.style(w[index])).view(1, -1, 1, 1)
        weight = weight / weight.square().sum((1, 2, 3), keepdim=True).sqrt()
        single = functional.conv2d(features[index : index + 1], weight, padding=1)
        expected = math.sqrt(2) * functional.leaky_relu(single, 0.2)
        torch.testing.assert_close(layer(features, w)[index : index + 1], expected)


def test_demodulation_takes_the_styles_scale_back() -> None:
    torch.manual_seed(0)
    layer = DemodulatedLayer(32, 16, size=Size(16, 16), w_dim=W_DIM).eval()
    nn.init.constant_(layer.style.bias, 9.0)
    spread = layer(torch.randn(8, 32, 16, 16), torch.zeros(8, W_DIM)).std().item()
    assert spread == pytest.approx(0.9, abs=0.2)
