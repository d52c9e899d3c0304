"""TensorBoard's event files, which anybody may have written: what was measured, drawn and set.

An event file is a sequence of records, each a length and its checksum, a protocol buffer and its
checksum. Nothing in one takes more memory or time than its bounds here, whatever it says.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import open_regular
from ganterm.core.quantities import called
from ganterm.core.records import MAX_STEP

MAX_EVENT: Final = 16 << 20
"""Bytes of an event; longer ones, such as graphs, are passed over."""
MAX_BYTES: Final = 1 << 32
MAX_POINTS: Final = 5_000_000
MAX_TAGS: Final = 250
MAX_PICTURES: Final = 100_000
MAX_VALUES: Final = 100_000
"""Values of an event."""
_LONGEST: Final = 500
"""Characters of a setting; a journal's line has to hold all of them."""
_HEADER: Final = 12
_FLOATS: Final = {1: "<f", 2: "<d", 3: "<i", 9: "<q"}
"""Of a tensor of one number that is told as bytes: its type, and how it is packed."""


@dataclass
class Curve:
    """What was measured of one quantity, in the order of the file; `eras` counts the restarts."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    eras: array[int] = field(default_factory=lambda: array("q"))


@dataclass(frozen=True)
class Place:
    """Where a picture stands: the bytes of its event, and which of several it is."""

    path: Path
    offset: int
    length: int
    tag: str
    step: int
    time: float
    era: int


@dataclass
class Logged:
    """What the event files of one directory say.

    Attributes:
        restarts: the steps from which on what was told before was told again.
        notes: what was left out, in sentences.
    """

    curves: dict[str, Curve] = field(default_factory=dict)
    pictures: list[Place] = field(default_factory=list)
    settings: dict[str, bool | float | str] = field(default_factory=dict)
    restarts: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _plugins: dict[str, str] = field(default_factory=dict)
    _points: int = 0

    def note(self, sentence: str) -> None:
        """Take down what was left out, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def add(self, event: Any, path: Path, offset: int, length: int) -> None:
        """Take in an event, which lies where it is said to."""
        if event.HasField("session_log") and event.session_log.status == 1:
            self.restarts.append(event.step)
        if not 0 <= event.step < MAX_STEP:
            return
        if len(event.summary.value) > MAX_VALUES:
            self.note(f"Events of more than {MAX_VALUES:,} values are left out.")
            return
        for value in event.summary.value:
            tag = called(value.tag)
            plugin = value.metadata.plugin_data.plugin_name
            if plugin and len(self._plugins) < MAX_TAGS:
                self._plugins[tag] = plugin
            plugin = plugin or self._plugins.get(tag, "")
            if plugin == "hparams":
                self._set(value.metadata.plugin_data.content)
            elif value.HasField("image") or plugin == "images":
                if len(self.pictures) < MAX_PICTURES:
                    era = len(self.restarts)
                    place = (path, offset, length, tag, event.step, event.wall_time, era)
                    self.pictures.append(Place(*place))
            elif (number := _number(value)) is not None:
                self._point(tag, event, number)

    def _point(self, tag: str, event: Any, number: float) -> None:
        if self._points >= MAX_POINTS:
            self.note(f"Only the first {MAX_POINTS:,} values are taken.")
        elif tag not in self.curves and len(self.curves) >= MAX_TAGS:
            self.note(f"Only the first {MAX_TAGS} quantities are taken.")
        else:
            curve = self.curves.setdefault(tag, Curve())
            self._points += 1
            curve.steps.append(event.step)
            curve.values.append(number)
            curve.times.append(event.wall_time)
            curve.eras.append(len(self.restarts))

    def _set(self, content: bytes) -> None:
        from tensorboard.plugins.hparams import plugin_data_pb2  # noqa: PLC0415 - an extra

        told = plugin_data_pb2.HParamsPluginData.FromString(content)
        for name, value in told.session_start_info.hparams.items():
            kind = value.WhichOneof("kind")
            if len(self.settings) >= MAX_TAGS:
                self.note(f"Only the first {MAX_TAGS} settings are taken.")
                return
            if kind in {"bool_value", "number_value"}:
                self.settings[name[:100]] = getattr(value, kind)
            elif kind == "string_value":
                self.settings[name[:100]] = value.string_value[:_LONGEST]


def event_folders(where: Path) -> list[Path]:
    """Return the directories from `where` down that hold event files; links are not followed."""
    if where.is_file():
        return [where]
    found = []
    for folder, _, names in os.walk(where):
        if any("tfevents" in name for name in names):
            found.append(Path(folder))
    return sorted(found)


def read_events(where: Path) -> Logged:
    """Read the event files of a directory, in the order of their names, or one file.

    A torn or damaged end is cut off, and said.

    Raises:
        ConfigError: TensorBoard is not installed.
        DataError: a file cannot be read.
    """
    try:
        from google.protobuf.message import DecodeError  # noqa: PLC0415 - an extra
        from tensorboard.compat.proto import event_pb2  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ConfigError(
            "Event files are read by TensorBoard; install it with `pip install "
            "'ganterm[tensorboard]'`."
        ) from None
    logged, left = Logged(), MAX_BYTES
    inside = (each for each in where.glob("*tfevents*") if not each.is_dir())
    paths = [where] if where.is_file() else sorted(inside)
    for path in paths:
        for offset, data in _events(path, logged):
            left -= len(data)
            if left < 0:
                logged.note(f"Only the first {MAX_BYTES >> 30} GiB are read.")
                return logged
            try:
                logged.add(event_pb2.Event.FromString(data), path, offset, len(data))
            except DecodeError:
                logged.note(f"{path.name} holds what is no event, which is left out.")
    return logged


def images_at(place: Place) -> list[bytes]:
    """Return the encoded images of a picture: one, or a batch of them."""
    from tensorboard.compat.proto import event_pb2  # noqa: PLC0415 - an extra

    with os.fdopen(open_regular(place.path, follow=True), "rb") as file:
        file.seek(place.offset)
        event = event_pb2.Event.FromString(file.read(place.length))
    for value in event.summary.value:
        if called(value.tag) == place.tag:
            if value.HasField("image"):
                return [value.image.encoded_image_string]
            return list(value.tensor.string_val)[2:]  # After width and height.
    return []


def _events(path: Path, logged: Logged) -> Iterator[tuple[int, bytes]]:
    """Yield where each event lies, and its bytes."""
    from tensorboard.compat.tensorflow_stub import pywrap_tensorflow  # noqa: PLC0415

    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as file:
            size, at = os.fstat(file.fileno()).st_size, 0
            while at < size:
                header = file.read(_HEADER)
                whole = len(header) == _HEADER
                length, check = struct.unpack("<QI", header) if whole else (0, 0)
                sound = whole and pywrap_tensorflow.masked_crc32c(header[:8]) == check
                begin, at = at + _HEADER, at + _HEADER + length + 4
                if not sound or at > size:
                    logged.note(f"{path.name} ends in the middle of an event, or is damaged there.")
                    return
                if length > MAX_EVENT:
                    logged.note(f"Events of more than {MAX_EVENT >> 20} MiB are left out.")
                else:
                    yield begin, file.read(length)
                file.seek(at)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _number(value: Any) -> float | None:
    """Return the number that a value of a summary is; None where it is none."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if not value.HasField("tensor"):
        return None
    tensor = value.tensor
    for numbers in (tensor.float_val, tensor.double_val, tensor.int_val, tensor.int64_val):
        if len(numbers) == 1:
            return float(numbers[0])
    kind, content = _FLOATS.get(tensor.dtype), tensor.tensor_content
    if kind is None or len(content) != struct.calcsize(kind):
        return None
    return float(struct.unpack(kind, content)[0])
