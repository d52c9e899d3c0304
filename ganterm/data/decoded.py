"""Pictures that were decoded once, kept to be mapped into memory from then on.

A copy lies in `data_dir()/decoded`, named after what it was made of: the names, sizes and times of
all files, and the shape they were brought to. Its checksum is inside. The copies that were not used
for longest go where all together would take more than `MOST_BYTES`. What `ganterm.data.intake` took
in lies beside them.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from ganterm.core.errors import DataError
from ganterm.data.catalogue import data_dir
from ganterm.data.fit import in_pieces
from ganterm.data.images import ImageSet
from ganterm.data.listing import Listing, Original
from ganterm.data.store import StoredImages, stage

MOST_BYTES: Final = 20 << 30
KEEP_SECONDS = 0.5
"""What was decoded as quickly is not worth a copy."""


class Decoded:
    """The place of the decoded pictures of a split of a folder, brought to one shape."""

    def __init__(
        self, folder: Path, split: str, listing: Listing, shape: Mapping[str, object]
    ) -> None:
        told = hashlib.sha256(repr((1, sorted(shape.items()))).encode())
        own = b"%s\0%s" % (os.fsencode(folder), split.encode())
        whose = hashlib.sha256(told.digest() + own).hexdigest()[:8]
        told.update(listing.fingerprint(folder))
        stem = re.sub(r"[^a-zA-Z0-9_-]+", "-", folder.name)[:40]
        self._home = data_dir() / "decoded"
        self._of_folder, self._of_content = f"{stem}-{whose}-", f"-{told.hexdigest()[:32]}"
        self._began = time.monotonic()

    @property
    def path(self) -> Path:
        """Where they are kept."""
        return self._home / f"{self._of_folder}{self._of_content[1:]}.safetensors"

    def read(self, name: str) -> ImageSet | None:
        """Return them, mapped into memory; None where they are not kept, or are damaged."""
        for path in (self.path, *self._home.glob(f"*{self._of_content}.safetensors")):
            try:
                found = self._read(path, name)
            except (DataError, OSError, LookupError, ValueError, TypeError):
                continue
            if found is not None:
                return found
        return None

    def _read(self, path: Path, name: str) -> ImageSet | None:
        if not path.is_file():
            return None
        stored = StoredImages(path)
        about = json.loads(stored.metadata["about"])
        original = about["original"] and msgspec.convert(about["original"], Original)
        found = ImageSet(
            stored.images(),
            stored.labels if about["classes"] else None,
            name=name,
            classes=tuple(about["classes"]),
            notes=about["notes"],
            original=original,
        )
        if found.crc32 != about["crc32"]:
            return None
        os.utime(path)
        return found

    def keep(self, found: ImageSet) -> ImageSet:
        """Keep pictures that took a while to decode; return them from where they are then.

        Where they cannot be kept, a note says so.
        """
        if time.monotonic() - self._began < KEEP_SECONDS:
            return found
        about = {
            "classes": found.classes,
            "notes": found.notes,
            "original": found.original and asdict(found.original),
            "crc32": found.crc32,
        }
        labels = found.images.new_zeros(len(found)) if found.labels is None else found.labels
        count, channels, height, width = found.images.shape
        try:
            make_room(self._home, found.images.numel(), self._of_folder)
            with stage(
                self.path,
                shape=(count, channels, height, width),
                images=(piece.numpy() for piece in in_pieces(found.images)),
                labels=labels.numpy(),
                metadata={"about": json.dumps(about)},
            ) as staged:
                staged.commit()
            return self._read(self.path, found.name) or found
        except (DataError, OSError) as error:
            found.notes.append(f"They are decoded again at every start: {error}")
            return found


def make_room(home: Path, needed: int, replaced: str = "") -> None:
    """Remove what was not used for longest of what is kept in `home`, where it is too much.

    What begins with `replaced` goes in any case.
    """
    left = []
    for path in [*home.glob("*.safetensors"), *home.glob("*.npz")]:
        status = path.stat()
        if replaced and path.name.startswith(replaced):
            path.unlink()
        else:
            left.append((max(status.st_mtime, status.st_atime), status.st_size, path))
    total = needed + sum(size for _, size, _ in left)
    for _, size, path in sorted(left):
        if total <= MOST_BYTES:
            break
        path.unlink()
        total -= size
