"""Only regular files are read, and never more of them than was asked for."""

import os
from pathlib import Path

import pytest

from ganterm.runs.files import open_regular, read_limited, read_range


def test_a_file_of_exactly_the_limit_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(OSError, match="Longer than 4 bytes"):
        read_limited(path, 4)


def test_what_would_block_or_never_end_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="Not a regular file"):
            read_limited(path, 10)


def test_links_are_followed_only_where_they_may_be(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"text")
    link.symlink_to(target)
    assert read_limited(link, 10) == b"text"
    with pytest.raises(OSError, match="link"):
        read_limited(link, 10, follow=False)


def test_a_range_is_short_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 12_000)
    descriptor = open_regular(path)
    try:
        assert read_range(descriptor, 3, 2_500_000) == path.read_bytes()[3:2_500_003]
        assert read_range(descriptor, 3_071_990, 100) == path.read_bytes()[-10:]
    finally:
        os.close(descriptor)
