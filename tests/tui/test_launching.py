"""A run whose data are not here is started once they have been downloaded, if that is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from ganterm.client import planning as plan_module
from ganterm.client.tasks import TaskProgress
from ganterm.data.catalogue import stored_path
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.dialogs import ConfirmScreen
from ganterm.tui.screens.setup import SetupScreen
from ganterm.tui.widgets import launcher
from ganterm.tui.widgets.task_bar import line
from tests.tui.driving import awaited, make_app, screen_text
from tests.tui.forms import on_top, open_form


class ScriptedFetch:
    """A download that is as far as the test says."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.progress = TaskProgress(what=f"asking for {name}")
        self.cancelled = False

    def poll(self) -> TaskProgress:
        return self.progress

    def cancel(self) -> None:
        self.cancelled = True
        self.progress = TaskProgress(ended=True, error="The download was broken off.")


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedFetch]:
    begun: list[ScriptedFetch] = []

    def begin(name: str) -> ScriptedFetch:
        begun.append(ScriptedFetch(name))
        return begun[-1]

    monkeypatch.setattr(launcher, "Fetch", begin)
    return begun


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GantermApp:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(plan_module, "start_worker", lambda run: None)
    return make_app(Path("checkpoints"))


async def mnist_form(app: GantermApp, pilot: Pilot[None]) -> SetupScreen:
    return await open_form(app, pilot, environment={"GANTERM_RECIPE": "mlp-small"})


def put_in_place() -> None:
    path = stored_path("mnist", "train")
    path.parent.mkdir(parents=True)
    path.touch()


@awaited
async def test_missing_data_are_asked_about_downloaded_and_then_trained_on(
    app: GantermApp, downloads: list[ScriptedFetch]
) -> None:
    """Unless that is declined, broken off, or fails: then it is said why until it is put away."""
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await mnist_form(app, pilot)

        async def shown() -> str:
            screen.launcher.bar.update_progress()
            await pilot.pause()
            return screen_text(app)

        assert "mnist is not here yet" in screen_text(app)
        await pilot.press("ctrl+g", "n")
        await pilot.pause()
        assert downloads == []
        assert on_top(app, SetupScreen) is screen

        # Its key begins a download, and breaks it off.
        await pilot.press("ctrl+d")
        assert [download.name for download in downloads] == ["mnist"]
        await pilot.press("ctrl+g", "ctrl+d")
        await pilot.pause()
        assert downloads[0].cancelled
        assert "broken off" in screen_text(app)
        assert not screen.launcher.fetching

        await pilot.press("ctrl+g", "y")
        await pilot.pause()
        downloads[1].progress = TaskProgress(ended=True, error="No \x1b connection.")
        assert "✗ No \\x1b connection. Esc hides this." in await shown()
        assert not Path("checkpoints").exists()
        await pilot.press("escape")
        await pilot.pause()
        assert "connection" not in screen_text(app)
        assert on_top(app, SetupScreen) is screen

        await pilot.press("ctrl+g")
        await pilot.pause()
        on_top(app, ConfirmScreen)
        assert "ganterm data import mnist PATH" in screen_text(app)
        await pilot.press("y")
        await pilot.pause()
        download = downloads[2]
        download.progress = TaskProgress("fetching a.gz", 5 << 20, 20 << 20)
        assert " 25 %  5.0M  fetching a.gz" in await shown()
        assert not Path("checkpoints").exists()
        put_in_place()
        download.progress = TaskProgress(ended=True)
        await shown()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.watched is not None
        assert app.watched.name == "mlp-small-001"


@awaited
async def test_leaving_the_app_breaks_a_download_off(
    app: GantermApp, downloads: list[ScriptedFetch]
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await mnist_form(app, pilot)
        await pilot.press("ctrl+d")
    assert downloads[0].cancelled


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (TaskProgress("asking"), "asking …"),
        (TaskProgress("unpacking", 7, None, "images"), "unpacking … 7 images"),
        (
            TaskProgress("storing", 50, 100, "images"),
            f"{'━' * 10}{'·' * 10}  50 %  50 images  storing",
        ),
        (TaskProgress("odd", 30, 10, "bytes"), f"{'━' * 20} 100 %  30B  odd"),
        (TaskProgress("nothing", 0, 0), "nothing …"),
    ],
)
def test_how_far_it_is_fits_a_line(progress: TaskProgress, words: str) -> None:
    assert line(progress) == words
