"""How often the screen may change: what a local terminal enjoys, a slow link chokes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Pace:
    """Rates for one kind of connection.

    Attributes:
        name: local, ssh or low-bandwidth.
        frames_per_second: how often at most a film changes. Answers to keys and mouse do not wait.
        looks_per_second: how often the runs are looked at, and so how often anything else changes
            by itself. Every look takes the processor from the threads of a training, which wait
            for one another.
        animations: whether things may move to their places instead of being there.
        rest_seconds: after how long a picture that stays is drawn in all its levels, having come in
            as few as its byte budget asks for; 0 where bytes are cheap and it comes so at once.
        frame_bytes: how many bytes a picture may take that does not rest; None for its budget.
        bytes_per_second: how many may be sent for what changes by itself; None likewise.
    """

    name: str
    frames_per_second: float
    looks_per_second: float
    animations: bool
    rest_seconds: float = 0.0
    frame_bytes: int | None = None
    bytes_per_second: float | None = None

    @property
    def poll_seconds(self) -> float:
        """Seconds between two looks at the runs."""
        return 1.0 / self.looks_per_second

    @classmethod
    def over(cls, *, ssh: bool, low_bandwidth: bool = False) -> Pace:
        """Return the pace of a connection: over SSH slower, with `low_bandwidth` slower yet."""
        if low_bandwidth:
            return LOW_BANDWIDTH
        return SSH if ssh else LOCAL


LOCAL: Final = Pace("local", frames_per_second=10.0, looks_per_second=3.0, animations=True)
SSH: Final = Pace(
    "ssh", frames_per_second=4.0, looks_per_second=3.0, animations=False, rest_seconds=0.6
)
LOW_BANDWIDTH: Final = Pace(
    "low-bandwidth",
    frames_per_second=1.0,
    looks_per_second=1.0,
    animations=False,
    rest_seconds=2.0,
    frame_bytes=6000,
    bytes_per_second=2500.0,
)
