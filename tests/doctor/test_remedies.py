"""Every remedy is legal under every recipe, changes something, and says whether it is live."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ganterm import recipes
from ganterm.config import FIELDS, check, resolve
from ganterm.core.codec import body_of
from ganterm.doctor.detectors import DETECTORS
from ganterm.doctor.doctor import Doctor
from ganterm.doctor.remedies import in_words, remedies
from tests.doctor.streams import config, metrics

CODES = [detector.code for detector in DETECTORS]


@pytest.mark.parametrize("recipe", recipes.names())
def test_every_trouble_of_every_recipe_has_remedies_that_can_be_applied(recipe: str) -> None:
    under = resolve({"recipe": recipe}).config
    for code in set(CODES) - {"stall"}:
        offered = remedies(code, under)
        assert offered, code
        assert len({remedy.id for remedy in offered}) == len(offered)
        for remedy in offered:
            changed = msgspec.structs.replace(under, **remedy.settings)
            check(changed)
            assert changed != under
            if remedy.live:
                assert all(FIELDS[key].live for key in remedy.settings)


@pytest.mark.parametrize("code", sorted(set(CODES) - {"not-finite", "stall", "memorising"}))
def test_what_a_run_can_take_itself_comes_first(code: str) -> None:
    offered = [remedy.live for remedy in remedies(code, config())]
    assert offered[0]
    assert offered == sorted(offered, reverse=True)


def test_a_run_that_diverged_can_take_nothing_itself() -> None:
    assert not any(remedy.live for remedy in remedies("not-finite", config()))


def test_figures_come_from_the_settings_in_force() -> None:
    (first, *_) = remedies("mode-collapse", config(lr_g=3e-3))
    assert first.settings == {"lr_g": 0.000548, "lr_d": 0.0011}
    assert in_words([first]).startswith(
        "set lr_d to twice lr_g (lr_g 0.000548, lr_d 0.0011) (cured 4 of 5 of ring-collapse"
    )
    (first, *_) = remedies("mode-collapse", config())
    assert first.settings == {"lr_g": 1e-4}


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        ({}, ["augment"]),
        ({"augment": "cutout"}, ["augment"]),
        ({"augment": "cutout", "augment_p": 0.2}, ["adapt", "augment"]),
        ({"augment": "colour,translation,cutout", "augment_p": 0.2}, ["adapt"]),
        ({"augment": "colour,translation,cutout", "augment_target": 0.6}, []),
        ({"loss": "relativistic"}, ["augment", "hold-out"]),
        ({"loss": "relativistic", "holdout": 0.2}, ["augment"]),
    ],
    ids=str,
)
def test_what_is_memorised_is_augmented(settings: dict[str, Any], ids: list[str]) -> None:
    offered = {remedy.id: remedy for remedy in remedies("memorising", config(**settings))}
    assert [each for each in offered if each in {"adapt", "augment", "hold-out"}] == ids
    for each, remedy in offered.items():
        assert remedy.live == (each == "adapt")
    adapted = {each for each in offered if "augment_target" in offered[each].settings}
    assert adapted == set(ids) - ({"augment"} if "hold-out" in ids else set())


def test_labels_are_smoothed_only_where_the_loss_has_some() -> None:
    ids = [remedy.id for remedy in remedies("d-too-strong", config())]
    assert "smooth-labels" in ids
    hinge = [remedy.id for remedy in remedies("d-too-strong", config(loss="hinge"))]
    assert "smooth-labels" not in hinge


def test_beta1_is_lowered_only_where_the_optimiser_has_one() -> None:
    for optimizer, lowered in (("adam", True), ("rmsprop", False)):
        found = remedies("mode-collapse", config(optimizer=optimizer, beta1=0.9))
        (r1,) = (remedy for remedy in found if remedy.id == "r1")
        assert ("beta1" in r1.settings) == lowered


def test_a_code_nobody_knows_has_no_remedy() -> None:
    assert remedies("unheard-of", config()) == []


def test_an_alert_has_the_journal_s_fields_and_is_json() -> None:
    doctor = Doctor(config())
    found = [a for r in metrics(300, lambda _: {"diversity": 1e-3}) for a in doctor.see(r)]
    (alert,) = found
    said = body_of(alert)
    assert said.keys() == {"code", "message", "remedy", "evidence", "remedies", "cleared"}
    assert json.loads(json.dumps(said)) == said
    assert "0.1% of the diversity" in alert.message
