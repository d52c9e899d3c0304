"""Each detector finds its trouble in a made-up stream within 200 steps, once, and sees it end."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors import DETECTORS
from tests.doctor.streams import Change, alerts, config, judged, metrics

BEGINS, ENDS, LENGTH = 400, 1000, 1400

TROUBLES: dict[str, dict[str, Any]] = {
    "d-too-strong": {"d_loss": 1e-4, "acc_real": 1.0, "acc_fake": 1.0},
    "g-too-strong": {"d_real": 0.4, "d_fake": 0.6},
    "mode-collapse": {"diversity": 0.05},
    "vanishing-gradient": {"grad_norm_g": 1e-6},
    "exploding-gradient": {"grad_norm_d": 5e4},
    "runaway": {"g_loss": 674.0},
    "stall": {"d_loss": 0.69, "g_loss": 0.7},
    "not-finite": {"g_loss": None},
}


ALWAYS: dict[str, dict[str, Any]] = {"stall": {"diversity": 0.25}}
"""Without which it were none: what is varied may stand still."""


def between(code: str, begins: int = BEGINS, ends: int = ENDS) -> Change:
    """Return what a stream has that is in trouble between two steps."""
    always = ALWAYS.get(code, {})
    return lambda step: {**always, **(TROUBLES[code] if begins < step <= ends else {})}


def test_nothing_is_found_in_a_healthy_stream() -> None:
    assert alerts(metrics(20_000)) == []


@pytest.mark.parametrize("every", [1, 10, 50])
@pytest.mark.parametrize("code", TROUBLES)
def test_a_trouble_is_told_of_once_and_its_end_once(code: str, every: int) -> None:
    found = alerts(metrics(LENGTH, between(code), every=every))
    assert [(name, cleared) for _, name, cleared in found] == [(code, False), (code, True)]
    (raised, _, _), (over, _, _) = found
    assert BEGINS < raised <= BEGINS + 250
    assert ENDS < over <= LENGTH


@pytest.mark.parametrize("code", TROUBLES)
def test_a_moment_of_it_is_no_trouble(code: str) -> None:
    """What passes within thirty steps is part of the game; but for NaN, which never is."""
    stream = metrics(1000, between(code, 500, 530))
    assert [name for _, name, _ in alerts(stream)] == (
        ["not-finite", "not-finite"] if code == "not-finite" else []
    )


def test_fields_that_are_missing_are_no_trouble() -> None:
    stream = metrics(2000)
    missing = {"grad_norm_g", "grad_norm_d", "diversity", "d_real"}
    bare = [
        MetricsRecord(
            step=each.step, values={k: each.values[k] for k in each.values.keys() - missing}
        )
        for each in stream
    ]
    assert alerts(bare) == []


def test_a_game_that_is_decided_may_stand_still() -> None:
    """At the equilibrium both losses are constant, and the samples as varied as real ones."""
    assert alerts(metrics(2000, lambda _: {"d_loss": 0.69, "g_loss": 0.69})) == []


@pytest.mark.parametrize("code", ["mode-collapse", "vanishing-gradient"])
def test_two_records_of_three_are_enough(code: str) -> None:
    """A collapse flickers: now and then a batch looks as it should."""
    broken = between(code)
    found = alerts(metrics(LENGTH, lambda step: {} if step % 30 == 0 else broken(step)))
    assert (found[0][1], BEGINS < found[0][0] <= BEGINS + 200) == (code, True)


def test_samples_that_never_become_varied_are_a_collapse_where_d_wins() -> None:
    poor = {"diversity": 0.2, "acc_real": 0.98, "acc_fake": 1.0}
    found = alerts(metrics(1500, lambda _: poor))
    assert [(code, 1000 <= step <= 1100) for step, code, _ in found] == [("mode-collapse", True)]
    assert alerts(metrics(1500, lambda _: {**poor, "acc_real": 0.7})) == []
    assert alerts(metrics(1500, lambda step: {**poor, "diversity": step / 2500})) == []


def test_samples_that_never_were_varied_collapse_when_they_are_all_alike() -> None:
    """Far below what little they had: a young run's diversity wanders."""

    def codes(low: float) -> list[str]:
        falls = metrics(600, lambda step: {"diversity": 0.2 if step < 300 else low})
        return [code for _, code, _ in alerts(falls)]

    assert codes(0.06) == []
    assert codes(0.03) == ["mode-collapse"]


def test_a_loss_that_saturates_starves_g_of_a_d_that_wins() -> None:
    """Whatever the norm of its gradient, which a steep D keeps up."""
    won = metrics(600, lambda _: {"d_fake": 0.002})
    assert [code for _, code, _ in alerts(won, config(loss="minimax"))] == ["vanishing-gradient"]
    assert alerts(won) == []


@pytest.mark.parametrize("lasts", [20, 40, 60])
def test_victories_that_change_sides_are_an_oscillation(lasts: int) -> None:
    """However long they last, and from the same step on however often they are written down."""

    def swung(every: int) -> list[tuple[int, str, bool]]:
        def means(step: int) -> dict[str, float]:
            window = range(step - every, step)
            sides = [each // lasts % 2 if BEGINS <= each < ENDS else 0.3 for each in window]
            return {"acc_fake": 0.97 - 0.94 * sum(sides) / every, "acc_real": 0.95}

        return alerts(metrics(LENGTH, means, every=every), config(log_every=every))

    (raised, _, _), (over, _, _) = found = swung(10)
    assert [(code, cleared) for _, code, cleared in found] == [
        ("oscillation", False),
        ("oscillation", True),
    ]
    assert BEGINS < raised <= BEGINS + 250
    assert ENDS < over <= LENGTH
    assert swung(1) == swung(5) == found


def test_what_is_written_down_seldom_shows_swings_that_are_as_slow() -> None:
    swings = metrics(LENGTH, lambda step: {"acc_fake": step // 50 % 2, "acc_real": 0.95}, every=50)
    assert {code for _, code, _ in alerts(swings, config(log_every=50))} == {"oscillation"}


def test_a_d_that_guesses_does_not_oscillate() -> None:
    """All of its outputs are near the threshold, and batches fall to one side or the other."""

    def codes(real: float) -> set[str]:
        swings = metrics(LENGTH, lambda step: {"acc_fake": step // 20 % 2, "acc_real": real})
        return {code for _, code, _ in alerts(swings)}

    assert codes(0.95) == {"oscillation"}
    assert codes(0.6) == set()


@pytest.mark.parametrize(
    ("settings", "loss"),
    [
        ({}, math.log(2)),
        ({"d_reduction": "sum"}, 2 * math.log(2)),
        ({"loss": "least-squares"}, 1 / 8),
        ({"loss": "hinge"}, 1.0),
        ({"loss": "relativistic"}, math.log(2) / 2),
    ],
)
def test_strength_is_measured_in_the_loss_s_own_scale(
    settings: dict[str, Any], loss: float
) -> None:
    """A thousandth of guessing is hopeless under every loss, and a tenth is not."""
    for share, expected in ((0.001, ["d-too-strong"]), (0.1, [])):
        spread = lambda step, s=share: {"d_loss": loss * s * (1 + step % 7 / 10)}  # noqa: E731
        found = alerts(metrics(600, spread), config(**settings))
        assert [code for _, code, _ in found] == expected


def test_a_perfect_discriminator_of_smoothed_labels_is_found() -> None:
    """Its loss cannot fall below the entropy of the label, which is taken off."""
    least = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1)) / 2
    stream = metrics(600, lambda step: {"d_loss": least + 1e-5 * (step % 7)})
    assert [code for _, code, _ in alerts(stream, config(real_label=0.9))] == ["d-too-strong"]


def test_a_critic_is_never_called_too_strong() -> None:
    stream = metrics(600, lambda step: {"d_loss": -50.0 + step % 7, "d_real": 40.0, "d_fake": -9.0})
    settings = {"loss": "wasserstein", "penalty": "wgan-gp", "d_norm": "none"}
    assert alerts(stream, config(**settings)) == []


def test_few_modes_of_the_ring_are_a_collapse_and_a_slow_start_is_not() -> None:
    def ring(found: int, lost: int = 2000, found_again: int = 2000) -> list[Any]:
        def measured(step: int) -> dict[str, Any]:
            held = found < step <= lost or step > found_again
            return {"modes": 8.0 if held else 2.5, "diversity": 0.6}

        return alerts(metrics(2000, measured), config(recipe="ring"))

    assert ring(found=400) == []
    (begin, code, cleared), (end, _, over) = ring(found=400, lost=1000, found_again=1500)
    assert (code, cleared, over) == ("mode-collapse", False, True)
    assert 1000 < begin <= 1000 + 200 + 40
    assert end > 1500
    assert [code for _, code, _ in ring(found=1500)] == ["mode-collapse"] * 2


def test_layers_that_spectral_normalisation_lets_go_are_found() -> None:
    """Records that do not measure them in between change nothing."""
    values = [{"0": 1.001}, {"0": 1.01, "2": 1.6}, {"0": 1.0, "2": 1.15}, {"0": 1.0, "2": 1.02}]
    told = [
        MetricsRecord(
            step=1000 * n, values={f"singular_value {name}": v for name, v in each.items()}
        )
        for n, each in enumerate(values)
    ]
    between = [MetricsRecord(step=each.step + 500, values={"g_loss": 1.0}) for each in told]
    assert alerts(each for both in zip(told, between, strict=True) for each in both) == [
        (1000, "spectral-norm", False),
        (3000, "spectral-norm", True),
    ]


def test_copies_missing_classes_and_a_plateau_are_found_in_judgements() -> None:
    classes = [str(digit) for digit in range(10)]
    copies = [judged(1000, copies=0.3, floor={"copies": 0.01}), judged(2000, copies=0.02)]
    assert alerts(copies) == [(1000, "memorising", False), (2000, "memorising", True)]
    missing = [judged(1000 * n, modes=m, classes=classes) for n, m in enumerate((3, 4, 9))]
    assert alerts(missing) == [(1000, "lost-classes", False), (2000, "lost-classes", True)]
    distances = [90.0, 40.0, *[42.0, 41.0, 39.9] * 2, 20.0]
    plateau = [judged(1000 * n, fid=distance) for n, distance in enumerate(distances)]
    assert alerts(plateau) == [(7000, "plateau", False), (8000, "plateau", True)]


@pytest.mark.parametrize(
    ("settings", "values", "found"),
    [
        # By the sign of D's output, where that tells, once the images have passed often enough.
        ({}, {"acc_real": 0.95}, True),
        ({}, {"acc_real": 0.85}, False),
        ({"loss": "relativistic"}, {"acc_real": 1.0}, False),
        ({"loss": "relativistic"}, {"overfitting": 0.9}, True),
        ({"loss": "relativistic"}, {"overfitting": 0.6}, False),
        ({"loss": "wasserstein", "penalty": "wgan-gp"}, {"acc_real": 1.0}, False),
    ],
    ids=str,
)
def test_a_d_that_knows_its_images_by_heart_is_found(
    settings: dict[str, Any], values: dict[str, float], found: bool
) -> None:
    def change(step: int) -> dict[str, Any]:
        known = {**values, "epoch": step / 20}
        return known if step <= 2000 else {**known, "acc_real": 0.6, "overfitting": 0.3}

    told = alerts(metrics(4000, change), config(**settings))
    assert [each for each in told if each[1] == "memorising"] == (
        [(1500, "memorising", False), (2020, "memorising", True)] if found else []
    )
    early = metrics(4000, lambda step: {**values, "epoch": step / 100})
    assert "memorising" not in {code for _, code, _ in alerts(early, config(**settings))}


def test_another_judge_s_distances_begin_anew() -> None:
    """A worse figure of another judge is no sign of a plateau."""
    judges = ["one"] * 2 + ["another"] * 10
    stream = [
        judged(1000 * n, fid=1.0 if n < 2 else 50.0 - n, judge=judge)
        for n, judge in enumerate(judges)
    ]
    assert alerts(stream) == []


def test_codes_are_all_different() -> None:
    codes = [detector.code for detector in DETECTORS]
    assert len(set(codes)) == len(codes)
