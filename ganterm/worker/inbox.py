"""Requests that wait for their turn: of each kind, only the newest."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What is asked for: its id, what to do, and what that takes."""

    id: int
    do: str
    fields: dict[str, Any]


@dataclass
class News:
    """What has come: the newest request of each kind, and answers to what is none or is stale."""

    requests: list[Request] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)


class Inbox:
    """Filled by one thread, emptied by another."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = tuple(kinds)
        self._news = News()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, line: bytes) -> None:
        """Take a line of JSON in; what it replaces, and what is no request, is answered."""
        request = self._parsed(line)
        with self._changed:
            if isinstance(request, Request):
                stale = [each for each in self._news.requests if self._replaces(request, each)]
                self._news.replies += [{"id": each.id, "skipped": True} for each in stale]
                kept = [each for each in self._news.requests if each not in stale]
                self._news.requests = [*kept, request]
            else:
                self._news.replies.append(request)
            self._changed.notify()

    def close(self) -> None:
        """Let nothing more come: who waits for it once all is taken gets None."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, *, wait: bool) -> News | None:
        """Return what has come, which may be nothing; `wait` for it, and get None at the end."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._closed or self._has_news)
                if not self._has_news:
                    return None
            news, self._news = self._news, News()
            return news

    @property
    def _has_news(self) -> bool:
        return bool(self._news.requests or self._news.replies)

    @staticmethod
    def _replaces(newer: Request, older: Request) -> bool:
        # What another generator comes after is not drawn any more.
        return newer.do in {older.do, "open"}

    def _parsed(self, line: bytes) -> Request | dict[str, Any]:
        try:
            given = json.loads(line)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            return {"id": None, "error": "A request is an object in a line of JSON."}
        number = given.pop("id", None)
        if not isinstance(number, int) or isinstance(number, bool):
            return {"id": None, "error": "A request has an id, a whole number."}
        do = given.pop("do", None)
        if do not in self._kinds:
            told = ", ".join(self._kinds)
            return {"id": number, "error": f"A request is to do one of {told}, not {do!r}."}
        return Request(number, do, given)
