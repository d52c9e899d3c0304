"""Which charts a run has, and what they are compared with under its loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganterm.client.charts import KINDS, LOG_2, SettingSource, kinds_of
from ganterm.client.feed import RunFeed
from ganterm.core.records import Record
from ganterm.render.chart import Trace, View, draw_chart
from ganterm.runs.live import LiveChange
from tests.records import change, make_run, read_feed, record, start
from tests.tui.judged import verdict


def feed_of(tmp_path: Path, *records: Record, **config: Any) -> RunFeed:
    tmp_path.mkdir(exist_ok=True)
    return read_feed(make_run(tmp_path / "run", start(config=config), *records))


def references(name: str, config: dict[str, Any]) -> list[float]:
    kind = next(kind for kind in KINDS if kind.name == name)
    return [reference.value for reference in kind.references(config)]


def test_a_run_has_the_charts_that_it_has_points_for(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, record("metrics", 1, d_loss=1.0, wasserstein=2.0))
    assert [kind.name for kind in kinds_of(feed)] == ["losses", "penalty"]
    assert [kind.name for kind in kinds_of(None)] == ["losses"]


def test_every_quantity_of_the_issue_has_its_chart(tmp_path: Path) -> None:
    names = (
        *("d_loss", "g_loss", "d_loss_real", "d_loss_fake", "d_real", "d_fake", "acc_real"),
        *("acc_fake", "penalty", "wasserstein", "grad_norm_d", "grad_norm_g", "images_per_s"),
        *("modes", "diversity", "patch_distance", "overfitting", "augment_p"),
    )
    values = dict.fromkeys(names, 1.0)
    layers = {"body.0": 1.01, "head": 0.99}
    judged = [
        record("judged", step, **verdict(step, singular_values=layers)) for step in (100, 200)
    ]
    feed = feed_of(tmp_path, record("metrics", 1, **values), *judged, lr_g=1e-4, lr_d=1e-4)
    assert kinds_of(feed) == list(KINDS)
    drawn = {id(trace.source) for kind in KINDS for trace in kind.traces(feed)}
    assert {id(feed.series[name]) for name in names} <= drawn
    spectral = next(kind for kind in KINDS if kind.name == "spectral")
    assert [trace.label for trace in spectral.traces(feed)] == ["body.0", "head"]
    # A run that is never judged measures them as it trains.
    measured = {f"singular_value {name}": value for name, value in layers.items()}
    feed = feed_of(tmp_path / "unjudged", record("metrics", 1, **measured))
    assert [trace.label for trace in spectral.traces(feed)] == ["body.0", "head"]
    assert spectral in kinds_of(feed)


def test_a_loss_that_is_drawn_without_its_penalty_says_so(tmp_path: Path) -> None:
    losses = KINDS[0]
    told = record("metrics", 1, d_loss=1.0, g_loss=1.0)
    for penalty, label in (("wgan-gp", "D loss without penalty"), ("none", "D loss")):
        feed = feed_of(tmp_path / penalty, told, penalty=penalty)
        assert [trace.label for trace in losses.traces(feed)] == [label, "G loss"]


def test_scores_are_of_the_newest_judge_and_its_number_of_images(tmp_path: Path) -> None:
    """Two judges, or two numbers, are never one curve; one judgement is none."""
    told = [
        record("judged", 100, **verdict(100, judge="b" * 16)),
        record("judged", 100, **verdict(100)),
        record("judged", 200, **verdict(200, n=500)),
        record("metrics", 300, d_loss=1.0),
    ]
    assert [kind.name for kind in kinds_of(feed_of(tmp_path / "once", *told))] == ["losses"]
    feed = feed_of(tmp_path / "twice", *told, record("judged", 300, **verdict(300)))
    assert [kind.name for kind in kinds_of(feed)] == ["losses", "distance", "precision"]
    _, distance, precision = kinds_of(feed)
    (trace,) = distance.traces(feed)
    assert (trace.label, trace.source.extent) == ("FID, 10,000 images", (100, 300))
    assert [(each.value, each.label) for each in distance.compared_with(feed)] == [(0.61, "real")]
    assert [trace.style for trace in precision.traces(feed)] == [0, 1]


def test_rates_step_where_they_were_changed(tmp_path: Path) -> None:
    feed = feed_of(
        tmp_path,
        record("metrics", 50, d_loss=1.0),
        change(50, "lr_g", 5e-5),
        record("metrics", 100, d_loss=1.0),
        lr_g=1e-4,
        lr_d=3e-4,
    )
    rates = next(kind for kind in kinds_of(feed) if kind.name == "rates")
    values = {trace.label: trace.source for trace in rates.traces(feed)}
    bins = values["lr_g"].window(0, 100, 4)
    assert [each.last for each in bins if each] == [1e-4, 5e-5, 5e-5, 5e-5]
    assert [each.last for each in values["lr_d"].window(0, 100, 1) if each] == [3e-4]


def test_a_branch_has_rates_of_its_own_from_where_it_began(tmp_path: Path) -> None:
    begun = record("start", 40, config={"lr_g": 1e-4}, steps=100, parent="one@40")
    feed = read_feed(make_run(tmp_path / "run", begun, record("metrics", 100, d_loss=1.0)))
    rates = next(kind for kind in kinds_of(feed) if kind.name == "rates")
    assert [trace.source.extent for trace in rates.traces(feed)] == [(40, 100)]


def test_a_schedule_shows_in_the_rates(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, record("metrics", 100, d_loss=1.0), lr_g=1e-4, lr_schedule="cosine")
    rates = next(kind for kind in kinds_of(feed) if kind.name == "rates")
    (trace,) = rates.traces(feed)
    last = trace.source.window(0, 100, 100)[-1]
    assert last is not None
    assert last.last == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("config", "losses", "outputs", "error"),
    [
        ({}, [LOG_2], [0.5], [LOG_2]),
        ({"d_reduction": "sum"}, [LOG_2, 2 * LOG_2], [0.5], [LOG_2]),
        ({"loss": "minimax"}, [-LOG_2, LOG_2], [0.5], [LOG_2]),
        ({"loss": "wasserstein"}, [0.0], [0.0], [0.0]),
        ({"loss": "least-squares"}, [1 / 8], [0.5], [1 / 8]),
        ({"loss": "least-squares", "fake_label": -1.0}, [1 / 8], [0.0], [1 / 8]),
        ({"loss": "hinge"}, [0.0, 1.0], [0.0], [1.0]),
        ({"loss": "relativistic"}, [LOG_2 / 2, LOG_2], [0.0], [LOG_2 / 2]),
        ({"loss": "/home/someone/own.py:LOSS"}, [0.0], [0.0], [0.0]),
    ],
)
def test_what_an_even_game_looks_like(
    config: dict[str, Any], losses: list[float], outputs: list[float], error: list[float]
) -> None:
    assert references("losses", config) == pytest.approx(losses)
    assert references("outputs", config) == outputs
    assert references("error", config) == pytest.approx(error)
    assert references("accuracy", config) == [0.5]


@pytest.mark.parametrize("values", [[], [None], [1.0], [None, 1e308, -1e308], [None] * 50])
def test_every_chart_draws_whatever_there_is(tmp_path: Path, values: list[float | None]) -> None:
    records = [record("metrics", step, d_loss=value) for step, value in enumerate(values)]
    feed = feed_of(tmp_path, *records, lr_g="foreign", lr_d=0.0)
    for kind in KINDS:
        chart = draw_chart(kind.traces(feed), 40, 12, references=kind.references(feed.config))
        assert len(chart.rows) == 12


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
    source = SettingSource(2.0, [], 100, lambda value, step: value * (1 - step / 100))
    assert source.at(50) == 1.0


@pytest.mark.parametrize("value", ["auto", None, True])
def test_what_is_no_number_is_passed_over(value: object) -> None:
    assert SettingSource(2.0, [LiveChange(5, "lr_g", 2.0, value)], 10).at(10) == 2.0


def test_a_chart_draws_it() -> None:
    source = SettingSource(2e-4, [LiveChange(50, "lr_g", 2e-4, 1e-4)], 100)
    chart = draw_chart([Trace("lr_g", source)], 60, 12, View(crosshair=20))
    assert chart.readings[0].value == 2e-4
