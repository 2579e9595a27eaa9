"""What the tests of the API share: callers with tokens, a small organisation, and what stands in the database."""
import json
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from socialdesk.api.actions import make_token
from socialdesk.db import db, transaction
from socialdesk.tags.actions import own_tag

ROOT = "/api/v1"
PROBLEM = "application/problem+json"
UNKNOWN = 999_999


class Caller:
    """A program with a token: caller.get("/me"), caller.post("/tickets", {"body": …}, key="k1")."""

    def __init__(self, desk, token, seen=None):
        self.client, self.seen = desk.test_client(), seen
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method, path, body=None, key=None, headers=None, **more):
        headers = self.headers | ({"Idempotency-Key": key} if key else {}) | (headers or {})
        if body is not None:
            more |= {"data": json.dumps(body), "content_type": "application/json"}
        answer = self.client.open(ROOT + path, method=method, headers=headers, **more)
        if self.seen is not None:
            self.seen.append((answer.request.method, path, answer))
        if answer.status_code >= 400:
            assert answer.content_type == PROBLEM and answer.json["status"] == answer.status_code, answer.text
            assert len(answer.json["detail"].split()) > 4, "a refusal is a sentence"
        return answer

    def get(self, path, **more):
        return self.send("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.send("POST", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.send("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.send("DELETE", path, **more)


@pytest.fixture
def call(desk):
    """call(person) is a program with that person's token; call(None) one without."""
    def make_caller(person=None, scopes=None, **more):
        token = None
        if person is not None:
            with transaction():
                token = make_token(person.id, scopes)
        return Caller(desk, token, **more)
    return make_caller


@pytest.fixture
def world(make):
    """A small organisation, made by hand: who is in which team and circle, and one thing of each kind."""
    net, hr = make.team("Network"), make.team("Payroll", confidential=True)
    pilots = make.circle("Pilots")
    people = SimpleNamespace(
        ada=make.person("Ada Asker"), bob=make.person("Bob Stranger"), cleo=make.person("Cleo Pilot", circles=[pilots]),
        ivy=make.agent("Ivy Network", teams=[net]), sam=make.agent("Sam Agent"), hal=make.agent("Hal Payroll", teams=[hr]),
        root=make.admin("Rut Admin"))
    with transaction():
        own_tag("payroll", hr.id)
        own_tag("vpn", net.id)
    return SimpleNamespace(
        **vars(people), people=people, net=net, hr=hr, pilots=pilots,
        ticket=make.ticket(people.ada, "My screen stays black."),
        secret=make.ticket(people.ada, "My salary is wrong. #payroll"),
        question=make.question(people.ada, "How do I print on both sides? #printer"),
        flight=make.question(people.cleo, "Who flies on Monday?", audience="circle:pilots"))


def everything(*but):
    """All rows of all tables, to see that a refusal leaves no trace.  but: tables that may change."""
    db.session.rollback()
    found = {table.name: sorted(map(repr, db.session.execute(sa.select(table)))) for table in db.metadata.tables.values()
             if table.name not in ("throttle", *but)}
    db.session.rollback()
    return found
