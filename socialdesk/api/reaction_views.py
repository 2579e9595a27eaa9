"""Likes, votes, what is saved and answers of polls through the API: set and cleared, twice is as good as once."""
from ..posts import poll_actions, reaction_actions
from .door_views import endpoint
from .post_views import done


@endpoint("POST", "/posts/{id}/reactions", "Like a post or reply, or vote for an idea", tag="Posts", scope="write", body="Reaction", needs_body=False,
          answer="Post", refusals=(409,))
def react(person, id, data):
    """Set a like or a vote."""
    return done(reaction_actions.react, person, id, data.get("kind", "like"))


@endpoint("DELETE", "/posts/{id}/reactions", "Take a like or a vote back", tag="Posts", scope="write", body="Reaction", needs_body=False,
          answer="Post")
def take_back_reaction(person, id, data):
    """Clear a like or a vote."""
    return done(reaction_actions.take_back_reaction, person, id, data.get("kind", "like"))


@endpoint("POST", "/posts/{id}/saves", "Keep a thread for later", tag="Posts", scope="write", answer="Post")
def save_post(person, id):
    """Nobody else is told."""
    return done(reaction_actions.save, person, id)


@endpoint("DELETE", "/posts/{id}/saves", "Keep a thread no longer", tag="Posts", scope="write", answer="Post")
def unsave_post(person, id):
    """Clear what was saved."""
    return done(reaction_actions.unsave, person, id)


@endpoint("POST", "/posts/{id}/poll-answer", "Choose in a poll", tag="Posts", scope="write", body="PollAnswer", answer="Post", refusals=(409,))
def answer_poll(person, id, data):
    """Another choice takes the place of the one before; nobody is shown who chose what."""
    return done(poll_actions.answer_poll, person, id, data["option"])


@endpoint("DELETE", "/posts/{id}/poll-answer", "Choose nothing in a poll", tag="Posts", scope="write", answer="Post", refusals=(409, 422))
def take_back_poll_answer(person, id):
    """The choice is gone; the counts are hidden again while the poll is open."""
    return done(poll_actions.take_back_answer, person, id)
