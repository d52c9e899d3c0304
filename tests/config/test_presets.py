"""Every recipe comes with the configuration it stands for; one that stands for none is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm import recipes
from ganterm.config import resolve
from ganterm.config.recipefile import presets


def test_all_recipes_resolve_and_bad_ones_are_skipped_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that do not exist or do not go together name their file and fault."""
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, str(tmp_path))
    (tmp_path / "unknown.toml").write_text("learning_rate = 3")
    (tmp_path / "illegal.toml").write_text('loss = "wasserstein"')
    (tmp_path / "mine.toml").write_text("batch_size = 9")
    every = presets()
    assert [p.recipe.name for p in every.found] == [*recipes.built_in(), "mine"]
    assert all(p.config == resolve({"recipe": p.recipe.name}).config for p in every.found)
    illegal, unknown = every.skipped
    assert illegal.startswith(f"{tmp_path}/illegal.toml is skipped: loss: wasserstein needs")
    assert "There is no setting 'learning_rate'" in unknown
