"""Few small images are computed on one core, and the others come back afterwards."""

import pytest
import torch

from ganterm.latent.threads import one_thread


def test_there_is_one_thread_within_and_as_many_as_before_afterwards() -> None:
    """Also when something goes wrong within."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
