"""Generators as widely read tutorials write them, and as they are saved there."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn


class PyTorchDcgan(nn.Module):
    """The DCGAN of PyTorch's tutorial, on grey images: one `main`, no biases."""

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 8),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.main(z[:, :, None, None])
        return images


class PyTorchGanDcgan(nn.Module):
    """The DCGAN of the PyTorch-GAN collection: 32 pixels, `l1` and `conv_blocks`, epsilon 0.8."""

    def __init__(self, latent_dim: int = 100, img_size: int = 32, channels: int = 1) -> None:
        super().__init__()
        self.init_size = img_size // 4
        self.l1 = nn.Sequential(nn.Linear(latent_dim, 128 * self.init_size**2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(128),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 128, 3, stride=1, padding=1),
            nn.BatchNorm2d(128, 0.8),
            nn.ReLU(inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 64, 3, stride=1, padding=1),
            nn.BatchNorm2d(64, 0.8),
            nn.ReLU(inplace=True),
            nn.Conv2d(64, channels, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        out = self.l1(z)
        images: Tensor = self.conv_blocks(out.view(out.shape[0], 128, self.init_size, -1))
        return images


class PyTorchGanMlp(nn.Module):
    """The fully connected GAN of the PyTorch-GAN collection; its 0.8 lands on epsilon."""

    def __init__(self, latent_dim: int = 100, side: int = 28) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, normalize: bool = True) -> list[nn.Module]:
            layers: list[nn.Module] = [nn.Linear(inputs, outputs)]
            if normalize:
                layers.append(nn.BatchNorm1d(outputs, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.side = side
        self.model = nn.Sequential(
            *block(latent_dim, 256, normalize=False),
            *block(256, 512),
            *block(512, 1024),
            nn.Linear(1024, side * side),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.model(z).view(z.shape[0], 1, self.side, self.side)
        return images


class NotebookDcgan(nn.Module):
    """The 28-pixel DCGAN of many notebooks: layers as attributes, not in the order of use."""

    def __init__(self, z_dim: int = 100) -> None:
        super().__init__()
        self.fc = nn.Linear(z_dim, 256 * 7 * 7)
        self.bn1 = nn.BatchNorm2d(128)
        self.bn2 = nn.BatchNorm2d(64)
        self.deconv1 = nn.ConvTranspose2d(256, 128, 3, stride=2, padding=1, output_padding=1)
        self.deconv2 = nn.ConvTranspose2d(128, 64, 3, stride=1, padding=1)
        self.deconv3 = nn.ConvTranspose2d(64, 1, 3, stride=2, padding=1, output_padding=1)

    def forward(self, z: Tensor) -> Tensor:
        act = nn.functional.leaky_relu
        out = self.fc(z).view(-1, 256, 7, 7)
        out = act(self.bn1(self.deconv1(out)), 0.01)
        out = act(self.bn2(self.deconv2(out)), 0.01)
        return torch.tanh(self.deconv3(out))


_Module = TypeVar("_Module", bound=nn.Module)


def lived(generator: _Module) -> _Module:
    """Return the generator as if it had been trained, with statistics; every call the same."""
    torch.manual_seed(11)
    for name, value in generator.state_dict().items():
        if name.endswith("running_var"):
            value.copy_(torch.rand_like(value) + 0.5)
        elif value.is_floating_point():
            value.copy_(torch.randn_like(value) * (0.3 if value.dim() == 1 else 0.05))
        elif name.endswith("num_batches_tracked"):
            value.fill_(1234)
    return generator.eval().requires_grad_(False)
