"""The desk changes its push key: real browsers ring on by the old one, and take the new one when the app is opened."""
import sqlite3
from pathlib import Path

from socialdesk.db import wait_until

from .test_told import desk, phone, ring  # noqa: F401


def key_ids(served):
    """The key of each device that takes notices."""
    with sqlite3.connect(Path(served.folder) / "socialdesk.sqlite3") as database:
        return {row[0] for row in database.execute("SELECT vapid_id FROM device WHERE off_at IS NULL")}


def test_a_changed_key_costs_no_device(desk, phone, desktop):  # noqa: F811
    ticket = desk.ticket(phone.person)
    desk.command("push-key", "rotate")
    fresh = (Path(desk.folder) / "vapid-current").read_text()
    assert fresh not in key_ids(desk)
    desk.api("bo", "PATCH", f"/tickets/{ticket}", status="in_progress", sentence="I am on it.")
    desktop.press(desktop.wait_for("ticket", 15))
    phone.wait_for_address(f"/p/{ticket}")
    desktop.clear()
    ring(phone, desk, phone.person)                     # opened anew, in a new sign-in
    assert wait_until(lambda: fresh in key_ids(desk), 20), key_ids(desk)
    desk.api("bo", "PATCH", f"/tickets/{ticket}", status="resolved", sentence="A new driver.")
    assert desktop.wait_for("ticket", 15)
