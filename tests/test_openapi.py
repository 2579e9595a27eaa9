"""The OpenAPI document: sound by itself, the same as the routes, true of every answer; and nothing sent at random breaks the API."""
import json
import re
import string
from copy import deepcopy
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from socialdesk import web
from socialdesk.api import door_views, openapi
from socialdesk.buckets import Buckets
from socialdesk.db import db, transaction
from socialdesk.people import throttle_actions
from socialdesk.posts.models import Post, Version

from .api_desk import PROBLEM, ROOT, UNKNOWN, call, world  # noqa: F401
from .conftest import run_due

METHODS = ["get", "post", "patch", "delete"]
REF = {"type": "object", "required": ["$ref"], "properties": {"$ref": {"type": "string", "pattern": "^#/components/(schemas|responses)/[A-Za-z0-9]+$"}},
       "additionalProperties": False}
CONTENT = {"type": "object", "minProperties": 1, "propertyNames": {"enum": ["application/json", PROBLEM]},
           "additionalProperties": {"type": "object", "required": ["schema"], "properties": {"schema": REF}, "additionalProperties": False}}
ANSWER = {"type": "object", "required": ["description"], "properties": {
    "description": {"type": "string", "minLength": 4}, "content": CONTENT, "headers": {"type": "object", "additionalProperties": {
        "type": "object", "required": ["schema", "description"]}}}, "additionalProperties": False}
PARAMETER = {"type": "object", "required": ["name", "in", "required", "schema"], "properties": {
    "name": {"type": "string"}, "in": {"enum": ["path", "query", "header"]}, "required": {"type": "boolean"}, "description": {"type": "string"},
    "schema": {"type": "object", "required": ["type"]}}, "additionalProperties": False,
    "if": {"properties": {"in": {"const": "path"}}}, "then": {"properties": {"required": {"const": True}}}}
OPERATION = {"type": "object", "required": ["operationId", "summary", "description", "tags", "responses"], "properties": {
    "operationId": {"type": "string", "pattern": "^[a-z_]+$"}, "summary": {"type": "string", "minLength": 4}, "description": {"type": "string"},
    "tags": {"type": "array", "minItems": 1, "maxItems": 1}, "parameters": {"type": "array", "minItems": 1, "items": PARAMETER},
    "requestBody": {"type": "object", "required": ["required", "content"], "properties": {"required": {"type": "boolean"}, "content": CONTENT}},
    "responses": {"type": "object", "minProperties": 3, "required": ["401", "default"], "propertyNames": {"pattern": "^([2-4][0-9][0-9]|default)$"},
                  "additionalProperties": {"anyOf": [REF, ANSWER]}}}, "additionalProperties": False}
DOCUMENT = {"type": "object", "required": ["openapi", "info", "servers", "security", "tags", "paths", "components"], "additionalProperties": False, "properties": {
    "openapi": {"const": "3.1.0"},
    "info": {"type": "object", "required": ["title", "version", "description", "license"], "properties": {"title": {"minLength": 1}}},
    "servers": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["url"], "properties": {"url": {"pattern": "^https?://.+/api/v1$"}}}},
    "security": {"const": [{"token": []}]}, "tags": {"type": "array", "items": {"type": "object", "required": ["name", "description"]}},
    "paths": {"type": "object", "minProperties": 10, "propertyNames": {"pattern": "^(/([a-z-]+|\\{[a-z]+\\}))+$"},
              "additionalProperties": {"type": "object", "minProperties": 1, "propertyNames": {"enum": METHODS}, "additionalProperties": OPERATION}},
    "components": {"type": "object", "required": ["schemas", "responses", "securitySchemes"], "properties": {
        "responses": {"type": "object", "additionalProperties": ANSWER}, "schemas": {"type": "object", "minProperties": 10},
        "securitySchemes": {"properties": {"token": {"properties": {"type": {"const": "http"}, "scheme": {"const": "bearer"}}}}, "required": ["token"]}}}}}


@pytest.fixture
def document(desk):
    answer = desk.test_client().get(f"{ROOT}/openapi.json")
    assert answer.status_code == 200 and answer.content_type == "application/json"
    return answer.json


def every(thing):
    """All objects in a document."""
    if isinstance(thing, dict):
        yield thing
    for part in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from every(part)


def resolve(document, ref):
    found = document
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


# --- the document itself

def test_the_document_is_sound(document):
    problems = list(Draft202012Validator(DOCUMENT).iter_errors(document))
    assert not problems, problems[0]
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert {tag for operation in operations for tag in operation["tags"]} == {tag["name"] for tag in document["tags"]}


def test_every_reference_leads_somewhere_and_every_schema_is_one(document):
    refs = {part["$ref"] for part in every(document) if isinstance(part.get("$ref"), str)}
    assert all(isinstance(resolve(document, ref), dict) for ref in refs)
    assert refs >= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}, "a schema nobody uses"
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
        assert set(schema.get("required", ())) <= set(schema.get("properties", ()))


def test_every_path_declares_its_parts(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))


def test_the_document_and_the_routes_are_the_same(desk, document):
    routes = {(method, re.sub(r"<int:(\w+)>", r"{\1}", rule.rule.removeprefix(ROOT))) for rule in desk.url_map.iter_rules()
              if rule.endpoint.startswith("api.") for method in rule.methods - {"HEAD", "OPTIONS"}}
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert routes == told | {("GET", "/openapi.json"), ("GET", "/docs")}


def test_each_endpoint_asks_for_a_token_and_for_nothing_else(desk):
    for rule in desk.url_map.iter_rules():
        if rule.rule.startswith(ROOT) and rule.endpoint not in door_views.OPEN:
            for method in rule.methods - {"OPTIONS"}:
                answer = desk.test_client().open(re.sub(r"<int:\w+>", "1", rule.rule), method=method)
                assert answer.status_code == 401, rule


def test_the_page_tells_all_of_it_without_a_sign_in(desk, document):
    answer = desk.test_client().get(f"{ROOT}/docs")
    assert answer.status_code == 200 and answer.content_type.startswith("text/html")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in answer.text and f'id="{operation["operationId"]}"' in answer.text
    anchors, targets = set(re.findall(r'href="#(\w+)"', answer.text)), set(re.findall(r'id="([\w-]+)"', answer.text))
    assert anchors - {"main"} <= targets and set(document["components"]["schemas"]) <= targets
    assert "<script>" not in answer.text and " style=" not in answer.text and "undefined" not in answer.text.lower()


# --- true of every answer

def strict(document):
    """The document with objects that have no members but the named ones."""
    made = deepcopy(document)
    for part in every(made["components"]["schemas"]):
        if part.get("type") == "object" and "properties" in part and "additionalProperties" not in part:
            part["additionalProperties"] = False
    return made


def check_answer(document, endpoint, answer):
    """Does an answer look as its schema says?"""
    if answer.status_code == 204:
        assert answer.data == b""
        return
    name = endpoint.answer if answer.status_code == endpoint.status else "Problem"
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    problems = sorted(Draft202012Validator(schema).iter_errors(answer.json), key=str)
    assert not problems, (endpoint.name, answer.json, problems[0].message)


class Things:
    """What the requests of the next test are about."""

    def __init__(self, make, call, world):
        self.world, ada, bob = world, world.ada, world.bob
        self.spare, self.traced = make.question(ada, "To be deleted"), make.question(ada, "Answered, then deleted")
        self.reply = make.reply(world.question, bob)
        self.gone = make.reply(world.question, bob)
        self.poll = call(ada).post("/posts", {"kind": "poll", "body": "Tea or coffee?", "options": ["Tea", "Coffee"]}).json
        self.lost_poll = call(ada).post("/posts", {"kind": "poll", "body": "Soup?", "options": ["Yes", "No"]}).json
        make.reply(SimpleNamespace(id=self.lost_poll["id"]), bob)
        assert call(ada).delete(f"/posts/{self.lost_poll['id']}").status_code == 204
        make.reply(self.traced, bob)
        self.grave, self.mended = make.ticket(ada, "All is dark"), make.ticket(ada, "It was dark")
        self.public = call(world.sam).post(f"/tickets/{self.grave.id}/major", {"body": "Dark in every house.", "minutes": 60}).json["id"]
        call(world.sam).patch(f"/tickets/{self.mended.id}", {"status": "resolved", "sentence": "Light again."})
        self.article, self.old, self.forgotten = make.article(world.sam), make.article(world.sam, "Old"), make.article(world.sam, "Forgotten")
        assert call(world.sam).post(f"/articles/{self.forgotten.id}/withdrawal", {}).status_code == 204
        with transaction():
            db.session.execute(sa.delete(Version).where(Version.post_id == self.forgotten.id))
        self.taken = make.ticket(ada, "Taken already")
        call(world.ivy).post(f"/tickets/{self.taken.id}/take")
        assert call(bob).delete(f"/posts/{self.gone.id}").status_code == 204
        assert call(ada).delete(f"/posts/{self.traced.id}").status_code == 204
        make.reply(world.ticket, world.sam)
        run_due()
        self.line = call(ada).get("/notifications").json["items"][0]["id"]

    def requests(self):
        """endpoint -> (who, id, body, query) that it answers well; and {status: the same} of what it refuses in its own way."""
        w, q, t, r = self.world, self.world.question.id, self.world.ticket.id, self.reply.id
        ask = {"body": "How do I scan?"}
        return {
            "make_post": ((w.ada, None, ask), {404: (w.ada, None, ask | {"audience": "circle:none"})}),
            "show_post": ((w.ada, q), {}),
            "change_post": ((w.ada, q, {"body": "How do I print?"}), {409: (w.ada, self.traced.id, ask)}),
            "delete_post": ((w.ada, self.spare.id), {}),
            "show_replies": ((w.ada, q), {}),
            "make_reply": ((w.sam, q, {"body": "Look"}), {}),
            "say_me_too": ((w.bob, q), {422: (w.bob, self.article.id), 409: (w.bob, self.traced.id)}),
            "take_back_me_too": ((w.bob, q), {}),
            "follow_post": ((w.bob, q, {"level": "mentions"}), {}),
            "unfollow_post": ((w.bob, q), {}),
            "react": ((w.bob, q, {"kind": "like"}), {409: (w.bob, self.traced.id, {})}),
            "take_back_reaction": ((w.bob, q, {"kind": "like"}), {}),
            "save_post": ((w.bob, q), {}),
            "unsave_post": ((w.bob, q), {}),
            "answer_poll": ((w.bob, self.poll["id"], {"option": self.poll["poll"]["options"][0]["id"]}),
                            {409: (w.bob, self.lost_poll["id"], {"option": self.lost_poll["poll"]["options"][0]["id"]})}),
            "take_back_poll_answer": ((w.bob, self.poll["id"]), {422: (w.bob, q), 409: (w.bob, self.lost_poll["id"])}),
            "declare_major": ((w.sam, t, {"body": "Black screens everywhere.", "minutes": 30}),
                              {409: (w.sam, self.mended.id, {"body": "Dark again.", "minutes": 30})}),
            "say_word": ((w.sam, self.public, {"body": "We look for the fuse.", "minutes": 30}),
                         {409: (w.sam, q, {"body": "We look for the fuse.", "minutes": 30})}),
            "end_major": ((w.sam, self.grave.id), {409: (w.sam, self.mended.id)}),
            "show_share": ((w.ada, t), {}),
            "share_post": ((w.ada, t, {"body": "Is yours black too?"}), {409: (w.ada, self.traced.id, ask)}),
            "accept_answer": ((w.ada, r), {422: (w.ada, q), 409: (w.ada, self.gone.id)}),
            "unaccept_answer": ((w.ada, r), {422: (w.ada, q)}),
            "show_tickets": ((w.sam, None), {}),
            "make_ticket": ((w.ada, None, ask), {}),
            "show_ticket": ((w.sam, t), {}),
            "change_ticket": ((w.sam, t, {"urgency": "high"}), {409: (w.sam, t, {"status": "closed", "sentence": "Done."})}),
            "take_ticket": ((w.sam, t), {409: (w.sam, self.taken.id)}),
            "show_timeline": ((w.sam, t), {}),
            "show_suggestions": ((w.ada, None, None, {"q": "print on both sides"}), {}),
            "suggest_for_text": ((w.ada, None, {"text": "print on both sides", "limit": 2}), {}),
            "suggest_hashtags": ((w.ada, None, {"text": "print on both sides"}), {}),
            "show_search": ((w.ada, None, None, {"q": "print"}), {}),
            "show_feed": ((w.ada, None), {}),
            "show_articles": ((w.ada, None), {}),
            "make_article": ((w.sam, None, {"title": "Scan", "body": "Press *Scan*."}), {}),
            "show_article": ((w.ada, self.article.id), {}),
            "revise_article": ((w.sam, self.article.id, {"body": "Choose *Duplex*."}), {409: (w.sam, self.article.id, ask | {"version": 99})}),
            "withdraw_article": ((w.sam, self.old.id, {"reason": "It is wrong."}), {}),
            "restore_article": ((w.sam, self.old.id), {409: (w.sam, self.forgotten.id)}),
            "show_me": ((w.ada, None), {}),
            "change_me": ((w.ada, None, {"name": "Ada Lovelace"}), {409: (w.ada, None, {"handle": w.bob.handle})}),
            "show_notifications": ((w.ada, None), {}), "show_choices": ((w.ada, None), {}),
            "change_choice": ((w.ada, None, {"matter": "answers", "told": "rest", "only_tickets": True, "quiet": "monday"}), {}),
            "read_notification": ((w.ada, self.line), {}),
        }


def test_every_answer_is_as_the_document_says_and_every_answer_it_names_is_given(desk, make, call, world, document, monkeypatch):
    things, document = Things(make, call, world), strict(document)
    requests, tokens = things.requests(), {}
    assert set(requests) == {endpoint.name for endpoint in openapi.ENDPOINTS}

    def ask(endpoint, who, key=None, body=None, query=None, scopes=None, once=None, **more):
        if who and (who.id, scopes) not in tokens:
            tokens[who.id, scopes] = call(who, scopes)
        caller = tokens[who.id, scopes] if who else call()
        answer = caller.send(endpoint.method, endpoint.path.replace("{id}", str(key)), body, query_string=query, key=once, **more)
        check_answer(document, endpoint, answer)
        return answer.status_code

    def refusals(endpoint, who, key=None, body=None, query=None):
        """Every general way to be refused, as statuses."""
        yield ask(endpoint, None, key, body, query)
        yield ask(endpoint, who, key, body, query, scopes="admin")
        if key:
            yield ask(endpoint, who, UNKNOWN, body, query)
        if endpoint.body:
            json_type = {"content_type": "application/json"}
            yield ask(endpoint, who, key, data=b"{", **json_type)
            yield ask(endpoint, who, key, data=b'{"body": "' + b"x" * door_views.MAX_BODY_BYTES + b'"}', **json_type)
            yield ask(endpoint, who, key, data=b"body=x", content_type="application/x-www-form-urlencoded")
            yield ask(endpoint, who, key, dict.fromkeys(body, 5))
        if endpoint.args:
            yield ask(endpoint, who, key, query=(query or {}) | {"limit": 0})
        if endpoint.keyed:
            assert ask(endpoint, who, key, body, once=endpoint.name) == 201
            assert ask(endpoint, who, key, body, once=endpoint.name) == 201
            yield ask(endpoint, who, key, body | {"body": "Other words"}, once=endpoint.name)
        with monkeypatch.context() as patch:
            patch.setitem(throttle_actions.LIMITS, "api", (0.5, 1, "requests"))
            patch.setattr(door_views, "BURST", 0)
            patch.setattr(web, "_buckets", Buckets())
            with transaction():
                db.session.execute(throttle_actions.Throttle.__table__.delete())
                throttle_actions._spend("api", str(who.id))
            yield ask(endpoint, who, key, body, query)
        with transaction():
            db.session.execute(throttle_actions.Throttle.__table__.delete())

    for endpoint in openapi.ENDPOINTS:
        good, own = requests[endpoint.name]
        given_ = {*refusals(endpoint, *good), *(ask(endpoint, *one) for one in own.values())}
        given_.add(ask(endpoint, *good))
        assert given_ == set(endpoint.codes), endpoint.name


# --- nothing sent at random breaks it

WORDS = st.sampled_from(["body", "title", "kind", "audience", "status", "sentence", "hold_reason", "assignee", "team", "type", "urgency", "level", "note",
                         "minutes", "version", "leave_name_out", "name", "handle", "tz", "lang", "hours", "lock_screen", "summary", "source_url", "licence", "limit", "cursor", "q", "view", "tag"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), WORDS,
                   st.text(st.characters(categories=["Cs", "Cc", "Lo"]), max_size=5),
                   st.sampled_from(["question", "ticket", "everyone", "private", "circle:pilots", "resolved", "on_hold", "closed", "requester", "ada", "Network",
                                    "Payroll", "incident", "high", "all", "always", "Europe/Berlin", "full", "https://example.org", "#vpn @ada `x`"]))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.sampled_from(["mon", "fri"]), inner, max_size=3), max_leaves=6)
BODIES = st.one_of(st.dictionaries(WORDS, VALUES, max_size=5).map(json.dumps).map(str.encode), VALUES.map(json.dumps).map(str.encode),
                   st.fixed_dictionaries({"body": st.text(max_size=60), "sentence": st.just("Hello there."), "title": st.text(max_size=20)},
                                         optional={"status": LEAVES, "team": LEAVES, "assignee": LEAVES, "note": st.booleans()}).map(json.dumps).map(str.encode),
                   st.binary(max_size=40))
QUERIES = st.dictionaries(WORDS, st.one_of(st.text(max_size=20), st.integers().map(str)), max_size=3)
IDS = st.one_of(st.integers(1, 8), st.integers(0, 2 ** 70))


def test_nothing_sent_at_random_is_a_fault_of_ours(desk, call, world):
    callers = [call(world.ada), call(world.ivy), call(world.root)]

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(openapi.ENDPOINTS), st.sampled_from(callers), IDS, BODIES, QUERIES, st.text(string.ascii_letters, max_size=3))
    def try_(endpoint, caller, key, body, query, idem):
        clean = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        more = {"data": body, "content_type": "application/json"} if endpoint.body else {}
        answer = caller.send(endpoint.method, endpoint.path.replace("{id}", str(key)), key=idem, query_string=clean, **more)
        assert answer.status_code in {*endpoint.codes, 422}
    try_()
    assert db.session.get(Post, world.ticket.id)
