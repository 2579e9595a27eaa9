"""The demo's many: threads beyond the story, written as imports write them, without events and without telling anybody."""
from .db import locked
from .posts import actions as posts
from .posts.answer_actions import settle
from .tickets import actions as tickets
from .tickets.models import Ticket
from .tickets.status_actions import count_word

#: how a thread of long ago ended, by the last state its text gives it: by now nothing of it waits any more
ENDS = {"new": "new", "canceled": "canceled"}


def write(thread, moments, texts, cast):
    """A thread with its replies.  moments, texts: of the thread itself and of each step.  Returns the id of its post."""
    who, at = cast[thread.by], moments[0]
    if thread.kind == "ticket":
        kinds = {name: thread.options[name] for name in ("type", "urgency") if name in thread.options}
        root = tickets.open_ticket(who, texts[0], status=_end(thread), made_at=at, event=False, **kinds)
    else:
        circle = thread.options.get("circle")
        root = posts.publish(who, "question", texts[0], audience=f"circle:{circle}" if circle else "everyone", made_at=at, event=False)
    _replies(root, thread, moments, texts, cast)
    return root.id


def _end(thread):
    states = [step.argument for step in thread.steps if step.verb == "sets"]
    return ENDS.get(states[-1] if states else "new", "closed")


def _replies(root, thread, moments, texts, cast):
    """What was said, the sentences of the changes of state included."""
    reply, spoke = None, set()
    for step, at, text in zip(thread.steps, moments[1:], texts[1:]):
        if text is not None:
            reply = posts.reply(root.id, cast[step.who], text, made_at=at, event=False)
            spoke.add(step.who)
            root.replies_public, root.voices, root.active_at = root.replies_public + 1, len(spoke - {thread.by}), at
            if root.kind == "ticket" and step.who != thread.by:
                count_word(locked(Ticket, root.id), at)
        elif step.verb == "accepts" and reply is not None:
            reply.accepted_at, reply.accepted_by = at, root.author_id
            settle(root)

