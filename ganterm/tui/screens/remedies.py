"""Doing what the doctor advises: live where the run can, else in another run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ganterm.client.choices import Option
from ganterm.client.feed import RunFeed, evidence_words, offers_of
from ganterm.core.errors import GantermError
from ganterm.doctor.applicable import ApplicableRemedy
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.dialogs import ConfirmScreen, PickerScreen


class Remedies:
    """Applies the remedies for a run's troubles from a screen.

    `set_live` is given the run and the settings of one that is to be changed while it trains.
    """

    def __init__(
        self, screen: AppScreen, set_live: Callable[[RunDir, dict[str, object]], None]
    ) -> None:
        self._screen = screen
        self._set_live = set_live
        self._beginning = False

    def apply_first(self, feed: RunFeed) -> None:
        """Apply the first remedy."""
        if offers := self._offers(feed):
            self._apply(feed, offers[0])

    def choose(self, feed: RunFeed) -> None:
        """Ask which remedy to apply."""
        if offers := self._offers(feed):
            self._screen.app.push_screen(
                PickerScreen(
                    "What is to be done?",
                    [Option(offer.id, offer.how, offer.remedy.label) for offer in offers],
                    offers[0].id,
                    f"{evidence_words(offers[0].trouble)} u takes a live change back.",
                ),
                partial(self._chosen, feed),
            )

    def _offers(self, feed: RunFeed) -> list[ApplicableRemedy]:
        """Return the remedies there are; where there are none, it is said."""
        offers = offers_of(feed)
        if not offers:
            self._screen.app.say(
                f"The doctor knows of nothing to be done about {feed.run.name}."
                if feed.troubles
                else f"The doctor finds nothing wrong with {feed.run.name}."
            )
        return offers

    def _chosen(self, feed: RunFeed, identity: str | None) -> None:
        # The trouble may have passed while the list was open.
        if identity is not None:
            for offer in self._offers(self._screen.app.feed(feed.run) or feed):
                if offer.id == identity:
                    self._apply(feed, offer)

    def _apply(self, feed: RunFeed, offer: ApplicableRemedy) -> None:
        if offer.live:
            self._set_live(feed.run, offer.remedy.settings)
            return
        ask = ConfirmScreen(
            f"Begin another run: {offer.remedy.label}?",
            f"{feed.run.name} {_meanwhile(feed)}.",
            yes="Begin",
            no="Not now",
        )
        self._screen.app.push_screen(ask, partial(self._confirmed, feed.run, offer))

    def _confirmed(self, run: RunDir, offer: ApplicableRemedy, yes: bool | None) -> None:
        if yes and not self._beginning:
            self._beginning = True
            self._screen.app.say(f"Beginning another run: {offer.remedy.label} …")
            self._screen.run_worker(partial(self._begin, run, offer), thread=True)

    def _begin(self, run: RunDir, offer: ApplicableRemedy) -> None:
        """Make the run that begins with the remedy, start its worker and watch it."""
        app = self._screen.app
        try:
            made = offer.begin(run, app.options.runs_dir)
            start_worker(made)
        except GantermError as error:
            app.call_from_thread(app.say_error, error)
        else:
            app.call_from_thread(app.watch_run, made)
        finally:
            self._beginning = False


def _meanwhile(feed: RunFeed) -> str:
    if feed.view.alive is False:
        return "stays as it is; the new run is watched then"
    return "trains on as it is, and takes its share of the machine; the new run is watched then"
