"""Requests wait for their turn; of each kind the newest alone, and nothing else is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ganterm.worker.inbox import Inbox, News, Request


def filled(*requests: Any) -> News:
    inbox = Inbox(("open", "draw", "strip"))
    for request in requests:
        inbox.put(json.dumps(request).encode())
    news = inbox.take(wait=False)
    assert news is not None
    return news


def test_of_a_kind_the_newest_counts() -> None:
    """The older ones are told to be skipped, each by its id."""
    news = filled(
        *({"id": number, "do": "draw", "at": number} for number in (1, 2)),
        {"id": 3, "do": "strip"},
        {"id": 4, "do": "draw", "at": 4},
    )
    assert news.requests == [Request(3, "strip", {}), Request(4, "draw", {"at": 4})]
    assert news.replies == [{"id": 1, "skipped": True}, {"id": 2, "skipped": True}]


def test_what_waits_for_an_old_generator_is_not_drawn() -> None:
    """Another one is opened: only what comes after is for it."""
    news = filled({"id": 1, "do": "draw"}, {"id": 2, "do": "open"}, {"id": 3, "do": "draw"})
    assert [request.id for request in news.requests] == [2, 3]
    assert news.replies == [{"id": 1, "skipped": True}]


@pytest.mark.parametrize(
    ("line", "number", "said"),
    [
        (b"\xff", None, "an object"),
        (b"[1]", None, "an object"),
        (b"[" * 100_000, None, "an object"),
        (b'{"do": "draw"}', None, "an id"),
        (b'{"id": true, "do": "draw"}', None, "an id"),
        (b'{"id": 5}', 5, "open, draw, strip"),
        (b'{"id": 6, "do": ["draw"]}', 6, "open, draw, strip"),
    ],
)
def test_what_is_no_request_is_answered_in_a_sentence(
    line: bytes, number: int | None, said: str
) -> None:
    """Under its id where it has one."""
    inbox = Inbox(("open", "draw", "strip"))
    inbox.put(line)
    news = inbox.take(wait=True)
    assert news is not None
    assert news.requests == []
    (reply,) = news.replies
    assert reply["id"] == number
    assert said in reply["error"]


def test_a_closed_one_is_emptied_and_then_over() -> None:
    """What came before the end is not lost."""
    inbox = Inbox(("draw",))
    assert inbox.take(wait=False) == News()
    inbox.put(b'{"id": 1, "do": "draw"}')
    inbox.close()
    news = inbox.take(wait=True)
    assert news is not None
    assert len(news.requests) == 1
    assert inbox.take(wait=True) is None
