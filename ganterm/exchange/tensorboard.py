"""Event files for TensorBoard, by its own library, which needs neither TensorFlow nor PyTorch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from ganterm.core.files import expanded, read_limited
from ganterm.core.records import EndRecord, Record
from ganterm.exchange.exporters import Beginning, Exporter, settings_of
from ganterm.render.imagefile import UnreadableImageError, opened
from ganterm.runs.layout import RunDir

_ENDING: Final = ".ganterm"
_LARGEST: Final = 64 << 20
"""Bytes of a picture."""


class EventFile:
    """An event file of a run: scalars, pictures, and its settings as hyperparameters."""

    def __init__(self, beginning: Beginning) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: PLC0415 - an extra
        from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: PLC0415

        self._event, self._summary = event_pb2, summary_pb2
        folder = folder_of(beginning.run, beginning.place)
        folder.mkdir(parents=True, exist_ok=True)
        if beginning.fresh:
            for old in folder.glob(f"events.out.tfevents.*{_ENDING}"):
                old.unlink()
        seconds, rest = divmod(time.time_ns(), 10**9)
        # They are read in the order of their names.
        name = f"events.out.tfevents.{seconds:010d}.{rest:09d}{_ENDING}"
        self._file: IO[bytes] = (folder / name).open("xb")
        self._records = RecordWriter(self._file)
        began = beginning.opening.time
        self._add(began, file_version="brain.Event:2")
        if beginning.fresh:
            self._void(0, began)
            self._hyperparameters(beginning)

    def scalars(self, at: int, record: Record, values: Mapping[str, float]) -> None:
        """Write what was measured as one event."""
        found = [self._value(tag=name, simple_value=value) for name, value in values.items()]
        self._add_summary(record.time, record.step, *found)

    def picture(self, at: int, record: Record, tag: str, path: Path) -> None:
        """Write a picture; one that cannot be read is left out."""
        try:
            with opened(path, follow=False) as image:
                (width, height), channels = image.size, len(image.getbands())
            data = read_limited(path, _LARGEST)
        except (OSError, UnreadableImageError):
            return
        image_of: Any = self._summary.Summary.Image
        picture = image_of(
            width=width, height=height, colorspace=channels, encoded_image_string=data
        )
        self._add_summary(record.time, record.step, self._value(tag=tag, image=picture))

    def take_back(self, record: Record) -> None:
        """Have readers drop the steps after the record's."""
        self._void(record.step + 1, record.time)

    def close(self, end: EndRecord | None) -> None:
        """Write how the run ended, and close."""
        if end is not None:
            from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2  # noqa: PLC0415

            well = end.reason != "failed"
            status = api_pb2.STATUS_SUCCESS if well else api_pb2.STATUS_FAILURE
            info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end.time)
            self._session(end.time, "END", session_end_info=info)
        self._file.close()

    def _hyperparameters(self, beginning: Beginning) -> None:
        from tensorboard.plugins.hparams import plugin_data_pb2  # noqa: PLC0415

        info = plugin_data_pb2.SessionStartInfo(start_time_secs=beginning.opening.time)
        for name, value in settings_of(beginning.opening.config).items():
            match value:
                case bool():
                    info.hparams[name].bool_value = value
                case str():
                    info.hparams[name].string_value = value
                case _:
                    info.hparams[name].number_value = value
        self._session(beginning.opening.time, "START", session_start_info=info)

    def _session(self, seconds: float, which: str, **info: Any) -> None:
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2  # noqa: PLC0415

        about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**info))
        name = getattr(metadata, f"SESSION_{which}_INFO_TAG")
        value = self._value(tag=name, metadata=about, tensor=metadata.NULL_TENSOR)
        self._add_summary(seconds, 0, value)

    def _void(self, step: int, seconds: float) -> None:
        begun = self._event.SessionLog(status=self._event.SessionLog.START)
        self._add(seconds, step=step, session_log=begun)

    def _value(self, **fields: Any) -> Any:
        return self._summary.Summary.Value(**fields)

    def _add_summary(self, seconds: float, step: int, *values: Any) -> None:
        self._add(seconds, step=step, summary=self._summary.Summary(value=values))

    def _add(self, seconds: float, **fields: Any) -> None:
        event = self._event.Event(wall_time=seconds, **fields)
        self._records.write(event.SerializeToString())
        self._file.flush()


def folder_of(run: RunDir, place: str) -> Path:
    """Return where the event files of a run go: those of several runs may share a logdir."""
    return expanded(place) / run.name if place else run.path


TENSORBOARD: Final = Exporter(
    title="TensorBoard",
    help="what was measured, sample grids and settings as event files, DIR/RUN/events...",
    place="tensorboard",
    log=EventFile,
    keeps=folder_of,
    erases=True,
    library="tensorboard",
    said="Wrote event files; `tensorboard --logdir {place}` shows them.",
)
