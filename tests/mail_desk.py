"""A mail server of the loopback, and what is read of the mails it was given."""
import email
import email.policy
import re
import socketserver
import threading

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.notifications.models import Delivery
from socialdesk.people.models import Person

from .conftest import run_due


class Server(socketserver.ThreadingTCPServer):
    """Answers by table, by the word of a line or its whole (small letters); keeps what it is given."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.raw, self.answers = [], {}
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def mails(self):
        """What came in, parsed."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]

    def to(self, person):
        """The mails to a person."""
        return [mail for mail in self.mails if person.email in mail["To"]]


class _Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.say(b"220 test")
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            word = line.split()[0].upper()
            answer = self.server.answers.get(line.lower()) or self.server.answers.get(word)
            if answer:
                self.say(answer)
            elif word == "DATA":
                self.say(b"354 go on")
                self.server.raw.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say(b"250 taken")
            elif word == "QUIT":
                return self.say(b"221 bye")
            else:
                self.say(b"250 ok")

    def say(self, answer):
        self.wfile.write(answer + b"\r\n")


@pytest.fixture
def post_office():
    """The mail server of this test."""
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings_given(post_office, service):
    """A desk that mails through it, and pushes through the paper one."""
    service.reset()
    return {"SOCIALDESK_PUSH_HOSTS": service.origin, "SOCIALDESK_BASE_URL": "https://desk.example.org",
            "SOCIALDESK_SMTP_URL": f"smtp://127.0.0.1:{post_office.server_address[1]}", "SOCIALDESK_MAIL_FROM": "The desk <desk@example.org>"}


def text_of(mail):
    """The plain text of a mail."""
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail):
    """Its HTML."""
    return mail.get_body(("html",)).get_content().replace("\r\n", "\n")


def link_of(mail):
    """The path of the link in its header that ends such mails."""
    return re.fullmatch(r"<https://desk\.example\.org(/unsubscribe/\S+)>", mail["List-Unsubscribe"])[1]


def states():
    """How each delivery by mail stands, in order."""
    found = list(db.session.scalars(sa.select(Delivery.state).where(Delivery.channel == "mail").order_by(Delivery.id)))
    db.session.rollback()
    return found


def fetch(person):
    """The row of a person."""
    row = db.session.get(Person, person.id, populate_existing=True)
    db.session.rollback()
    return row


def asked_and_answered(make, ada=None, agent=None, **more):
    """A ticket and a reply to it, told."""
    ada, agent = ada or make.person("Ada"), agent or make.agent("Tomasz")
    ticket = make.ticket(ada, **more)
    run_due()
    make.reply(ticket, agent, "Which cable is it?")
    run_due()
    return ada, agent, ticket


class Killed(BaseException):
    """The process is gone."""


class Killer:
    """Stands in the place of fail_point: the n-th pass of a point ends the process."""

    def __init__(self, point, nth):
        self.point, self.left, self.passed = point, nth, 0

    def __call__(self, name):
        if name == self.point:
            self.passed += 1
            self.left -= 1
            if self.left == 0:
                raise Killed()
