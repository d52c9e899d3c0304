"""The one table of actions: bindings, footer, help screen and command palette come from it.

An action `name` of scope `runs` is done by the method `action_name` of the runs screen; those of
scope `app` by the app, on every screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from textual.binding import Binding, BindingType

Scope = Literal[
    "app",
    "runs",
    "setup",
    "monitor",
    "judge",
    "explorer",
    "compare",
    "help",
    "confirm",
    "prompt",
    "picker",
    "command",
]

TITLES: Final[dict[Scope, str]] = {
    "runs": "Runs",
    "setup": "New run",
    "monitor": "Watching a run",
    "judge": "Judging a run",
    "explorer": "Exploring a generator",
    "compare": "Comparing runs",
    "app": "Everywhere",
}
"""What the help screen calls the scopes, in its order."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do, and every way to do it.

    Attributes:
        id: name of the method that does it, without `action_`.
        keys: Textual's names of its keys, separated by commas; the first is the one shown.
        label: one to three words, for the footer and the palette.
        help: one sentence, for the help screen and the palette.
        rank: place in the footer; a narrow screen keeps the lowest. 0: not in the footer.
        priority: whether its keys work even while a field is being typed into.
    """

    id: str
    keys: str
    label: str
    help: str
    rank: int = 0
    priority: bool = False


TABLE: Final[dict[Scope, tuple[Action, ...]]] = {
    "app": (
        Action("help", "question_mark,f1", "help", "Show what every key does.", 90),
        Action("command_palette", "ctrl+p,colon", "menu", "Find any action by its name.", 91),
        Action("next_theme", "ctrl+t", "theme", "Change to the next colour theme."),
        Action("save_picture", "f12", "picture", "Save this screen as a picture (SVG)."),
        Action("redraw", "f5", "redraw", "Paint the whole screen anew."),
        Action("suspend_process", "ctrl+z", "suspend", "Go to the shell; `fg` comes back."),
        Action("quit", "q,ctrl+q,ctrl+c", "quit", "Leave; what trains goes on training.", 92),
    ),
    "runs": (
        Action("watch", "enter,W", "watch", "Open the run under the cursor.", 1),
        Action("new_run", "n", "new", "Set up a new run and start it.", 2),
        Action(
            "mark",
            "space",
            "mark",
            "Mark the run, to compare or delete several.",
            3,
        ),
        Action("compare", "c", "compare", "Lay the marked runs over one another.", 4),
        Action("resume", "r", "resume", "Train the run on from its last checkpoint.", 5),
        Action("judge", "J", "judge", "See how good the run is, and have it judged.", 6),
        Action("explore", "E", "explore", "Walk in the space behind its generator.", 6),
        Action("filter", "slash", "filter", "Show only runs that hold what is typed.", 7),
        Action("sort", "s", "sort", "Sort by the next column.", 8),
        Action("reverse", "S", "turn around", "Turn the order of the table around."),
        Action("rename", "e,f2", "rename", "Give the run another name.", 10),
        Action("note", "o", "note", "Write a note on the run.", 11),
        Action(
            "delete",
            "d,delete",
            "delete",
            "Delete the run, or those marked, after a question.",
            9,
        ),
        Action("mark_all", "asterisk", "mark all", "Mark every run that is shown, or none."),
        Action("clear", "escape", "clear", "Drop the filter; without one, the marks.", 80),
    ),
    "setup": (
        Action("start", "ctrl+g", "start", "Start the run as it is set up here.", 1, priority=True),
        Action(
            "find",
            "ctrl+f",
            "find",
            "Show only settings that hold what is typed.",
            3,
            priority=True,
        ),
        Action(
            "reset",
            "ctrl+r",
            "reset",
            "Give the setting the recipe's value again.",
            2,
            priority=True,
        ),
        Action(
            "only_changes",
            "ctrl+o",
            "changes",
            "Show only what differs from the recipe.",
            4,
            priority=True,
        ),
        Action(
            "command", "ctrl+y", "command", "Copy the command that does the same.", 5, priority=True
        ),
        Action("save", "ctrl+s", "save", "Save it all as a recipe of your own.", 6, priority=True),
        Action(
            "fetch", "ctrl+d", "fetch", "Download the dataset, or break that off.", 7, priority=True
        ),
        Action("next_trouble", "ctrl+n", "problem", "Go to the next problem.", 8, priority=True),
        Action("reset_all", "ctrl+l", "reset all", "Return to the recipe as it is.", priority=True),
        # These go before the field at hand, so that what is typed right after them over a slow
        # link is for the field they lead to.
        Action("above", "up", "setting above", "Go to the setting above.", priority=True),
        Action("below", "down", "setting below", "Go to the setting below.", priority=True),
        Action("group_above", "pageup", "group above", "Go to the group above.", priority=True),
        Action("group_below", "pagedown", "group below", "Go to the group below.", priority=True),
        Action("onward", "tab", "onward", "Go on to what comes next on the screen.", priority=True),
        Action("back", "shift+tab", "back", "Go back to what comes before.", priority=True),
        Action("leave", "escape", "runs", "Leave the search; then go back to the runs.", 80),
    ),
    "monitor": (
        Action("pause", "p", "pause", "Pause the training, or go on after a pause.", 1),
        Action("remedy", "h", "remedy", "Do what the doctor would do first about the trouble.", 1),
        Action("remedies", "H", "all remedies", "Choose what to do about the trouble.", 2),
        Action("resume", "r", "resume", "Train on: after a pause, a stop or a crash.", 9),
        Action("stop", "x", "stop", "Write a checkpoint and stop, after a question.", 6),
        Action("checkpoint", "k", "checkpoint", "Write a checkpoint now.", 7),
        Action("sample", "i", "sample", "Draw the samples now.", 8),
        Action("raise_value", "full_stop,greater_than_sign", "more", "Raise the setting chosen."),
        Action("lower_value", "comma,less_than_sign", "less", "Lower the setting chosen."),
        Action("next_value", "v", "setting", "Choose the next setting to change.", 10),
        Action("edit_value", "e", "set", "Type the value of the setting chosen.", 4),
        Action("undo", "u", "undo", "Take the last change of a setting back.", 11),
        Action("branch", "b", "branch", "Begin a new run from an earlier checkpoint.", 12),
        Action("judge", "J", "judge", "See how good it is, and have it judged.", 8),
        Action("explore", "E", "explore", "Walk in the space behind its generator.", 8),
        Action("next_chart", "right_square_bracket", "next chart", "Draw the next chart.", 2),
        Action("previous_chart", "left_square_bracket", "chart before", "Draw the one before."),
        Action("cursor_left", "left", "earlier", "Read the charts, and see samples, earlier.", 3),
        Action("cursor_right", "right", "later", "Read the charts, and see samples, later."),
        Action("first_step", "home", "first", "Go to the first step."),
        Action("newest_step", "end", "newest", "Go back to the newest step."),
        Action("event", "m", "event", "Go to the change, alert or resume before."),
        Action("zoom_in", "plus,equals_sign", "zoom in", "Show fewer steps, more closely.", 5),
        Action("zoom_out", "minus", "zoom out", "Show more steps."),
        Action("zoom_all", "0", "all steps", "Show the whole run."),
        Action("pan_left", "shift+left,left_curly_bracket", "pan left", "Move to earlier steps."),
        Action("pan_right", "shift+right,right_curly_bracket", "pan right", "Move to later steps."),
        Action("smooth", "s", "smooth", "Smooth the curves more, and at last not at all.", 13),
        Action("log_scale", "l", "log scale", "Switch the logarithmic scale on or off.", 14),
        Action("outliers", "o", "outliers", "Leave values far out outside, or not.", 15),
        Action("film", "space", "film", "Play the samples through the history, or stop.", 11),
        Action("earlier_samples", "pageup", "samples before", "See the samples before."),
        Action("later_samples", "pagedown", "samples after", "See the samples after."),
        Action("real", "t", "real data", "Show real data beside the samples, or not.", 17),
        Action("image", "f,enter", "one image", "Show one image large, or all again.", 18),
        Action("next_image", "n", "next image", "While one image is large, show the next."),
        Action("previous_image", "N", "image before", "While one image is large, the one before."),
        Action("colours", "c", "colours", "Paint the samples grey, inverted or in viridis.", 19),
        Action("contrast", "C", "contrast", "Stretch the samples' contrast, or lighten them."),
        Action("pane_charts", "1", "charts", "Go to the charts."),
        Action("pane_preview", "2", "preview", "Go to the samples."),
        Action("pane_steer", "3", "steering", "Go to the settings that can be changed."),
        Action("pane_log", "4", "log", "Go to the log."),
        Action("next_pane", "tab", "next pane", "Go to the next pane."),
        Action("previous_pane", "shift+tab", "pane before", "Go to the pane before."),
        Action("alone", "z", "whole", "Give one pane all the room, or share it again.", 16),
        Action("leave", "escape", "back", "Back to the newest, to all panes, to the runs.", 80),
    ),
    "judge": (
        Action("judge", "g,J", "judge newest", "Have the newest checkpoint judged.", 1),
        Action("judge_all", "a", "judge all", "Have every checkpoint that is kept judged.", 6),
        Action("judge_with", "G", "judge …", "Judge after asking how: step, images, judge.", 7),
        Action("break_off", "x", "break off", "Break off the judgement under way.", 8),
        Action("next_score", "right_square_bracket,down", "next score", "Draw the next score.", 2),
        Action("previous_score", "left_square_bracket,up", "score before", "Draw the one before."),
        Action("earlier", "left", "earlier", "Show the judgement before.", 3),
        Action("later", "right", "later", "Show the judgement after."),
        Action("first_step", "home", "first", "Show the first judgement."),
        Action("newest_step", "end", "newest", "Go back to the newest judgement."),
        Action("next_judge", "j", "next judge", "Show what another judge said.", 11),
        Action("log_scale", "l", "log scale", "Switch the logarithmic scale on or off.", 12),
        Action("extreme", "w", "best or worst", "Show the worst images, or the best again.", 4),
        Action("real", "t", "real data", "Show real data beside the images, or not.", 9),
        Action("image", "f,enter", "one image", "Show one image large, or all again.", 10),
        Action("next_image", "n", "next image", "While one image is large, show the next."),
        Action("previous_image", "N", "image before", "While one image is large, the one before."),
        Action("colours", "c", "colours", "Paint the images grey, inverted or in viridis.", 13),
        Action("contrast", "C", "contrast", "Stretch the images' contrast, or lighten them."),
        Action("pane_scores", "1", "scores", "Go to the scores."),
        Action("pane_classes", "2", "classes", "Go to the classes."),
        Action("pane_pictures", "3", "pictures", "Go to the best and worst images."),
        Action("pane_others", "4", "other runs", "Go to the table of judged runs."),
        Action("next_pane", "tab", "next pane", "Go to the next pane.", 5),
        Action("previous_pane", "shift+tab", "pane before", "Go to the pane before."),
        Action("alone", "z", "whole", "Give one pane all the room, or share it again.", 14),
        Action("watch", "W", "watch", "Watch the run as it trains.", 15),
        Action(
            "leave", "escape", "back", "Back to the newest, to all panes, to where you were.", 80
        ),
    ),
    "explorer": (
        Action("less", "left", "less", "Move the slider to the left; on the pad, the pen.", 1),
        Action("more", "right", "more", "Move the slider to the right; on the pad, the pen.", 2),
        Action("up", "up", "above", "Choose what is above; on the pad, move the pen up.", 0),
        Action("down", "down", "below", "Choose what is below; on the pad, move the pen down."),
        Action(
            "much_less", "shift+left,left_curly_bracket", "much less", "Move it far to the left."
        ),
        Action("much_more", "shift+right,right_curly_bracket", "much more", "Move it far right."),
        Action("zero", "0", "to 0", "Put the chosen slider in the middle.", 15),
        Action("random", "r", "random", "Go to a random place.", 3),
        Action("seed", "s", "seed", "Go to the place of a seed.", 9),
        Action("take", "enter", "take", "Go on from what is seen: on the way, kept or found.", 8),
        Action("pick_a", "a", "A", "Take what is seen as A, where a walk begins.", 4),
        Action("pick_b", "b", "B", "Take what is seen as B, where a walk ends.", 5),
        Action("next_way", "w", "way", "Walk on an arc, or straight, or mix styles by layer.", 12),
        Action("press", "space", "play", "Play the walk; on the pad, lower the pen.", 13),
        Action("undo", "u", "undo", "Go back to the place before; on the pad, unstroke.", 6),
        Action("redo", "U", "redo", "Go to the place after.", 0),
        Action("bookmark", "m", "keep", "Keep the place that is seen with the run.", 7),
        Action("delete", "d,delete", "delete", "Delete the bookmark chosen; on the pad, wipe all."),
        Action("truncate", "comma,less_than_sign", "truncate", "Stay nearer to the mean.", 10),
        Action("exaggerate", "full_stop,greater_than_sign", "exaggerate", "Go further from it."),
        Action("next_class", "n", "class", "Draw the next class, where there are classes.", 11),
        Action("previous_class", "N", "class before", "Draw the class before."),
        Action("directions", "v", "directions", "Slide along other directions.", 14),
        Action("earlier_step", "left_square_bracket", "earlier", "Take the checkpoint before."),
        Action("later_step", "right_square_bracket", "later", "Take the one after, or a new one."),
        Action("rubber", "e", "rubber", "Let the pen wipe, or draw again."),
        Action("colours", "c", "colours", "Paint the images grey, inverted or in viridis.", 16),
        Action("contrast", "C", "contrast", "Stretch the images' contrast, or lighten them."),
        Action("pane_sliders", "1", "sliders", "Go to the sliders."),
        Action("pane_walk", "2", "A to B", "Go to the way from A to B."),
        Action("pane_places", "3", "places", "Go to the places kept, and those seen."),
        Action("pane_sketch", "4", "sketch", "Draw a digit by hand, and see the nearest."),
        Action("next_pane", "tab", "next pane", "Go to the next pane.", 7),
        Action("previous_pane", "shift+tab", "pane before", "Go to the pane before."),
        Action("alone", "z", "whole", "Give the image all the room, or share it again.", 17),
        Action("watch", "W", "watch", "Watch the run as it trains."),
        Action("leave", "escape", "back", "Back to the place, the sliders, where you were.", 80),
    ),
    "compare": (
        Action("next_quantity", "right_square_bracket", "next curve", "Draw what comes next.", 1),
        Action("previous_quantity", "left_square_bracket", "curve before", "Draw the one before."),
        Action("log_scale", "l", "log scale", "Switch the logarithmic scale on or off.", 2),
        Action("smooth", "s", "smooth", "Smooth the curves more, and at last not at all.", 3),
        Action("all_settings", "a", "all settings", "Show the settings that agree as well.", 4),
        Action("scores", "v", "scores", "Show scores, or what was measured.", 5),
        Action("leave", "escape", "runs", "Go back to the runs.", 80),
    ),
    "help": (Action("close", "escape,q,question_mark", "close", "Close the help.", 1),),
    "confirm": (
        Action("yes", "y", "yes", "Do it.", 1),
        Action("no", "n,escape", "no", "Leave everything as it is.", 2),
    ),
    "prompt": (Action("cancel", "escape", "cancel", "Leave it as it is.", 1),),
    "picker": (
        Action("choose", "enter", "choose", "Take what is under the cursor.", 1),
        Action("cancel", "escape", "cancel", "Leave it as it is.", 2),
    ),
    "command": (
        Action("copy", "c,ctrl+y", "copy", "Send it to the terminal's clipboard again.", 1),
        Action("close", "escape,q", "close", "Close the command.", 2),
    ),
}

DIALOGS: Final[frozenset[Scope]] = frozenset({"help", "confirm", "prompt", "picker", "command"})
"""Scopes of what lies over a screen; the app's own actions wait meanwhile."""


def bindings(scope: Scope) -> list[BindingType]:
    """Return the key bindings of a scope."""
    return [
        Binding(
            action.keys,
            action.id,
            action.label,
            show=bool(action.rank),
            tooltip=action.help,
            priority=action.priority,
        )
        for action in TABLE[scope]
    ]


def offered(scope: Scope) -> list[tuple[Scope, Action]]:
    """Return everything that can be done on a screen: its own actions, then those of the app."""
    scopes: tuple[Scope, ...] = (scope,) if scope in {*DIALOGS, "app"} else (scope, "app")
    return [(of, action) for of in scopes for action in TABLE[of]]


_KEY_NAMES: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "delete": "Del",
    "tab": "Tab",
    "home": "Home",
    "end": "End",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_MODIFIERS: Final = {"ctrl": "^", "shift": "Shift-", "alt": "Alt-"}


def is_typed(key: str) -> bool:
    """Tell whether a field would take a key as a letter, or to move in what was typed."""
    return len(key_name(key)) == 1 or key in {"space", "enter", "home", "end", "delete"}


def key_name(key: str) -> str:
    """Return one key as a person reads it: `?`, `Esc`, `^p`, `F1`."""
    *modifiers, last = key.split("+")
    name = _KEY_NAMES.get(last) or (last.upper() if last[1:].isdigit() else last)
    return "".join(_MODIFIERS.get(modifier, f"{modifier}-") for modifier in modifiers) + name
