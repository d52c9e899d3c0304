"""Parts of a schema: joined under flat keys in the order of the groups, and taken out again."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from ganterm.core.settings import OBJECTIVE, STEP, about, joined, part


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    pace: Annotated[int, about(STEP, "How fast.", ge=1)] = 3
    weight: Annotated[float, about(OBJECTIVE, "How heavy.")] = 1.0

    @property
    def doubled(self) -> float:
        return 2 * self.weight


class Words(msgspec.Struct, frozen=True, kw_only=True):
    word: Annotated[str, about(OBJECTIVE, "What is said.")] = "a"


Config = joined("Config", Pace, Words, doc="All settings.", module=__name__)


def test_fields_of_all_parts_are_flat_and_stand_by_group() -> None:
    assert Config.__struct_fields__ == ("weight", "word", "pace")
    config = Config(pace=5)
    assert (config.pace, config.weight, config.word) == (5, 1.0, "a")
    assert config.doubled == 2.0
    assert (Config.__name__, Config.__module__, Config.__doc__) == (
        "Config",
        __name__,
        "All settings.",
    )


def test_bounds_and_names_are_kept() -> None:
    assert msgspec.convert({"pace": 2}, Config) == Config(pace=2)
    for wrong in ({"pace": 0}, {"step": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Config)


def test_a_part_is_taken_out_with_its_values() -> None:
    assert part(Config(weight=4.0, word="b"), Pace) == Pace(pace=3, weight=4.0)


def test_a_key_belongs_to_one_part() -> None:
    with pytest.raises(TypeError, match="Pace declares pace a second time"):
        joined("Twice", Pace, Pace, doc="", module=__name__)
