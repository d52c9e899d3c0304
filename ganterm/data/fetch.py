"""Downloading a dataset from the addresses torchvision's dataset classes list.

The classes' own download prints to the terminal, waits for ever on a connection that a firewall
swallows, and unpacks archives; here every byte is counted, timed, checked and then imported as a
local file would be.
"""

import hashlib
import http.client
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ganterm.components.datasets import DATASETS, Download, PublishedDataset
from ganterm.core.errors import DataError
from ganterm.data.catalogue import data_dir, is_available, published
from ganterm.data.importer import ImportReport, import_dataset
from ganterm.data.listing import TORCHVISION
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.streams import BLOCK, md5_of
from ganterm.data.torchvision_sets import fetch_torchvision

TIMEOUT = 20.0
"""Seconds without a single byte before an address is given up."""
MAX_BYTES = 4 << 30
"""The largest published file takes 2.6 GB."""

Opener = Callable[[str], BinaryIO]
"""Opens an address for reading; raises OSError. The object may have a `length` in bytes."""


def open_address(address: str) -> BinaryIO:
    """Open an http or https address, following redirects and the usual proxy variables."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise URLError("only http and https addresses are fetched")
    request = Request(address, headers={"User-Agent": "ganterm"})  # noqa: S310 - checked above
    response: BinaryIO = urlopen(request, timeout=TIMEOUT)  # noqa: S310
    return response


def fetch_dataset(
    name: str,
    *,
    again: bool = False,
    progress: ProgressCallback = silent,
    opener: Opener = open_address,
) -> ImportReport | None:
    """Download dataset `name`, check it against its published MD5 and store it.

    Returns None where it is stored already, unless `again`. Raises ConfigError for an unknown
    name, and DataError, saying how to go on without internet, where a download fails.
    """
    if name.startswith(TORCHVISION):
        return fetch_torchvision(name, again=again, progress=progress)
    info = published(name, "fetch")
    if not again and all(is_available(info.name, split) for split in info.splits):
        return None
    folder = data_dir() / "downloads" / (info.folder if info.archive else info.name)
    downloads = info.downloads()
    for download in downloads:
        _get(info, download, folder, progress, opener)
    report = import_dataset(
        info.name, folder / info.archive if info.archive else folder, progress=progress
    )
    others = (DATASETS.facts(name) for name in DATASETS.names if name != info.name)
    if info.archive and info.archive in {getattr(each, "archive", "") for each in others}:
        family = info.folder.upper()
        kept = f"{folder / info.archive} is kept for the other {family} sets; delete it freely."
        return ImportReport(report.name, report.splits, (*report.notes, kept))
    shutil.rmtree(folder, ignore_errors=True)
    return report


def _get(
    info: PublishedDataset,
    download: Download,
    folder: Path,
    progress: ProgressCallback,
    opener: Opener,
) -> None:
    path = folder / download.file
    partial = path.with_name(path.name + ".part")
    if path.is_file() and md5_of(path) == download.md5:
        return
    failures: list[str] = []
    for address in download.addresses:
        host = urlsplit(address).hostname or address
        try:
            response = opener(address)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{host}: {_reason(error)}")
            continue
        try:
            with response:
                md5 = _save(response, partial, download.file, progress)
            if md5 == download.md5:
                partial.replace(path)
                return
            failures.append(f"{host}: what came has another checksum")
        except _ConnectionLostError as error:
            failures.append(f"{host}: {error}")
        except OSError as error:
            raise DataError(
                f"{folder} cannot be written ({error.strerror}): make room or set GANTERM_DATA_DIR "
                "to another directory."
            ) from error
        finally:
            partial.unlink(missing_ok=True)
    raise DataError(
        f"{info.name} could not be downloaded ({'; '.join(failures)}): check the connection, or "
        f"bring {', '.join(d.file for d in info.downloads())} from a machine that has internet "
        f"and run `ganterm data import {info.name} PATH`."
    )


class _ConnectionLostError(Exception):
    """The other side stopped sending; the local disk is not to blame."""


def _save(response: BinaryIO, path: Path, name: str, progress: ProgressCallback) -> str:
    total = getattr(response, "length", None)
    digest = hashlib.md5(usedforsecurity=False)
    done = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while True:
            try:
                block = response.read(BLOCK // 4)
            except (OSError, http.client.HTTPException) as error:
                raise _ConnectionLostError(_reason(error)) from error
            if not block:
                if total is not None and done < total:
                    raise _ConnectionLostError("the connection broke off")
                return digest.hexdigest()
            done += len(block)
            if done > MAX_BYTES:
                raise _ConnectionLostError("it sends far more than the published file")
            file.write(block)
            digest.update(block)
            progress(f"fetching {name}", done, total, "bytes")


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {TIMEOUT:.0f} s"
    if isinstance(cause, http.client.IncompleteRead):
        return "the connection broke off"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__
