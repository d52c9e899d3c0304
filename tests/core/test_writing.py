"""A file is replaced whole or not at all, and a failure leaves no temporary file."""

import errno
import os
import random
import stat
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from ganterm.core import files
from ganterm.core.errors import ExitCode
from ganterm.core.files import remove_stale_temps, storage_trouble, write_atomically
from tests.runs.conftest import open_dir, small_disk
from tests.runs.helpers import BECOME_NOBODY, Child, temps_in

__all__ = ["open_dir", "small_disk"]


@pytest.mark.parametrize("sync", [True, False])
def test_bytes_replace_what_was_there(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "status.json"
    for content in (b"one", b"", b"x" * 3_000_000):
        write_atomically(path, content, sync=sync)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_function_writes_beside(tmp_path: Path) -> None:
    path = tmp_path / "grid.png"
    path.write_bytes(b"old")

    def write(temp: BinaryIO) -> None:
        assert path.read_bytes() == b"old"
        temp.write(b"new")

    write_atomically(path, write)
    assert path.read_bytes() == b"new"


def test_the_content_is_on_the_disk_before_its_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint"
    events: list[str] = []
    real_sync = os.fsync

    def fsync(descriptor: int) -> None:
        kind = "directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        events.append(f"sync {kind}, in place: {path.exists()}")
        real_sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(path, b"weights", check=lambda temp: events.append("check"))
    assert events == ["sync file, in place: False", "check", "sync directory, in place: True"]


@pytest.mark.parametrize("trouble", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_failure_at_any_point_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise trouble

    with pytest.raises(type(trouble)):
        write_atomically(path, fail)
    with pytest.raises(type(trouble)):
        write_atomically(path, b"new", check=fail)
    for owner, name in ((os, "fsync"), (os, "fdopen"), (os, "replace")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(type(trouble)):
                write_atomically(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]


def test_the_error_names_the_file_that_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "status.json"
    with pytest.raises(FileNotFoundError) as raised:
        write_atomically(path, b"")
    assert raised.value.filename == str(path)


def test_a_symbolic_link_is_replaced_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert target.read_bytes() == b"precious"
    assert not link.is_symlink()


def test_the_file_is_readable_by_those_the_umask_allows(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write_atomically(tmp_path / "status.json", b"")
    finally:
        os.umask(old)
    assert (tmp_path / "status.json").stat().st_mode & 0o777 == 0o644


FULL = """
import sys
from pathlib import Path
from typing import BinaryIO
from ganterm.core.files import write_atomically
path = Path(sys.argv[1]) / "step-1.safetensors"
write_atomically(path, b"old" * 1000)
try:
    write_atomically(path, b"x" * 1_000_000)
except OSError as error:
    print(error.strerror, error.filename)
print(path.read_bytes() == b"old" * 1000, len(list(path.parent.iterdir())))
"""


def test_a_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, small_disk: tuple[str, ...]
) -> None:
    with Child(FULL, tmp_path, prefix=small_disk) as child:
        expected = [f"No space left on device {tmp_path}/step-1.safetensors", "True 1"]
        assert child.rest() == expected


READ_ONLY = f"""
import os, sys
from pathlib import Path
from typing import BinaryIO
from ganterm.core.files import storage_trouble, write_atomically
{BECOME_NOBODY}
become_nobody()
path = Path(sys.argv[1]) / "status.json"
try:
    write_atomically(path, b"new")
except OSError as error:
    print(storage_trouble(error, path))
"""


def test_a_read_only_directory_is_named_in_one_line(open_dir: Path) -> None:
    open_dir.chmod(0o555)
    with Child(READ_ONLY, open_dir) as child:
        assert child.rest() == [
            f"cannot write {open_dir}/status.json: Permission denied; allow writing there or "
            "choose another place with --runs-dir"
        ]
    assert list(open_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "deleted or moved"),
        (errno.EIO, "check the disk"),
    ],
)
def test_trouble_with_storage_is_told_in_one_sentence(number: int, words: str) -> None:
    error = OSError(number, os.strerror(number), "/runs/a/journal.jsonl")
    told = storage_trouble(error, Path("/runs/a"))
    assert told.exit_code is ExitCode.TRAINING
    assert str(told).startswith(f"cannot write /runs/a/journal.jsonl: {os.strerror(number)}; ")
    assert words in str(told)


ENDLESS = """
import itertools, sys
from pathlib import Path
from typing import BinaryIO
from ganterm.core.files import write_atomically
for number in itertools.count(1):
    write_atomically(Path(sys.argv[1]) / "file", b"%09d" % number * 50_000)
    print(number, flush=True)
"""


def test_kill_9_leaves_a_whole_file_and_temps_that_are_known_for_what_they_are(
    tmp_path: Path,
) -> None:
    chance = random.Random(1)
    for _ in range(5):
        with Child(ENDLESS, tmp_path) as child:
            acknowledged = 0
            for _ in range(chance.randrange(1, 60)):
                acknowledged = int(child.hear())
            child.kill()
            acknowledged = max([acknowledged, *map(int, child.rest())])
        content = (tmp_path / "file").read_bytes()
        assert content == content[:9] * 50_000
        assert int(content[:9]) >= acknowledged
        remove_stale_temps(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_only_unfinished_files_are_removed_and_young_ones_can_be_spared(tmp_path: Path) -> None:
    kept, temp = tmp_path / "kept", tmp_path / f"{files.TEMP_PREFIX}1-ab-status.json"
    (tmp_path / f"{files.TEMP_PREFIX}directory").mkdir()
    kept.write_bytes(b"")
    temp.write_bytes(b"")
    assert remove_stale_temps(tmp_path, older_than=3600) == []
    two_hours_ago = time.time() - 7200
    os.utime(temp, (two_hours_ago, two_hours_ago))
    assert remove_stale_temps(tmp_path, older_than=3600) == [temp]
    assert kept.exists()
    assert remove_stale_temps(tmp_path / "missing") == []
    assert len(temps_in(tmp_path)) == 1
