"""What one mutes or follows in one process is so in every other one within moments, not when its list has grown old."""
import threading

import pytest
import sqlalchemy as sa

from socialdesk import live
from socialdesk.db import db, transaction
from socialdesk.events import Hint
from socialdesk.feed import queries, ranked_queries
from socialdesk.posts import thread_actions
from socialdesk.tags import follow_actions

from .api_desk import call  # noqa: F401
from .test_live import heard, hub, listen  # noqa: F401


def listed(reader):
    """What this process shows this person For you."""
    return [row.id for row in queries.feed_page(reader, None, 20, "for-you").rows]


def elsewhere(deed, *given):
    """Do something as another process does: nothing that this one keeps is touched."""
    with transaction():
        deed(*given)


def order(reader):
    return list(ranked_queries.frozen.get((reader.id, None), ranked_queries.now().timestamp()).ids)


def test_a_thread_muted_elsewhere_leaves_the_list_kept_here(make, hub):
    reader, (noise, calm) = make.person(), [make.question(body=f"{word}?") for word in ("Noise", "Calm")]
    assert listed(reader) == [calm.id, noise.id]
    elsewhere(thread_actions.follow, noise.id, reader, "muted")
    assert listed(reader) == [calm.id, noise.id], "this process has not heard of it yet"
    hub.pass_on()
    assert listed(reader) == [calm.id]
    elsewhere(thread_actions.unfollow, noise.id, reader)
    assert listed(reader) == [calm.id]
    hub.pass_on()
    assert listed(reader) == [calm.id, noise.id]


@pytest.mark.parametrize("deed", [follow_actions.follow_tag, follow_actions.unfollow_tag])
def test_a_hashtag_followed_or_let_go_elsewhere_ranks_the_list_anew(make, hub, deed):
    reader, (tagged, newer) = make.person(), [make.question(body=body) for body in ("Slow? #vpn", "Newer?")]
    if deed is follow_actions.unfollow_tag:
        elsewhere(follow_actions.follow_tag, "vpn", reader)
        hub.pass_on()
    before = listed(reader)
    elsewhere(deed, "vpn", reader)
    assert listed(reader) == before
    hub.pass_on()
    assert listed(reader) == before[::-1] and set(before) == {tagged.id, newer.id}


def test_nobody_elses_list_is_let_go(make, hub):
    reader, other, post = make.person(), make.person(), make.question()
    assert listed(reader) == listed(other) == [post.id]
    kept = order(other)
    elsewhere(thread_actions.follow, post.id, reader, "muted")
    hub.pass_on()
    assert order(other) == kept and ranked_queries.frozen.get((reader.id, None), ranked_queries.now().timestamp()) is None


def test_following_alone_moves_no_list(make, hub):
    reader, post = make.person(), make.question()
    elsewhere(thread_actions.follow, post.id, reader)
    elsewhere(thread_actions.unfollow, post.id, reader)
    assert db.session.scalar(sa.select(sa.func.count()).where(Hint.topic.startswith("lists"))) == 0


def test_no_page_is_told_of_it(make, hub, listen, browse):
    reader, post = make.person(), make.question()
    stream = listen(reader, post)
    elsewhere(thread_actions.follow, post.id, reader, "muted")
    elsewhere(follow_actions.follow_tag, "vpn", reader)
    assert heard(hub, stream) == []
    assert browse(reader).get("/live/poll?since=1").json["topics"] == []


def test_a_process_that_no_page_listens_to_hears_it_too(make, hub, desk, monkeypatch):
    reader, post, told = make.person(), make.question(), []
    monkeypatch.setitem(live.inner, "lists", lambda key: (told.append(key), hub.close()))
    elsewhere(thread_actions.follow, post.id, reader, "muted")
    thread = threading.Thread(target=hub.feed, args=(desk, 0.01), daemon=True)
    thread.start()
    thread.join(10)
    hub.close()
    assert told == [reader.id] and not thread.is_alive()


def test_muting_through_the_api_is_seen_at_once(make, call, hub):
    reader, post = make.person(), make.question()
    assert listed(reader) == [post.id]
    caller = call(reader)
    assert caller.post(f"/posts/{post.id}/follows", {"level": "muted"}).status_code == 200
    assert listed(reader) == []
    assert caller.delete(f"/posts/{post.id}/follows").status_code == 200
    assert listed(reader) == [post.id]
