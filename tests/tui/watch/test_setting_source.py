"""A setting drawn over the steps: stairs that change where the setting changed."""

from __future__ import annotations

import pytest

from ganterm.render.chart import Trace, View, draw_chart
from ganterm.runs.live import LiveChange
from ganterm.tui.watch.setting_source import SettingSource


def test_it_has_its_value_until_it_changes() -> None:
    source = SettingSource(2.0, [LiveChange(50, "lr_g", 2.0, 1.0)], 100)
    assert [source.at(step) for step in (0, 49, 50, 100)] == [2.0, 2.0, 1.0, 1.0]
    assert source.extent == (0, 100)


def test_every_column_within_the_run_has_a_value() -> None:
    source = SettingSource(2.0, [LiveChange(50, "lr_g", 2.0, 1.0)], 100)
    bins = source.window(0, 200, 20)
    assert [each.last if each else None for each in bins] == [2.0] * 4 + [1.0] * 7 + [None] * 9


def test_a_branch_has_it_from_where_it_began() -> None:
    source = SettingSource(2.0, [LiveChange(50, "lr_g", 2.0, 1.0)], 100, first=40)
    assert source.extent == (40, 100)
    assert len(source) == 61
    bins = source.window(0, 100, 10)
    assert [each.last if each else None for each in bins] == [None] * 3 + [2.0] + [1.0] * 6


def test_a_change_shorter_than_a_column_is_in_its_band() -> None:
    changes = [LiveChange(500, "lr_g", 2.0, 9.0), LiveChange(520, "lr_g", 9.0, 2.0)]
    (column,) = SettingSource(2.0, changes, 1000).window(450, 550, 1)
    assert column is not None
    assert (column.low, column.high) == (2.0, 9.0)


def test_a_schedule_is_multiplied_in() -> None:
    source = SettingSource(2.0, [], 100, lambda step: 1 - step / 100)
    assert source.at(50) == 1.0


@pytest.mark.parametrize("value", ["auto", None, True])
def test_what_is_no_number_is_passed_over(value: object) -> None:
    assert SettingSource(2.0, [LiveChange(5, "lr_g", 2.0, value)], 10).at(10) == 2.0


def test_a_chart_draws_it() -> None:
    source = SettingSource(2e-4, [LiveChange(50, "lr_g", 2e-4, 1e-4)], 100)
    chart = draw_chart([Trace("lr_g", source)], 60, 12, View(crosshair=20))
    assert chart.readings[0].value == 2e-4
