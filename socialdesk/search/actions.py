"""Keeping the index."""


def index(event_id):
    """Bring the index up to date with what an event changed."""
