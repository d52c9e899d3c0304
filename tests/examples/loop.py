"""A GAN of 8x8 digits in a plain loop; three lines of ganterm's make a run of it."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import softplus

import ganterm

real = torch.tensor(load_digits().images, dtype=torch.float32).flatten(1) / 8 - 1
G = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh())
D = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
fixed = torch.randn(64, 16)
opt_g, opt_d = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
with ganterm.init("loop", {"dataset": "digits", "steps": 500}) as run:
    for step in range(1, run.config["steps"] + 1):
        z, x = torch.randn(64, 16), real[torch.randint(len(real), (64,))]
        loss_d = (softplus(-D(x)) + softplus(D(G(z).detach()))).mean()
        opt_d.zero_grad(), loss_d.backward(), opt_d.step()
        loss_g = softplus(-D(G(z))).mean()
        opt_g.zero_grad(), loss_g.backward(), opt_g.step()
        run.log({"loss_d": loss_d, "loss_g": loss_g}, images=lambda: G(fixed).view(-1, 1, 8, 8))
    run.checkpoint(generator=G, discriminator=D)
