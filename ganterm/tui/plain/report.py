"""What a run does, said in lines."""

from __future__ import annotations

from collections.abc import Iterator

from ganterm.overview import Overview
from ganterm.render import words
from ganterm.runs.records import Record
from ganterm.tui.feed.change import FeedChange
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.states import sentence

_QUANTITIES = (
    ("d_loss", "D loss"),
    ("g_loss", "G loss"),
    ("d_real", "D of real"),
    ("d_fake", "D of fake"),
    ("wasserstein", "Wasserstein"),
    ("penalty", "penalty"),
)


def listed(run: Overview) -> str:
    """Return one run of a list in a line."""
    parts = [f"{run.name}: {run.state}", _steps(run.step, run.steps)]
    if run.d_loss is not None or run.g_loss is not None:
        parts.append(f"D loss {words.number(run.d_loss)}, G loss {words.number(run.g_loss)}")
    parts += [f"{run.recipe or '?'} on {run.dataset or '?'}"]
    if run.age_s is not None and not run.alive:
        parts.append(f"{words.duration(run.age_s)} ago")
    if run.note:
        parts.append(f"note: {run.note}")
    return ", ".join(parts)


def progress(feed: RunFeed) -> str:
    """Return how far a run is, how fast, and its newest losses."""
    parts = [_steps(feed.step, feed.steps or None)]
    if feed.images_per_s:
        parts.append(f"{feed.images_per_s:,.0f} images per second")
    if feed.eta_seconds is not None:
        parts.append(f"{words.duration(feed.eta_seconds)} left")
    parts += [
        f"{title} {words.number(feed.latest(name))}"
        for name, title in _QUANTITIES
        if feed.latest(name) is not None
    ]
    return ", ".join(parts)


def state(feed: RunFeed) -> str:
    """Return a run's state in a sentence."""
    return sentence(feed.run.name, feed.view.state, feed.view.message)


def news(feed: RunFeed, change: FeedChange) -> Iterator[str]:
    """Yield a line for everything that happened, but the steps made."""
    if change.rewound:
        yield f"{feed.run.name} goes on from step {feed.step:,}; what came after it is taken back."
    for record in change.records:
        if said := _happened(record):
            yield said
    if change.samples and feed.samples:
        newest = feed.samples[-1]
        yield f"New samples of step {newest.step:,}: {newest.path}"


def _happened(record: Record) -> str:
    step = f"step {record['step']:,}"
    match record["kind"]:
        case "alert":
            remedy = str(record.get("remedy") or "")
            return f"Alert at {step}: {record.get('message')} {remedy}".rstrip()
        case "checkpoint":
            return f"Checkpoint of {step}: {record.get('path')}"
        case "control":
            args = record.get("args")
            values = map(str, args.values()) if isinstance(args, dict) else ()
            what = " ".join([str(record.get("name")), *values])
            error = record.get("error")
            return f"{what} was refused: {error}" if error else f"{what}: done at {step}"
        case "judged":
            return f"Judged at {step}: FID {words.number(record.get('fid'))}"
    return ""


def _steps(step: int, steps: int | None) -> str:
    return f"step {step:,} of {steps:,}" if steps else f"step {step:,}"
