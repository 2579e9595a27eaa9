"""The one table of the API's endpoints, which registers the routes, and the OpenAPI document made from it."""
import re
from dataclasses import dataclass, field

from .schemas_openapi import SCHEMAS

#: what an endpoint may refuse, by status
REFUSALS = {
    400: "The body is no JSON.", 401: "There is no token, or it does not work (any more).",
    403: "The token's scopes do not include this, or the caller sees the thing and may not do this with it.",
    404: "Unknown, or not for the caller: both look the same.",
    409: "The thing has moved on in the meantime, or the Idempotency-Key stood for something else.",
    413: "The body is larger than 1 MB.", 415: "The body is not declared as application/json.",
    422: "What was sent cannot be used as it is; field says which member.", 429: "Too fast; Retry-After says for how long to wait."}
TAGS = {"Find": "What is known already, and what is going on.", "Posts": "What people say: questions, tickets, articles and the replies to them.",
        "Tickets": "Posts the desk owns until they are done.", "Articles": "Pages of the knowledge base.",
        "Me": "The person the token belongs to, and what they were told."}


@dataclass(frozen=True)
class Endpoint:
    """One route of the API.  path: with {id}; body, answer: names of schemas, or None; args: {parameter: schema};
    keyed: takes an Idempotency-Key; refusals: statuses it may answer beside those that follow from the rest."""

    method: str
    path: str
    name: str
    summary: str
    tag: str
    scope: str
    body: str | None = None
    needs_body: bool = True
    args: dict = field(default_factory=dict)
    answer: str | None = None
    status: int = 200
    keyed: bool = False
    refusals: tuple = ()

    @property
    def codes(self):
        """Every status this endpoint may answer with."""
        codes = {self.status, 401, 403, 429, *self.refusals}
        codes |= {404} if "{id}" in self.path else set()
        codes |= {400, 413, 415, 422} if self.body else {422} if self.args else set()
        return sorted(codes | ({409} if self.keyed else set()))

    @property
    def rule(self):
        """The path as Flask writes it."""
        return re.sub(r"\{(\w+)\}", r"<int:\1>", self.path)


ENDPOINTS = []


def document(base_url):
    """The OpenAPI 3.1 document of this desk."""
    paths = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "SocialDesk", "version": "1", "license": {"name": "MIT", "identifier": "MIT"}, "description": _ABOUT},
        "servers": [{"url": f"{base_url}/api/v1"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A token made by: app.py token create --email …"}},
            "responses": {str(code): _problem(words) for code, words in REFUSALS.items()}}}


_ABOUT = ("Everything the pages of the desk can do and stands so far, for programs. A token acts in the name of its person and sees what they see. "
          "Every refusal is a problem (RFC 9457) whose detail is a sentence for people. Lists take limit and cursor and answer items and "
          "next_cursor. Where a deed took its thing out of the caller's sight, the answer is its id alone. What creates takes an Idempotency-Key: the same key with the same content gives the first result again, for 30 days.")


def _problem(words):
    extra = {"headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}} if words is REFUSALS[429] else {}
    return {"description": words, **extra, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _operation(endpoint):
    made = {"operationId": endpoint.name, "summary": endpoint.summary, "tags": [endpoint.tag],
            "description": f"A token with scopes needs {endpoint.scope}."}
    parameters = _parameters(endpoint)
    if parameters:
        made["parameters"] = parameters
    if endpoint.body:
        made["requestBody"] = {"required": endpoint.needs_body, "content": {"application/json": {"schema": {
            "$ref": f"#/components/schemas/{endpoint.body}"}}}}
    refusals = {str(code): {"$ref": f"#/components/responses/{code}"} for code in endpoint.codes if code != endpoint.status}
    made["responses"] = {str(endpoint.status): _answer(endpoint), **refusals, "default": _problem("Any other refusal.")}
    return made


def _parameters(endpoint):
    found = [{"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
             for name in re.findall(r"\{(\w+)\}", endpoint.path)]
    for name, schema in endpoint.args.items():
        shown = {key: value for key, value in schema.items() if key not in ("description", "required")}
        found.append({"name": name, "in": "query", "required": bool(schema.get("required")), "schema": shown,
                      **({"description": schema["description"]} if "description" in schema else {})})
    if endpoint.keyed:
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 200},
                      "description": "chosen by the caller; sent twice is done once"})
    return found


def _answer(endpoint):
    if endpoint.answer is None:
        return {"description": "Done."}
    made = {"description": "Made." if endpoint.status == 201 else "Here it is.",
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{endpoint.answer}"}}}}
    if endpoint.keyed:
        made["headers"] = {"Idempotency-Replayed": {"schema": {"const": "true"}, "description": "this is the first result again"}}
    return made
