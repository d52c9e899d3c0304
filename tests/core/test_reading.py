"""Only regular files are read, and never more of them than was asked for."""

import os
from pathlib import Path

import pytest

from ganterm.client.overview import settings_of
from ganterm.core.errors import DataError
from ganterm.core.files import (
    open_regular,
    open_to_append,
    read_limited,
    read_range,
    read_tail,
    regular_path,
)
from ganterm.render.png import load_image, save_png
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.runs.launch import log_tail
from ganterm.runs.layout import create_run
from ganterm.runs.state import observe
from ganterm.runs.status import read_status


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
    assert read_limited(link, 10, follow=True) == b"text"
    with pytest.raises(OSError, match="link"):
        read_limited(link, 10)


def test_a_range_is_short_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 12_000)
    descriptor = open_regular(path)
    try:
        assert read_range(descriptor, 3, 2_500_000) == path.read_bytes()[3:2_500_003]
        assert read_range(descriptor, 3_071_990, 100) == path.read_bytes()[-10:]
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("name", ["run.toml", "journal.jsonl", "status.json", "worker.log"])
def test_a_run_s_own_files_are_neither_pipes_nor_links(tmp_path: Path, name: str) -> None:
    """Whoever lists, reads or starts such a run does not hang, and nothing else is written."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"[run]\n")
    for make in (os.mkfifo, lambda path: path.symlink_to(secret)):
        run = create_run(tmp_path, None, "dcgan")
        make(run.path / name)
        assert settings_of(run) == {}
        assert log_tail(run) == []
        assert read_status(run.status) is None
        observe(run)
        with pytest.raises(OSError, match=r"regular|link|address|device"):
            os.close(open_to_append(run.path / name))
        with pytest.raises(OSError, match=r"regular|link"):
            read_tail(run.path / name, 10)
    assert secret.read_bytes() == b"[run]\n"


def test_the_end_of_a_file_begins_where_it_may(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"0123456789")
    assert read_tail(path, 4) == b"6789"
    assert read_tail(path, 100) == b"0123456789"
    assert read_tail(path, 100, begin=8) == b"89"


def test_a_link_in_the_place_of_a_sample_is_not_followed(tmp_path: Path) -> None:
    """A run's own grid is a file; a picture that the user names may be a link."""
    picture, link = tmp_path / "picture.png", tmp_path / "step-00000001.png"
    save_png(Raster(2, 1, 1, b"ab"), picture)
    link.symlink_to(picture)
    assert load_image(link).pixels == b"ab"
    with pytest.raises(DataError, match="cannot be read as an image"):
        load_sheet(link)
    assert rows_of_sheet(link) == ()


def test_what_opens_by_name_gets_a_regular_file(tmp_path: Path) -> None:
    """Under a name of plain ASCII, that of the file as it was when it was looked at."""
    path = tmp_path / "caf\udce9.bin"
    path.write_bytes(b"1234")
    with regular_path(path) as named:
        path.unlink()
        assert named.read_bytes() == b"1234"
        assert str(named).isascii()
    os.mkfifo(path)
    with pytest.raises(OSError, match="Not a regular file"), regular_path(path):
        pass
