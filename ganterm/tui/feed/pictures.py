"""Sample sheets read off the screen's thread, the one that is wanted now before all others."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganterm.core.errors import DataError
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, rows_of_sheet

KEPT_BYTES: Final = 32 << 20
"""Pixels that are kept in memory."""

_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Sheet:
    """The images of one file; `trouble` says why there are none.

    `classes` are those that its rows show, by name, where each shows one.
    """

    images: Sequence[Raster] = ()
    trouble: str = ""
    classes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its pixels, and a little for itself."""
        return 256 + sum(len(image.pixels) for image in self.images)


READING: Final = Sheet(trouble="reading …")
"""Stands for what has not been read yet."""
_NO_REAL: Final = Sheet(trouble="no real data were saved")


class PictureLoader:
    """Reads what is wanted, in a thread, and keeps what was read lately."""

    def __init__(self, wake: Callable[[], object], *, background: bool = True) -> None:
        """Begin with nothing.

        `wake` is called, from the thread, when a sheet has come. Without `background` there is no
        thread: what is wanted is read at once.
        """
        self._wake = wake
        self._background = background
        self._sheets: OrderedDict[Path, tuple[_Stamp | None, Sheet]] = OrderedDict()
        self._wanted: list[Path] = []
        self._state = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def get(self, path: Path) -> Sheet | None:
        """Return a sheet as it was last read; None if it was not read yet."""
        with self._state:
            kept = self._sheets.get(path)
            if kept is None:
                return None
            self._sheets.move_to_end(path)
            return kept[1]

    def beside(self, real: Path | None) -> Sheet | None:
        """Return the sheet of real images at `real`; None where none are wanted.

        Not every run has them; what cannot be read is taken for that.
        """
        if real is None:
            return None
        sheet = self.get(real) or READING
        return _NO_REAL if sheet.trouble and sheet is not READING else sheet

    def want(self, *paths: Path) -> None:
        """Read these next, in this order, and nothing that was wanted before.

        A file that was read already is read again if it has been written since.
        """
        if not self._background:
            for path in paths:
                self._read(path)
            return
        with self._state:
            self._wanted = list(paths)
            if self._thread is None and paths and not self._stopped:
                self._thread = threading.Thread(
                    target=self._run, name="ganterm-pictures", daemon=True
                )
                self._thread.start()
            self._state.notify()

    def stop(self) -> None:
        """Read no more."""
        with self._state:
            self._stopped = True
            self._wanted = []
            self._state.notify()

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._stopped or self._wanted)
                if self._stopped:
                    return
                path = self._wanted.pop(0)
            if self._read(path):
                self._wake()

    def _read(self, path: Path) -> bool:
        """Read a file unless it was read as it is; tell whether it was."""
        stamp = _stamp(path)
        with self._state:
            kept = self._sheets.get(path)
        if kept is not None and kept[0] == stamp:
            return False
        try:
            sheet = Sheet(load_sheet(path), classes=rows_of_sheet(path))
        except DataError as error:
            sheet = Sheet(trouble=str(error))
        with self._state:
            self._sheets[path] = stamp, sheet
            self._sheets.move_to_end(path)
            size = sum(each.size for _, each in self._sheets.values())
            while size > KEPT_BYTES and len(self._sheets) > 1:
                _, (_, oldest) = self._sheets.popitem(last=False)
                size -= oldest.size
        return True


def _stamp(path: Path) -> _Stamp | None:
    with contextlib.suppress(OSError, ValueError):
        found = path.stat()
        return (found.st_mtime_ns, found.st_size, found.st_ino)
    return None
