"""A signal is remembered until the worker looks."""

import signal

from ganterm.worker.signals import StopFlag


def test_a_signal_is_remembered_by_its_name() -> None:
    """The flag is up from the first signal on."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        flag = StopFlag(signal.SIGUSR1)
        assert not flag
        assert flag.name == ""
        signal.raise_signal(signal.SIGUSR1)
        assert flag
        assert flag.name == "SIGUSR1"
    finally:
        signal.signal(signal.SIGUSR1, before)
