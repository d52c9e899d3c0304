"""Few small images are computed on one core, and the others come back afterwards."""

import contextlib

import torch

from ganterm.latent.threads import one_thread


def test_there_is_one_thread_within_and_as_many_as_before_afterwards() -> None:
    """Also when something goes wrong within."""
    before, within = torch.get_num_threads(), 0
    torch.set_num_threads(3)
    try:
        with contextlib.suppress(KeyError), one_thread():
            within = torch.get_num_threads()
            raise KeyError
        assert (within, torch.get_num_threads()) == (1, 3)
    finally:
        torch.set_num_threads(before)
