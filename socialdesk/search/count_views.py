"""Searches and shown suggestions, counted in memory and written down now and then: what is only read writes nothing."""
import threading
import time
from datetime import timedelta

from flask import Blueprint, current_app

from ..db import db, now, transaction
from ..web import viewer
from .tally_actions import write_counts
from .tally_index import Tally, folded

bp = Blueprint("counts", __name__)


class Searches:
    """A process's Tally, and the timer that writes it down."""

    FLUSH_SECONDS = 10

    def __init__(self, app):
        self.app, self.tally, self.timer, self.lock = app, Tally(), None, threading.Lock()

    def note(self, found, text):
        """The viewer searched for this; found: was there anything that fits?"""
        self.tally.note(bool(found), folded(text), viewer().id, _week())
        self._write_soon()

    def note_shown(self):
        """The viewer was shown suggestions."""
        self.tally.note_shown(viewer().id, time.monotonic(), _week())
        self._write_soon()

    def _write_soon(self):
        with self.lock:
            if self.timer is None and not self.app.testing:
                self.timer = threading.Timer(self.FLUSH_SECONDS, self._flush_in_thread)
                self.timer.daemon = True
                self.timer.start()

    def flush(self):
        """Write down what was counted."""
        with self.lock:
            self.timer = None
        week, asked, shown = self.tally.take()
        if asked or shown:
            with transaction():
                write_counts(week, asked, shown)

    def _flush_in_thread(self):
        with self.app.app_context():
            try:
                self.flush()
            except Exception:           # a locked or full database: a few searches are not counted
                self.app.logger.warning("searches could not be counted", exc_info=True)
            finally:
                db.session.remove()


def searches():
    """The Searches of this process."""
    return current_app.extensions["searches"]


def _week():
    """The first day of this week."""
    today = now().date()
    return (today - timedelta(days=today.weekday())).isoformat()


@bp.record_once
def _begin(state):
    state.app.extensions["searches"] = Searches(state.app)
