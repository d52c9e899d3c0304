"""Networks in the shape of the DCGAN of PyTorch's examples, narrower; they know no ganterm."""

import torch.nn as nn

nz, ngf, ndf, nc = 100, 8, 8, 3


class Generator(nn.Module):
    """Transposed convolutions, from 1x1 to 64x64."""

    def __init__(self, ngpu):
        super(Generator, self).__init__()
        self.ngpu = ngpu
        layers, width = [], ngf * 8
        layers += [nn.ConvTranspose2d(nz, width, 4, 1, 0, bias=False)]
        for _ in range(3):
            layers += [nn.BatchNorm2d(width), nn.ReLU(True)]
            layers += [nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False)]
            width //= 2
        layers += [nn.BatchNorm2d(width), nn.ReLU(True)]
        layers += [nn.ConvTranspose2d(width, nc, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self, ngpu):
        super(Discriminator, self).__init__()
        self.ngpu = ngpu
        layers, width = [nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], ndf
        for _ in range(3):
            layers += [nn.Conv2d(width, width * 2, 4, 2, 1, bias=False)]
            layers += [nn.BatchNorm2d(width * 2), nn.LeakyReLU(0.2, inplace=True)]
            width *= 2
        layers += [nn.Conv2d(width, 1, 4, 1, 0, bias=False), nn.Sigmoid()]
        self.main = nn.Sequential(*layers)

    def forward(self, input):
        return self.main(input).view(-1, 1).squeeze(1)
