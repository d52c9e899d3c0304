"""One run as it trains, or as it was."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.tui.actions import bindings
from ganterm.tui.app import FeedUpdated
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.screens.base import AppScreen
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part
from ganterm.tui.widgets.words import title_parts


class MonitorScreen(AppScreen):
    """The run that the app watches."""

    SCOPE = "monitor"
    BINDINGS = bindings("monitor")
    CSS_PATH = "monitor.tcss"

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header()
        yield Static("", id="losses")
        yield Static("", id="log")
        yield ActionFooter("monitor")

    def on_mount(self) -> None:
        """Follow the run."""
        self.ganterm.feed_signal.subscribe(self, self._follow)
        self.on_screen_resume()

    def on_screen_resume(self) -> None:
        """Show what is known of the run; the app may watch another one than before."""
        watched = self.ganterm.watched
        feed = self.ganterm.feed(watched)
        if feed is not None:
            self._show(feed)
        elif watched is not None:
            self.query_one(Header).show(
                Part(watched.name, "title", 9), Part("reading its history …", "muted")
            )
            self.query_one("#losses", Static).update("")
            self.query_one("#log", Static).update("")

    def _follow(self, news: FeedUpdated) -> None:
        if news.feed.run == self.ganterm.watched:
            self._show(news.feed)

    def _show(self, feed: RunFeed) -> None:
        self.query_one(Header).show(*title_parts(feed))
        losses = "  ".join(
            f"{title} {words.number(feed.latest(name))}"
            for title, name in (("D loss", "d_loss"), ("G loss", "g_loss"))
        )
        self.query_one("#losses", Static).update(Content(losses))
        self.query_one("#log", Static).update(Content("\n".join(map(safe_text, feed.log))))

    def action_leave(self) -> None:
        """Go back to the runs."""
        self.ganterm.show_runs()
