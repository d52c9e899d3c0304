"""Over slow links the screen changes less often, and nothing moves for its own sake."""

import pytest

from ganterm.render.colour import over_ssh
from ganterm.tui.terminal.pace import LOCAL, LOW_BANDWIDTH, SSH, Pace


@pytest.mark.parametrize(
    ("environ", "low_bandwidth", "expected"),
    [
        ({}, False, LOCAL),
        ({"SSH_CONNECTION": ""}, False, LOCAL),
        ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, False, SSH),
        ({"SSH_TTY": "/dev/pts/1"}, False, SSH),
        ({"SSH_CLIENT": "10.0.0.1 5 22"}, False, SSH),
        ({}, True, LOW_BANDWIDTH),
        ({"SSH_TTY": "/dev/pts/1"}, True, LOW_BANDWIDTH),
    ],
)
def test_the_connection_sets_the_pace(
    environ: dict[str, str], low_bandwidth: bool, expected: Pace
) -> None:
    assert Pace.over(ssh=over_ssh(environ), low_bandwidth=low_bandwidth) is expected


def test_the_slower_the_link_the_fewer_the_frames() -> None:
    assert LOCAL.frames_per_second == 10
    assert SSH.frames_per_second == 4
    assert LOW_BANDWIDTH.frames_per_second <= 1
    assert LOCAL.animations
    assert not SSH.animations
    assert not LOW_BANDWIDTH.animations
    assert LOCAL.poll_seconds == SSH.poll_seconds == pytest.approx(1 / 3)
