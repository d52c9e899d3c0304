"""The state that a step changes, kept so as to take the step back."""

from __future__ import annotations

from typing import Any

import torch

from ganterm.engine.build import Networks


class Snapshot:
    """Weights, buffers, optimisers and random numbers of a training at one moment.

    Copies stay on the device, as much memory as the networks and their optimisers hold.
    """

    def __init__(self, networks: Networks, device: torch.device) -> None:
        self._device = device
        modules = (networks.generator, networks.discriminator)
        self._tensors = [
            (tensor, tensor.detach().clone())
            for module in modules
            for tensor in (*module.parameters(), *module.buffers())
        ]
        self._optimizers = [
            (optimizer, _options(optimizer), _moments(optimizer))
            for optimizer in (networks.optimizer_g, networks.optimizer_d)
        ]
        self._cpu_random = torch.get_rng_state()
        self._cuda_random = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    @torch.no_grad()
    def restore(self) -> None:
        """Bring everything back to that moment, in place where it can; gradients are dropped."""
        for tensor, copy in self._tensors:
            tensor.copy_(copy)
        for optimizer, options, moments in self._optimizers:
            for group, before in zip(optimizer.param_groups, options, strict=True):
                _bring_back(group, before)
                for parameter in group["params"]:
                    parameter.grad = None
                    if parameter in moments:
                        _bring_back(optimizer.state[parameter], moments[parameter])
                    else:
                        optimizer.state.pop(parameter, None)
        torch.set_rng_state(self._cpu_random)
        if self._cuda_random is not None:
            torch.cuda.set_rng_state(self._cuda_random, self._device)


def _bring_back(values: dict[str, Any], before: dict[str, Any]) -> None:
    """Restore what was among `values`, tensors into the memory in which others know them."""
    for key, copy in before.items():
        if not isinstance(copy, torch.Tensor):
            values[key] = copy
        elif isinstance(standing := values.get(key), torch.Tensor):
            standing.copy_(copy)
        else:
            values[key] = copy.clone()


def _options(optimizer: torch.optim.Adam) -> list[dict[str, Any]]:
    """Return what each group of parameters is trained with, a learning rate held as tensor too."""
    return [
        {
            key: value.clone() if isinstance(value, torch.Tensor) else value
            for key, value in group.items()
            if key != "params"
        }
        for group in optimizer.param_groups
    ]


def _moments(optimizer: torch.optim.Adam) -> dict[torch.Tensor, dict[str, torch.Tensor]]:
    return {
        parameter: {key: value.clone() for key, value in values.items()}
        for parameter, values in optimizer.state.items()
    }
