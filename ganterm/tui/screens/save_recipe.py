"""Saving what a form holds as a recipe: where to, and what if there is one already."""

from __future__ import annotations

from ganterm.config.draft import Draft
from ganterm.config.recipefile import recipe_path, save_recipe
from ganterm.errors import ConfigError
from ganterm.render.text import safe_text
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.confirm import ConfirmScreen
from ganterm.tui.screens.prompt import PromptScreen

_TITLE = "Save as a recipe: a name for your own folder, or the path of a file"


def ask_and_save(screen: AppScreen, draft: Draft) -> None:
    """Ask for a name or a path over `screen`, and save the draft there."""

    def save(text: str, *, replace: bool) -> None:
        path = recipe_path(text)
        if path.exists() and not replace:
            question = ConfirmScreen(f"{path} exists. Replace it?", yes="Replace", no="Keep")
            screen.app.push_screen(question, lambda yes: save(text, replace=True) if yes else None)
            return
        try:
            # What a recipe is for speaks of the dataset that it was made for.
            purpose = "" if "dataset" in draft.typed else draft.recipe.purpose
            save_recipe(draft.config, path, title=path.stem, purpose=purpose, replace=replace)
        except ConfigError as error:
            screen.app.say_error(error)
            return
        screen.notify(f"Saved {safe_text(str(path))}.", markup=False)

    screen.app.push_screen(
        PromptScreen(_TITLE, check=recipe_path),
        lambda text: save(text, replace=False) if text else None,
    )
