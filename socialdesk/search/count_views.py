"""Searches and shown suggestions, counted in memory and written down now and then: what is only read writes nothing."""
import time
from datetime import timedelta

from flask import Blueprint, current_app

from ..db import now, transaction
from ..soon import Soon
from ..web import viewer
from .tally_actions import write_counts
from .tally_index import Tally, folded

bp = Blueprint("counts", __name__)


class Searches(Soon):
    """A process's Tally, written down now and then."""

    FLUSH_SECONDS = 10
    LOST = "searches could not be counted"                  # a few are not

    def __init__(self, app):
        super().__init__(app)
        self.tally = Tally()

    def note(self, found, text):
        """The viewer searched for this; found: was there anything that fits?"""
        self.tally.note(bool(found), folded(text), viewer().id, _week())
        self.write_soon()

    def note_shown(self):
        """The viewer was shown suggestions."""
        self.tally.note_shown(viewer().id, time.monotonic(), _week())
        self.write_soon()

    def flush(self):
        """Write down what was counted."""
        week, asked, shown = self.tally.take()
        if asked or shown:
            with transaction():
                write_counts(week, asked, shown)


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
