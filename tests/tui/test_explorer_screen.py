"""The explorer: sliders, walks, bookmarks, classes, sketches, and a process that may die."""

from __future__ import annotations

import base64
import os
import signal
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ganterm.client.rpc import Cancelled, Partial, Result
from ganterm.render.raster import Raster
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint, Walk
from ganterm.tui.app import GantermApp
from ganterm.tui.explore import process
from ganterm.tui.screens.explorer import ExplorerScreen
from ganterm.tui.widgets.explorer_panels import SketchPad
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.sliders import Sliders
from tests.cli.checkpointed import untrained
from tests.tui.driving import awaited, make_app, screen_text, until, write_run
from tests.tui.explored import PlayedServer, explored, exploring, picture, played, press, settled

Explorer = tuple[GantermApp, Pilot[None], ExplorerScreen]


@pytest.fixture(autouse=True)
def _play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "Helper", PlayedServer)


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return write_run(tmp_path, "dcgan-001")


def asked(screen: ExplorerScreen, do: str) -> list[dict[str, object]]:
    return [fields for what, fields in played(screen).asked if what == do]


def seen(screen: ExplorerScreen, name: str = "picture") -> Raster:
    """Return the first image of a grid of the screen."""
    return screen.query_one(f"#{name}", PictureGrid)._images[0]


async def typed(app: GantermApp, pilot: Pilot[None], line: str) -> None:
    """Type a line into the prompt and take it."""
    app.screen.query_one(Input).value = line
    await pilot.press("enter")
    await pilot.pause()


@awaited
async def test_it_is_opened_from_the_list_and_from_the_monitor_and_left_to_there(
    run: RunDir, tmp_path: Path
) -> None:
    """Key E opens it, Esc goes back to where it came from; the process is kept for a while."""
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.read_now()
        await pilot.pause()
        await pilot.press("E")
        await pilot.pause()
        assert isinstance(app.screen, ExplorerScreen)
        screen = app.screen
        await settled(screen, pilot)
        await pilot.press("escape")
        assert app.current_mode == "runs"
        await pilot.press("enter")
        await pilot.pause()
        assert app.current_mode == "monitor"
        await pilot.press("E")
        await settled(screen, pilot)
        assert len(asked(screen, "open")) == 1
        await pilot.press("escape")
        assert app.current_mode == "monitor"
        assert played(screen).running
    assert not played(screen).running


@awaited
async def test_the_generator_is_loaded_with_words_and_its_first_image_is_drawn(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked before the screen is; then what it waits for is said."""
    monkeypatch.setattr(process, "_LOOK_SECONDS", 3600.0)  # What comes is taken here alone.
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.explore_run(run)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        assert "starting …" in screen_text(app)
        server = played(screen)
        answers = server.poll()
        screen.explorer.process.take(answers[:1])
        await pilot.pause()
        assert "loading PyTorch …" in screen_text(app)
        screen.explorer.process.take(answers[1:])
        await settled(screen, pilot)
        assert "step 400, averaged weights" in screen_text(app)
        assert seen(screen).pixels == picture(LatentPoint())
        assert len(screen.exploration.strip) == 7


async def sliders_by_keys(at: Explorer) -> None:
    # The arrows choose and move; 0 puts one in the middle; none goes beyond its ends.
    app, pilot, screen = at
    assert screen.exploration.values["f0"] == -3.0
    await press(screen, pilot, "right", "shift+right", "down", "left")
    moves = dict(screen.exploration.place.moves)
    assert moves == {"f0": -2.0, "f1": 0.5}
    assert seen(screen).pixels == picture(screen.exploration.place)
    await press(screen, pilot, "0")
    assert screen.exploration.place.at("f1") == 0.0
    await press(screen, pilot, "up", *["shift+left"] * 3)
    assert screen.exploration.place.at("f0") == -3.0
    await press(screen, pilot, "up")
    assert screen.exploration.chosen == 0
    assert "+0.00*" in screen_text(app)


async def sliders_by_the_mouse(at: Explorer) -> None:
    # A click on a bar puts the slider there, one on the name chooses, the wheel nudges.
    _, pilot, screen = at
    width = screen.sliders._bar
    await pilot.click("#sliders", offset=(8 + width // 2, 3))
    await settled(screen, pilot)
    assert screen.exploration.chosen == 3
    assert screen.exploration.place.at("f3") == 0.0
    await pilot.click("#sliders", offset=(3, 5))
    await settled(screen, pilot)
    assert screen.exploration.chosen == 5
    assert screen.exploration.place.at("f5") is None
    await pilot.mouse_down("#sliders", offset=(8, 4))
    await pilot.hover("#sliders", offset=(8 + width - 1, 4))
    await pilot.mouse_up("#sliders", offset=(8 + width - 1, 4))
    await settled(screen, pilot)
    assert screen.exploration.place.at("f4") == 3.0


async def of_requests_that_wait_the_newest_is_answered(at: Explorer) -> None:
    # A slow process is not asked for more than it was: what it skips leaves no trace.
    _, pilot, screen = at
    server = played(screen)
    server.silent, server.cancelled = True, []
    await pilot.press("right", "right", "right")
    answers = list(server._answers)
    assert len(answers) == 3
    server._answers = [*(Cancelled(each.id or 0) for each in answers[:-1]), answers[-1]]
    assert server.cancelled == [each.id for each in answers[:-1]]
    server.silent = False
    await settled(screen, pilot)
    assert screen.exploration.drawn == screen.exploration.place
    assert screen.exploration.trouble == ""


async def seeds_truncation_and_undo(at: Explorer) -> None:
    # A seed is asked for, a random one is not; every place can be gone back to.
    app, pilot, screen = at
    here = screen.exploration
    await pilot.press("s")
    await pilot.pause()
    app.screen.query_one(Input).value = "-1"
    await pilot.pause()
    assert "A seed is a whole number" in screen_text(app)
    await typed(app, pilot, "1,234")
    await settled(screen, pilot)
    assert here.place == LatentPoint(1234)
    await press(screen, pilot, "comma", "comma", "full_stop")
    assert here.place.truncation == 0.9
    await press(screen, pilot, "r")
    assert here.place.truncation == 0.9
    assert here.place.seed != 1234
    await press(screen, pilot, "u", "u")
    assert here.place == LatentPoint(1234)
    await press(screen, pilot, "U")
    assert here.place == LatentPoint(1234, truncation=0.9)
    assert screen.exploration.image is not None
    assert seen(screen).pixels == picture(here.place)


async def a_walk_from_a_to_b(at: Explorer) -> None:
    # Both are picked with their images, walked between, and one goes on from half-way.
    app, pilot, screen = at
    here = screen.exploration
    await press(screen, pilot, "2", "right")
    assert here.showing == "place"
    await press(screen, pilot, "1", "a")
    first = here.place
    screen.explorer.visit_seed(5)
    await settled(screen, pilot)
    await press(screen, pilot, "b", "2", "right_curly_bracket", "right")
    assert here.scene == Walk(first, LatentPoint(5), 0.3, "spherical")
    assert seen(screen).pixels == picture(here.scene)
    assert seen(screen, "end-a").pixels == picture(first)
    assert seen(screen, "end-b").pixels == picture(LatentPoint(5))
    await press(screen, pilot, "w")
    assert here.way == "linear"
    assert "30% of the straight line" in screen_text(app)
    await press(screen, pilot, "enter")
    assert here.place == LatentPoint(vector=screen.exploration.vector)
    assert here.showing == "place"
    assert screen.active == "sliders"


async def a_walk_by_the_mouse(at: Explorer) -> None:
    # A click on the way goes there, and the wheel a little on.
    _, pilot, screen = at
    await press(screen, pilot, "a", "r", "b", "2")
    way = screen.query_one("#way", Sliders)
    await pilot.click("#way", offset=(8 + way._bar // 2, 0))
    await settled(screen, pilot)
    assert screen.exploration.at == pytest.approx(0.5)
    assert screen.exploration.showing == "walk"
    way.post_message(Sliders.Turned(way, 0, 1))
    await settled(screen, pilot)
    assert screen.exploration.at > 0.5


async def a_walk_plays_to_and_fro(at: Explorer) -> None:
    # Space starts and stops it; at an end it turns round.
    app, pilot, screen = at
    await press(screen, pilot, "a", "r", "b", "2", "space")
    assert "playing" in screen_text(app)
    screen.exploration.at = 0.99
    screen.walking.advance()
    assert screen.exploration.at == pytest.approx(0.97)
    screen.walking.advance()
    assert screen.exploration.at == pytest.approx(0.95)
    await press(screen, pilot, "space")
    assert not screen.walking.plays
    await press(screen, pilot, "space", "escape")
    assert not screen.walking.plays
    assert screen.exploration.showing == "place"


async def the_way_one_came_is_gone_back(at: Explorer) -> None:
    # The newest place is on top; two clicks go to one, as Enter does.
    _, pilot, screen = at
    for seed in (1, 2, 3):
        screen.explorer.visit_seed(seed)
        await settled(screen, pilot)
    await press(screen, pilot, "3")
    assert [row.text for row in screen.bookmarks.rows[2:]] == [
        "seed 3",
        "seed 2",
        "seed 1",
        "seed 0",
    ]
    await press(screen, pilot, "down", "down", "enter")
    assert screen.exploration.place == LatentPoint(1)
    await pilot.click("#places", offset=(5, 2), times=2)
    await settled(screen, pilot)
    assert screen.exploration.place == LatentPoint(3)


async def other_directions(at: Explorer) -> None:
    # Key v has the sliders be single dimensions, and words say what takes so long.
    app, pilot, screen = at
    await press(screen, pilot, "down", "v")
    assert screen.exploration.family == "d"
    assert screen.exploration.chosen == 0
    assert "single dimensions" in screen_text(app)
    await press(screen, pilot, "right", "v")
    assert screen.exploration.family == "f"
    assert screen.exploration.place.at("d0") is not None


async def other_checkpoints(at: Explorer) -> None:
    # The same place as it was earlier in the training, and back at the newest.
    app, pilot, screen = at
    await press(screen, pilot, "right", "left_square_bracket")
    here = screen.exploration.place
    assert "step 200" in screen_text(app)
    assert screen.exploration.drawn == here
    await press(screen, pilot, "left_square_bracket")
    assert "There is no earlier checkpoint." in next(iter(app._notifications)).message
    await press(screen, pilot, "right_square_bracket", "right_square_bracket")
    assert "step 400" in screen_text(app)
    steps = [fields.get("step") for fields in asked(screen, "open")]
    assert steps == [None, 200, 400, None]


async def a_digit_is_drawn_by_keys_and_the_nearest_is_seen(at: Explorer) -> None:
    # Space lowers the pen; what was found can be gone on from; strokes are taken back.
    app, pilot, screen = at
    await press(screen, pilot, "4", "down", "right")
    assert screen.sketch.pad.empty
    await press(screen, pilot, "space", "down", "down", "space")
    ink = screen.sketch.pad.ink
    assert asked(screen, "sketch")[-1]["pixels"] == base64.b64encode(ink).decode()
    assert seen(screen).pixels == ink
    assert "error 0.0123" in screen_text(app)
    await press(screen, pilot, "u")
    assert screen.sketch.pad.empty
    assert "draw something" in screen_text(app)
    await press(screen, pilot, "space", "right", "enter")
    assert screen.exploration.place.vector
    assert screen.active == "sliders"


async def a_digit_is_drawn_with_the_mouse(at: Explorer) -> None:
    # Dragging draws a line, the right button wipes, d wipes all.
    _, pilot, screen = at
    await press(screen, pilot, "4")
    pad = screen.query_one(SketchPad)
    fit = pad.fit
    assert fit is not None
    left, scale = pad._left, fit.width // pad.pad.size.width
    await pilot.mouse_down("#pad", offset=(left + scale, scale))
    await pilot.hover("#pad", offset=(left + 6 * scale, scale))
    await pilot.mouse_up("#pad", offset=(left + 6 * scale, scale))
    await settled(screen, pilot)
    row = pad.pad.picture(pen=False).row(2)
    assert [bool(value) for value in row] == [*[True] * 7, False]
    assert asked(screen, "sketch")
    await press(screen, pilot, "d")
    assert pad.pad.empty
    await press(screen, pilot, "u")
    assert not pad.pad.empty


async def a_process_that_dies_is_told_of_and_started_again_at_the_next_key(at: Explorer) -> None:
    # Where one was stays where one was.
    app, pilot, screen = at
    await press(screen, pilot, "right")
    here = screen.exploration.place
    played(screen).die("The process that draws has died (killed by signal 9).")
    await settled(screen, pilot)
    assert "has died (killed by signal 9)" in screen_text(app)
    assert len(asked(screen, "open")) == 1
    await press(screen, pilot, "right")
    assert len(asked(screen, "open")) == 2
    assert screen.exploration.trouble == ""
    assert screen.exploration.place != here
    assert seen(screen).pixels == picture(screen.exploration.place)


async def a_sketch_is_searched_anew_in_another_checkpoint(at: Explorer) -> None:
    # What one generator came nearest with is not shown as another's.
    _, pilot, screen = at
    await press(screen, pilot, "4", "space", "right", "space", "1")
    searches = len(asked(screen, "sketch"))
    await press(screen, pilot, "left_square_bracket")
    assert screen.exploration.searched == ""
    await press(screen, pilot, "4")
    assert len(asked(screen, "sketch")) == searches + 1
    assert screen.exploration.searched == "error 0.0123"


async def the_strip_is_there_once_there_is_room_for_it(at: Explorer) -> None:
    # When the terminal grows, or the pad's pane is left: of the place and generator there are then.
    _, pilot, screen = at
    await pilot.resize_terminal(80, 24)
    await press(screen, pilot, "r")
    await pilot.resize_terminal(120, 40)
    await settled(screen, pilot)
    assert screen.query_one("#strip").display
    assert seen(screen, "strip").pixels == picture(screen.exploration.frames[0])
    drawn = len(asked(screen, "strip"))
    await press(screen, pilot, "4", "left_square_bracket")
    assert len(asked(screen, "strip")) == drawn
    await press(screen, pilot, "1")
    assert len(asked(screen, "strip")) == drawn + 1


async def images_are_painted_in_other_colours_and_alone(at: Explorer) -> None:
    # As the samples of the monitor are.
    app, pilot, screen = at
    await press(screen, pilot, "c", "C", "z")
    assert "inverted, stretched" in screen_text(app)
    assert screen.query_one("#picture").size.width == 120
    await press(screen, pilot, "escape")
    assert screen.sliders.display


@awaited
async def test_a_generator_is_explored(tmp_path: Path) -> None:
    """One app for all of these, each with a run of its own."""
    async with exploring(write_run(tmp_path, "dcgan-000")) as (app, pilot, screen):
        for number, check in enumerate(
            (
                sliders_by_keys,
                sliders_by_the_mouse,
                of_requests_that_wait_the_newest_is_answered,
                seeds_truncation_and_undo,
                a_walk_from_a_to_b,
                a_walk_by_the_mouse,
                a_walk_plays_to_and_fro,
                the_way_one_came_is_gone_back,
                other_directions,
                other_checkpoints,
                a_digit_is_drawn_by_keys_and_the_nearest_is_seen,
                a_digit_is_drawn_with_the_mouse,
                a_process_that_dies_is_told_of_and_started_again_at_the_next_key,
                a_sketch_is_searched_anew_in_another_checkpoint,
                the_strip_is_there_once_there_is_room_for_it,
                images_are_painted_in_other_colours_and_alone,
            ),
            start=1,
        ):
            screen.go_to("sliders")
            app.clear_notifications()
            played(screen).asked.clear()
            await explored(app, pilot, write_run(tmp_path, f"dcgan-{number:03}"))
            await check((app, pilot, screen))


@awaited
async def test_a_place_is_kept_with_the_run_and_gone_back_to(run: RunDir) -> None:
    """Under a name, as its point, so that it means the same in another session."""
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "right", "m")
        await typed(app, pilot, "a fine one")
        (mark,) = bookmarks.read_bookmarks(run)
        assert (mark.name, mark.step) == ("a fine one", 400)
        assert mark.place == LatentPoint(vector=screen.exploration.vector)
        bookmarks.keep(run, Bookmark("seed five", LatentPoint(5), 400))
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "3", "down", "enter")
        assert screen.exploration.place == LatentPoint(5)
        await press(screen, pilot, "d")
        await pilot.press("y")
        await pilot.pause()
        assert [mark.name for mark in bookmarks.read_bookmarks(run)] == ["a fine one"]


@awaited
async def test_bookmarks_that_cannot_be_read_are_told_of_and_left(run: RunDir) -> None:
    """The explorer goes on without them."""
    bookmarks.file_of(run).write_text("nonsense")
    async with exploring(run) as (app, pilot, screen):
        assert "does not hold bookmarks" in next(iter(app._notifications)).message
        await press(screen, pilot, "m")
        await typed(app, pilot, "x")
        assert bookmarks.file_of(run).read_text() == "nonsense"


@awaited
async def test_classes_are_turned_and_clicked(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the generator has them; else it is said that there are none."""
    monkeypatch.setattr(PlayedServer, "classes", ("zero", "one", "two"))
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "n")
        assert screen.exploration.place.label == 1
        await press(screen, pilot, "N", "N")
        assert screen.exploration.place.label == 2
        await pilot.click("#classes", offset=(3, 0))
        await settled(screen, pilot)
        assert screen.exploration.place.label == 0
        assert "class zero" in screen_text(app)


@awaited
async def test_another_run_is_begun_anew(run: RunDir, tmp_path: Path) -> None:
    """Nothing of the one before is left: neither place nor bookmarks nor image."""
    other = write_run(tmp_path, "dcgan-002")
    bookmarks.keep(run, Bookmark("of the first", LatentPoint(5), 400))
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "r", "a", "escape")
        await explored(app, pilot, other)
        assert screen.exploration.place == LatentPoint()
        assert screen.exploration.a is None
        assert screen.exploration.kept == []
        assert [fields["run"] for fields in asked(screen, "open")] == [
            str(run.path),
            str(other.path),
        ]


@awaited
async def test_what_was_done_in_a_run_waits_for_it_and_is_never_anothers(
    run: RunDir, tmp_path: Path
) -> None:
    """The sketch, what was found for it, the place, A: none in the other run, all here again."""
    other = write_run(tmp_path, "dcgan-002")
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "r", "a", "4", "space", "right", "down", "space")
        first = screen.exploration
        ink, place = first.pad.ink, first.place
        assert first.found is not None
        searches = len(asked(screen, "sketch"))
        await explored(app, pilot, other)
        assert "dcgan-002" in screen_text(app)
        assert "draw something" in screen_text(app)
        assert "error" not in screen_text(app)
        assert screen.sketch.pad.empty
        await press(screen, pilot, "enter")
        assert screen.exploration.place == LatentPoint()
        await press(screen, pilot, "2")
        assert "a picks A" in screen_text(app)
        await press(screen, pilot, "4")
        await explored(app, pilot, run)
        assert screen.exploration is first
        assert screen.sketch.pad.ink == seen(screen).pixels == ink
        assert first.place == place
        assert "error 0.0123" in screen_text(app)
        assert len(asked(screen, "sketch")) == searches


@awaited
async def test_answers_about_one_run_are_not_taken_for_another(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was still being drawn and searched when the run was left is seen nowhere."""
    monkeypatch.setattr(process, "_LOOK_SECONDS", 3600.0)
    other = write_run(tmp_path, "dcgan-002")
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "4", "space")
        played(screen).silent = True
        await pilot.press("right", "1", "r")
        await pilot.pause()
        late, played(screen)._answers = played(screen)._answers, []
        values = [reply.value for reply in late if isinstance(reply, Partial | Result)]
        assert {"distance" in value for value in values} == {True, False}
        app.explore_run(other)
        await pilot.pause()
        screen.explorer.process.take(late)
        await pilot.pause()
        here = screen.exploration
        assert (here.run, here.image, here.nearest, here.found) == (other, None, None, None)


@awaited
async def test_another_run_of_the_same_name_is_another(run: RunDir, tmp_path: Path) -> None:
    """A run that was deleted and begun anew has a generator of its own."""
    run.config_file.touch()
    async with exploring(run) as (app, pilot, screen):
        await press(screen, pilot, "r", "escape")
        run.path.rename(tmp_path / "elsewhere")
        write_run(tmp_path, run.name).config_file.touch()
        await explored(app, pilot, run)
        assert screen.exploration.place == LatentPoint()
        assert len(asked(screen, "open")) == 2


@pytest.mark.slow
@awaited
async def test_a_real_generator_in_a_real_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the key to pixels and back; killed, it is told of; and it is gone with the app."""
    monkeypatch.undo()
    run = write_run(tmp_path, "tiny")
    untrained(run.checkpoints, "dcgan-8x8")
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.explore_run(run)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(
            pilot,
            lambda: screen.exploration.image is not None and len(screen.exploration.strip) == 7,
        )
        first = seen(screen).pixels
        await pilot.press("shift+right", "shift+right")
        await until(pilot, lambda: screen.exploration.drawn == screen.exploration.place)
        assert seen(screen).pixels != first
        await pilot.press("4", "space", "down", "down")
        await until(pilot, lambda: screen.exploration.found is not None)
        pid = screen.explorer.process.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: "killed by signal 9" in screen.exploration.trouble)
        await pilot.press("1", "r")
        await until(pilot, lambda: screen.exploration.drawn == screen.exploration.place)
        pid = screen.explorer.process.server.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
