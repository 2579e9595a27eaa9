"""What leaves a desk whose pushes and mails go nowhere, and the death of its worker at any step."""
import json
import os

import pytest

from socialdesk import db as database
from socialdesk.notifications import delivery, mail_actions, push_delivery, round_delivery
from socialdesk.people import delivery as mail_delivery


class Death(BaseException):
    """Where the worker is killed: nothing after it runs."""


class Air:
    """Takes each push and each mail as it is posted, and notes what came to the door at an hour at which it may not leave."""

    def __init__(self):
        self.sent, self.answers, self.mails, self.turned_away = [], [], [], []

    def seal(self, office, device, payload):
        return payload

    def post(self, endpoint, sealed):
        notice = json.loads(sealed)["notification"]
        status = self.answers.pop() if self.answers else 201
        self.sent.append((int(endpoint.rsplit("/", 1)[1]), notice, status))
        return delivery.Answer(status, 60 if status == 429 else None)

    def take(self, server, mail):
        self.mails.append(mail)
        return None, None

    def put_over(self, later, done=push_delivery._put_over):
        self.turned_away += later
        return done(later)

    def round_of(self, people, base_url, done=mail_actions.round_of):
        found = done(people, base_url)
        self.turned_away += [delivery_id for ids in found.later.values() for delivery_id in ids]
        return found


@pytest.fixture
def settings_given():
    """A desk that mails."""
    return {"SOCIALDESK_SMTP_URL": "smtp://127.0.0.1:9"}         # nobody is asked there: the air takes what is sent


@pytest.fixture
def air(monkeypatch):
    """What leaves this desk; where it is told to die, Death is raised."""
    air = Air()
    monkeypatch.setattr(mail_delivery, "_send", air.take)
    monkeypatch.setattr(push_delivery, "_put_over", air.put_over)
    monkeypatch.setattr(mail_actions, "round_of", air.round_of)
    monkeypatch.setattr(round_delivery, "GATHER_SECONDS", 0)
    monkeypatch.setattr(delivery.PostOffice, "seal", lambda office, device, payload: air.seal(office, device, payload))

    def post(office, token, endpoint, sealed, *more):
        office.known.append((token, air.post(endpoint, sealed)))
    monkeypatch.setattr(delivery.PostOffice, "post", post)

    def die(pid, signal):
        database._fail_at = None
        raise Death()
    monkeypatch.setattr(os, "kill", die)
    yield air
    database._fail_at = None
