"""What was sent over a slow link takes its time, and no longer than somebody would wait."""

from ganterm.tui.terminal.thrifty import MOST_SECONDS, Link


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_bytes_take_their_time() -> None:
    """One second for a thousand at a thousand a second; what follows waits for what came before."""
    clock = Clock()
    link = Link(1000.0, clock=clock)
    link.sent(1000)
    assert link.seconds_left == 1.0
    clock.now = 0.5
    link.sent(1500)
    assert link.seconds_left == 1.0
    clock.now = 2.0
    assert link.seconds_left == 0.0


def test_an_idle_link_saves_nothing_up() -> None:
    clock = Clock()
    link = Link(1000.0, clock=clock)
    clock.now = 100.0
    link.sent(500)
    assert link.seconds_left == 0.5
    link.sent(500)
    assert link.seconds_left == 0.5


def test_nobody_waits_for_ever() -> None:
    """A whole screen may be more than a slow link carries in a while, and the link quicker."""
    link = Link(1000.0, clock=Clock())
    link.sent(10**6)
    assert link.seconds_left == MOST_SECONDS


def test_other_links_are_always_free() -> None:
    link = Link(None, clock=Clock())
    link.sent(10**9)
    assert link.seconds_left == 0.0
