"""How a deed is refused: each refusal carries a sentence for the person who reads it."""


class Refusal(Exception):
    """A deed that cannot be done.  sentence: what happened, why, what to do.  field: the form field it is about."""

    status = 400
    title = "That did not work"

    def __init__(self, sentence, field=None):
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Invalid(Refusal):
    """What was sent cannot be used as it is (422)."""

    status = 422
    title = "That does not fit yet"


class SignedOut(Refusal):
    """Nobody is signed in, or no longer (401)."""

    status = 401
    title = "Please sign in"


class NotAllowed(Refusal):
    """The person may see the thing, but may not do this with it (403)."""

    status = 403
    title = "Not yours to change"


class Missing(Refusal):
    """Unknown, or not for this person: both look the same (404)."""

    status = 404
    title = "Not here"

    def __init__(self, sentence="This page is not here for you. It may be private, or its author took it back.", field=None):
        super().__init__(sentence, field)


class Conflict(Refusal):
    """The thing has moved on in the meantime, or a key was used for something else (409)."""

    status = 409
    title = "Somebody was quicker"


class TooLarge(Refusal):
    """More was sent than is taken (413)."""

    status = 413
    title = "Too big"


class TooMany(Refusal):
    """A limit was reached (429).  retry_after: seconds."""

    status = 429
    title = "A little slower"

    def __init__(self, sentence, retry_after, field=None):
        super().__init__(sentence, field)
        self.retry_after = max(1, int(retry_after))


class Unavailable(Refusal):
    """The desk cannot write or read just now: database locked or gone, disk full (503).  retry_after: seconds."""

    status = 503
    title = "The desk is out of breath"

    def __init__(self, sentence, retry_after=5, field=None):
        super().__init__(sentence, field)
        self.retry_after = retry_after


class BadSetting(Exception):
    """A setting that is unknown or cannot be used; its text names the setting and says what to do."""


#: deed of the policy -> why not, and what to do
SENTENCES = {
    "admin": "Only an admin of the desk can do this.",
    "announcement.write": "Announcements come from the desk. Tell your colleagues as a question or an idea, or ask the desk to announce it.",
    "access.give": "Only the person who asked, or the desk, can let somebody else read this.",
    "answer.accept": "Only the person who asked can accept an answer.",
    "article.move": "Only the desk chooses who may read an article.",
    "article.restore": "Only the desk brings an article back.",
    "article.withdraw": "Only the desk takes articles back. Say on its page that it did not help, or ask the desk.",
    "article.write": "Only the desk writes articles. Ask a question instead, and it may become one.",
    "desk": "Only agents of the desk work the queue.",
    "glass.break": "Only an admin of the desk can look into a confidential ticket, and it is written down.",
    "idea.move": "Only the desk says how an idea goes on. Vote for it, or reply with what you know.",
    "major.declare": "Only the desk of this ticket can make it a major incident.",
    "major.update": "Only the desk says how a major incident goes on. Say me too, or reply with what you see.",
    "note.write": "Only the desk writes notes here.",
    "post.edit": "Only its author can change this text.",
    "post.share": "This is for those who can read it here. Only its author, or the desk of a ticket, can share it further.",
    "post.delete": "Only its author can take this back. A ticket is withdrawn instead.",
    "ticket.assign": "Only the desk decides who works on a ticket.",
    "ticket.change": "Only the desk changes this.",
    "ticket.change_status": "Only the person who asked and the desk can change how this ticket stands.",
    "ticket.move": "Only the desk moves a ticket to another team.",
    "ticket.take": "Only agents of the desk take tickets.",
}
