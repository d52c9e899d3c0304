"""Holds downloads: torchvision's addresses, checked content, mirrors, and clear words offline."""

import dataclasses
import hashlib
import io
import socket
from http.client import IncompleteRead
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError

import pytest

from ganterm.components.datasets import DATASETS, Download, PublishedDataset
from ganterm.components.datasets.kmnist import KMNIST
from ganterm.core.errors import ConfigError, DataError, ExitCode
from ganterm.data import fetch
from ganterm.data.catalogue import is_available
from ganterm.data.fetch import fetch_dataset, open_address
from tests.data.files import some_images, some_labels, write_pair


class Web:
    """Serves files from memory; addresses it does not have raise what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.error = error or URLError(socket.gaierror(-3, "Temporary failure in name resolution"))
        self.asked: list[str] = []

    def __call__(self, address: str) -> BinaryIO:
        self.asked.append(address)
        if address not in self.files:
            raise self.error
        return io.BytesIO(self.files[address])


@pytest.fixture
def kmnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Web:
    """Four small files at two addresses each, the first of which is down."""
    web = Web()
    downloads = []
    for prefix in ("train", "t10k"):
        for path in write_pair(tmp_path / "web", prefix, some_images(4), some_labels(4)):
            good = f"https://good.example/{path.name}"
            web.files[good] = path.read_bytes()
            md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            downloads.append(Download(path.name, (f"https://down.example/{path.name}", good), md5))
    published = dataclasses.replace(KMNIST, downloads=lambda: downloads)
    monkeypatch.setattr(fetch, "published", lambda name, action: published)
    return web


def everything(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_every_dataset_has_addresses_and_the_catalogues_checksums() -> None:
    published = [DATASETS.resolve(name) for name in DATASETS.names]
    assert {each.name for each in published if each.embedded} == {"digits", "tinted-digits", "ring"}
    for info in published:
        if isinstance(info, PublishedDataset):
            downloads = info.downloads()
            assert all(download.addresses for download in downloads)
            assert {download.file: download.md5 for download in downloads} == dict(info.md5s)


def test_a_mirror_that_is_down_is_passed_over(kmnist: Web, data_home: Path) -> None:
    report = fetch_dataset("kmnist", opener=kmnist)
    assert report is not None
    assert [(split.split, split.count) for split in report.splits] == [("train", 4), ("test", 4)]
    assert len(kmnist.asked) == 8
    assert everything(data_home) == {"train.safetensors", "test.safetensors"}


def test_what_is_stored_is_not_downloaded_again(kmnist: Web) -> None:
    fetch_dataset("kmnist", opener=kmnist)
    asked = len(kmnist.asked)
    assert fetch_dataset("kmnist", opener=kmnist) is None
    assert len(kmnist.asked) == asked
    assert fetch_dataset("kmnist", opener=kmnist, again=True) is not None


def test_content_with_another_checksum_is_thrown_away(kmnist: Web, data_home: Path) -> None:
    for address in kmnist.files:
        kmnist.files[address] += b"x"
    with pytest.raises(DataError, match=r"good.example: what came has another checksum"):
        fetch_dataset("kmnist", opener=kmnist)
    assert everything(data_home) == set()
    assert not is_available("kmnist", "train")


def test_files_that_came_are_kept_when_a_later_one_fails(kmnist: Web, data_home: Path) -> None:
    last = list(kmnist.files)[-1]
    body = kmnist.files.pop(last)
    with pytest.raises(DataError):
        fetch_dataset("kmnist", opener=kmnist)
    assert len(everything(data_home)) == 3
    kmnist.files[last] = body
    kmnist.asked.clear()
    assert fetch_dataset("kmnist", opener=kmnist) is not None
    assert {address.rsplit("/", 1)[-1] for address in kmnist.asked} == {last.rsplit("/", 1)[-1]}


class Broken(io.BytesIO):
    """Sends a little and then breaks off in one of several ways."""

    def __init__(self, how: Exception | None, length: int | None = None) -> None:
        super().__init__(b"a little")
        self.how = how
        self.length = length

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        if not block and self.how is not None:
            raise self.how
        return block


@pytest.mark.parametrize(
    ("how", "length", "words"),
    [
        (TimeoutError("timed out"), None, "no answer within 20 s"),
        (ConnectionResetError(104, "Connection reset by peer"), None, "Connection reset"),
        (IncompleteRead(b""), None, "the connection broke off"),
        (None, 100, "the connection broke off"),
    ],
)
@pytest.mark.usefixtures("kmnist")
def test_a_connection_that_breaks_is_said_and_leaves_nothing(
    data_home: Path, how: Exception | None, length: int | None, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        fetch_dataset("kmnist", opener=lambda address: Broken(how, length))
    assert everything(data_home) == set()


def test_a_server_that_never_stops_is_left(
    kmnist: Web, data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="far more than the published file"):
        fetch_dataset("kmnist", opener=kmnist)
    assert everything(data_home) == set()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (URLError(socket.gaierror(-3, "Temporary failure in name resolution")), "name resolution"),
        (URLError(TimeoutError()), "no answer within 20 s"),
        (HTTPError("http://x", 403, "Forbidden", None, None), "HTTP 403"),  # type: ignore[arg-type]
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (URLError("unknown url type"), "unknown url type"),
    ],
)
@pytest.mark.parametrize("name", ["mnist", "emnist-digits", "usps"])
def test_offline_says_why_and_how_to_go_on(name: str, error: Exception, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        fetch_dataset(name, opener=Web(error))
    message = str(caught.value)
    assert f"`ganterm data import {name} PATH`" in message
    assert "\n" not in message
    assert caught.value.exit_code == ExitCode.DATA


def test_only_web_addresses_are_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    for address in (f"file://{tmp_path}/secret", "ftp://host/x"):
        with pytest.raises(URLError):
            open_address(address)


def test_the_embedded_digits_need_no_download() -> None:
    with pytest.raises(ConfigError, match="nothing to fetch"):
        fetch_dataset("digits", opener=Web())
