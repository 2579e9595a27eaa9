"""What the API answers and takes, as JSON Schema."""
from ..knowledge.checker import READERS
from ..people.hours_checker import EXCEPTIONS
from ..people.models import BUDGETS, DIGESTS, LOCK_SCREENS
from ..posts.checker import MAX_BODY, MAX_TITLE
from ..posts.models import IDEA_NEXT
from ..posts.poll_checker import DAYS, FEWEST, MAX_OPTION, MOST
from ..tickets.checker import MINUTES
from ..tickets.models import HOLD_REASONS, LEVELS, STATUSES, TYPES

MAX_LIMIT = 100
VIEWS = ("for-you", "newest", "following")
FOLLOW_LEVELS = ("all", "mentions", "muted")
TEXT = {"type": "string"}
ID = {"type": "integer", "minimum": 1}
COUNT = {"type": "integer", "minimum": 0}
FLAG = {"type": "boolean"}
TIME = {"type": "string", "format": "date-time"}
HOURS = {"oneOf": [{"const": "always"}, {"type": "object", "minProperties": 1,
                                         "propertyNames": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
                                         "additionalProperties": {"type": "array", "maxItems": 4, "items": {
                                             "type": "array", "minItems": 2, "maxItems": 2,
                                             "items": {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"}}}}],
         "description": "always, or the times of each working day in the person's time zone"}


def _or_null(schema):
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    extra = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [schema["type"], "null"]} | extra


def _words(*words):
    return {"type": "string", "enum": list(words)}


def _text(most, words=""):
    return {"type": "string", "maxLength": most} | ({"description": words} if words else {})


def _list(items):
    return {"type": "array", "items": items}


def _ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _object(fields, required=None):
    return {"type": "object", "required": list(fields) if required is None else list(required), "properties": fields}


def _change(fields):
    return _object(fields, []) | {"minProperties": 1}


def _page(name):
    return _object({"items": _list(_ref(name)), "next_cursor": _or_null(TEXT)})


_BODY = _text(MAX_BODY, "Markdown; #hashtags classify and route, @handles name people")
_TITLE = _text(MAX_TITLE, "without it the first sentence of the body stands for it")
_AUDIENCE = {"type": "string", "pattern": "^(everyone|private|circle:.+)$", "description": "everyone, private or circle:<slug>"}
_MINUTES = {"type": "integer", "enum": list(MINUTES), "description": "until the next word, which is a promise"}
_BASE = ID | {"description": "the version the text was written on: if another came meanwhile, nothing is changed and the answer is 409"}
_CARE = {"owner": _or_null(TEXT) | {"description": "the handle of who answers for it, an agent; null: nobody"},
         "review_at": _or_null(TEXT) | {"description": "a day or moment in ISO 8601; its day in UTC counts; null: never"}}
_READERS = _words(*READERS) | {"description": "private: the desk alone"}
_ARTICLE_MORE = {"audience": _READERS | {"default": "everyone"}, "summary": _text(500), "lang": _text(20), "source_url": _text(2000), "licence": _text(200)} | _CARE

_POST = {
    "id": ID, "kind": _words("question", "ticket", "announcement", "idea", "kudos", "poll", "article", "reply"),
    "thread_id": ID | {"description": "the post a reply belongs to; of any other post its own id"},
    "title": TEXT, "body": TEXT | {"description": "Markdown"}, "body_html": TEXT | {"description": "the body as safe HTML"},
    "author": _or_null(_ref("Person")) | {"description": "null where the name was left out"},
    "audience": _AUDIENCE, "status": _or_null(_words(*dict.fromkeys(("open", "answered", *STATUSES, *IDEA_NEXT)))),
    "note": FLAG | {"description": "read by the desk alone"}, "accepted": FLAG | {"description": "a reply the asker accepted"},
    "deleted": FLAG | {"description": "taken back; its text is gone"},
    "hashtags": _list(TEXT), "created_at": TIME, "edited_at": _or_null(TIME),
    "version": ID | {"description": "of the text: each change of it makes a new one"},
    "likes": COUNT, "liked": FLAG | {"description": "by the caller"}, "votes": COUNT | {"description": "for an idea"},
    "saved": FLAG | {"description": "the caller keeps its thread for later"}, "poll": _or_null(_ref("Poll")),
    "me_toos": COUNT, "me_too": FLAG | {"description": "the caller said so too"},
    "following": _or_null(_words(*FOLLOW_LEVELS)), "replies": COUNT | {"description": "those the caller may read"},
    "accepted_replies": _list(ID), "url": TEXT,
    "major": _or_null(_ref("Major")) | {"description": "of an incident that everybody is told of, and of the post that tells of it"}}
_TICKET = {
    "type": _words(*TYPES), "status": _words(*STATUSES), "hold_reason": _or_null(_words(*HOLD_REASONS)),
    "impact": _words(*LEVELS), "urgency": _words(*LEVELS), "priority": _words("urgent", "high", "medium", "low"),
    "team": _or_null(TEXT) | {"description": "null: not known yet (triage)"},
    "assignee": _or_null(TEXT) | {"description": "the handle of the agent who has it"},
    "opened_at": TIME, "first_word_at": _or_null(TIME), "last_word_at": TIME, "resolved_at": _or_null(TIME),
    "closes_at": _or_null(TIME) | {"description": "a resolved ticket closes itself then"},
    "closed_at": _or_null(TIME), "reopened": COUNT,
    "next_statuses": _list(_words(*STATUSES)) | {"description": "where the caller may move it from here"}}
_ARTICLE = {"slug": TEXT, "summary": TEXT, "lang": TEXT, "source_url": _or_null(TEXT), "licence": _or_null(TEXT), "solved": COUNT,
            "not_solved": COUNT, "owner": _or_null(TEXT) | {"description": "the handle of who answers for it"},
            "review_at": _or_null(TIME) | {"description": "when its owner looks at it again"}}
_ME = {"name": _text(80), "handle": {"type": "string", "pattern": "^@?[a-z0-9][a-z0-9._-]{0,29}$"}, "tz": TEXT, "lang": TEXT,
       "hours": HOURS, "lock_screen": _words(*LOCK_SCREENS), "lock_private": _words(*LOCK_SCREENS),
       "batch_hours": _list(TEXT) | {"description": "times of day at which what can wait is pushed together: 1 to 3, such as 09:00"},
       "daily_pushes": {"type": "integer", "enum": list(BUDGETS), "description": "in 24 hours; 0: no limit"},
       "even_outside": _list(_words(*EXCEPTIONS)) | {"description": "what may ring outside the hours"}, "digest": _words(*DIGESTS)}

#: name -> JSON Schema; what the API answers, then what it takes
SCHEMAS = {
    "Person": _object({"handle": TEXT, "name": TEXT}),
    "Post": _object(_POST),
    "Poll": _object({"options": _list(_ref("PollOption")), "closes_at": _or_null(TIME),
                     "chosen": _or_null(ID) | {"description": "the id of the option the caller chose"}}),
    "PollOption": _object({"id": ID, "text": TEXT, "votes": _or_null(COUNT) | {
        "description": "null while the caller has not chosen and the poll is open; who chose what is told to nobody"}}),
    "Major": _object({"post_id": ID | {"description": "the post everybody reads"},
                      "ticket_id": _or_null(ID) | {"description": "null where the caller may not see the ticket"},
                      "next_word_at": _or_null(TIME) | {"description": "when the next word is promised"}, "ended_at": _or_null(TIME)}),
    "Share": _object({"body": TEXT | {"description": "the text to begin with, to be changed"},
                      "audiences": _list(_AUDIENCE) | {"description": "who may be told"}}),
    "Ticket": _object(_POST | _TICKET),
    "ChangedTicket": {"anyOf": [_ref("Ticket"), _object({"id": ID}) | {
        "description": "the id alone where the deed took the ticket out of the caller's sight"}]},
    "Article": _object(_POST | _ARTICLE),
    "TimelineItem": _object({
        "at": TIME, "kind": _words("event", "reply"), "actor": _or_null(TEXT) | {"description": "a handle; null: the desk itself, or left out"},
        "verb": _or_null(TEXT), "before": _or_null(TEXT), "after": _or_null(TEXT), "hold_reason": _or_null(_words(*HOLD_REASONS)),
        "sentence": _or_null(TEXT), "person": _or_null(TEXT) | {"description": "the handle of whom the event is about"},
        "team": _or_null(TEXT), "id": _or_null(ID) | {"description": "of the reply, or of the reply the event is about"},
        "body": _or_null(TEXT), "body_html": _or_null(TEXT), "note": FLAG, "accepted": FLAG, "deleted": FLAG}),
    "Suggestion": _object({"kind": _words("article", "answer", "incident", "announcement"), "id": ID, "title": TEXT, "url": TEXT,
                           "score": {"type": "number"}}),
    "Suggestions": _object({"suggestions": _list(_ref("Suggestion"))}),
    "LikelyHashtags": _object({"hashtags": _list(_object({"name": TEXT, "confidence": {"type": "number", "minimum": 0, "maximum": 1}}))}),
    "Found": _object({"kind": TEXT, "id": ID, "title": TEXT, "url": TEXT, "excerpt": TEXT}),
    "Me": _object({"id": ID, "email": TEXT, "role": _words("requester", "agent", "admin"), **_ME, "teams": _list(TEXT),
                   "circles": _list(TEXT) | {"description": "slugs"}}),
    "Notification": _object({"id": ID, "post_id": ID, "title": TEXT, "sentence": TEXT, "url": TEXT, "needs_you": FLAG,
                             "unread": FLAG, "n": COUNT | {"description": "how many happenings the line stands for"}, "at": TIME}),
    "Choice": _object({"matter": TEXT, "sentence": TEXT, "told": _words("now", "rest", "inbox", "off"),
                       "mail": _words("always", "second", "digest", "never")}),
    "Choices": _object({"choices": _list(_ref("Choice")),
                        "only_tickets": FLAG | {"description": "just the caller's tickets, without the social side"},
                        "quiet_until": _or_null(TIME) | {"description": "nothing rings before, except what may ring at any time; null: it rings"}}),
    "Problem": _object({"type": TEXT, "title": TEXT, "status": {"type": "integer"},
                        "detail": TEXT | {"description": "what happened, why, and what to do"},
                        "field": TEXT | {"description": "the member it is about"}}, ["type", "title", "status", "detail"]),
    "Posts": _page("Post"), "Tickets": _page("Ticket"), "Articles": _page("Article"), "Timeline": _page("TimelineItem"),
    "Findings": _page("Found"), "Notifications": _page("Notification"),
    "TextToAnswer": _object({"text": _text(MAX_BODY), "limit": {"type": "integer", "minimum": 1, "maximum": 20, "default": 3}}, ["text"]),
    "TextToTag": _object({"text": _text(MAX_BODY)}),
    "NewPost": _object({"kind": _words("question", "ticket", "announcement", "idea", "kudos", "poll") | {"default": "question"}, "body": _BODY,
                        "title": _TITLE,
                        "options": _list(_text(MAX_OPTION)) | {"description": f"of a poll: {FEWEST} to {MOST}, all different"},
                        "closes_days": {"type": "integer", "enum": list(DAYS), "description": "of a poll; without it the poll stays open"},
                        "to": _list(TEXT) | {"description": "of kudos: the handles of those thanked, beside those named in the body"},
                        "audience": _AUDIENCE | {"description": "everyone, private or circle:<slug>; without it a ticket is private, the "
                                                                "others are for everyone"}}, ["body"]),
    "PostChange": _change({"body": _BODY, "title": _TITLE, "version": _BASE}),
    "NewReply": _object({"body": _BODY, "note": FLAG | {"default": False, "description": "for the desk alone"}}, ["body"]),
    "NewMajor": _object({"body": _BODY | {"description": "what everybody reads"}, "minutes": _MINUTES}, ["body", "minutes"]),
    "NewWord": _object({"body": _BODY, "minutes": _MINUTES}, ["body", "minutes"]),
    "NewShare": _object({"body": _BODY, "audience": _AUDIENCE | {"description": "everyone, or circle:<slug>", "default": "everyone"},
                         "leave_name_out": FLAG | {"default": False, "description": "others read: A colleague"}}, ["body"]),
    "Reaction": _object({"kind": _words("like", "vote") | {"default": "like"}}, []),
    "PollAnswer": _object({"option": ID | {"description": "the id of one of the poll's options"}}),
    "Follow": _object({"level": _words(*FOLLOW_LEVELS) | {"default": "all"}}, []),
    "NewTicket": _object({"body": _BODY, "title": _TITLE, "urgency": _words(*LEVELS) | {"default": "medium"},
                          "type": _words(*TYPES) | {"default": "incident"}}, ["body"]),
    "TicketChange": _change({
        "status": _words(*STATUSES), "sentence": _text(500, "for the person who asked; the desk always gives one"),
        "hold_reason": _words(*HOLD_REASONS) | {"description": "with on_hold"},
        "assignee": _or_null(TEXT) | {"description": "a handle; null: nobody"}, "team": _or_null(TEXT) | {"description": "null: triage"},
        "type": _words(*TYPES), "urgency": _words(*LEVELS),
        "impact": _words(*LEVELS) | {"description": "decided by an agent, it is no longer moved by colleagues who say me too"}}),
    "NewArticle": _object({"title": _text(MAX_TITLE), "body": _BODY, **_ARTICLE_MORE}, ["title", "body"]),
    "ArticleChange": _change({"title": _text(MAX_TITLE), "body": _BODY, "version": _BASE, "audience": _READERS, **_CARE}),
    "Withdrawal": _object({"reason": _text(300, "for who follows a link to it")}, []),
    "MeChange": _change(_ME),
    "ChoiceChange": _change({
        "matter": TEXT | {"description": "one of those GET /me/choices lists; told and mail are said of it"},
        "told": _words("now", "rest", "inbox", "off"), "mail": _words("always", "second", "digest", "never"),
        "only_tickets": FLAG | {"description": "just your tickets, without the social side"},
        "quiet": _or_null(_words("tomorrow", "monday")) | {"description": "nothing rings until then; null: it rings again"}}) | {
            "additionalProperties": False},
}
