"""A GAN of 8x8 digits by a plain loop, with ganterm as its face; run again, it goes on."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import softplus

import ganterm

real = torch.tensor(load_digits().images, dtype=torch.float32).flatten(1) / 8 - 1
fixed = torch.randn(64, 16, generator=torch.Generator().manual_seed(1))
G = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh())
D = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
opt_g, opt_d = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
parts = {"generator": G, "discriminator": D, "optimizer_g": opt_g, "optimizer_d": opt_d}
config = {"lr": 2e-4, "batch_size": 64, "steps": 20_000, "save_every": 500, "loss": "bce"}
config["dataset"] = "digits"  # what `ganterm judge` compares with

with ganterm.init("own-loop", config, resume=True) as run:
    step = run.restore(**parts)
    while step < run.config["steps"] and not run.should_stop:
        step += 1
        for group in (*opt_g.param_groups, *opt_d.param_groups):
            group["lr"] = run.config["lr"]
        z, x = torch.randn(64, 16), real[torch.randint(len(real), (64,))]
        loss_d = (softplus(-D(x)) + softplus(D(G(z).detach()))).mean()
        opt_d.zero_grad(), loss_d.backward(), opt_d.step()
        loss_g = softplus(-D(G(z))).mean()
        opt_g.zero_grad(), loss_g.backward(), opt_g.step()
        values = {"loss_d": loss_d, "loss_g": loss_g, "spread/fake": G(z).std()}
        run.log(values, step=step, images=lambda: G(fixed).reshape(-1, 1, 8, 8))
        if step % run.config["save_every"] == 0:
            run.checkpoint(**parts)
