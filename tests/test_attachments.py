"""Photos: whoever may read the post may see them, nobody else, asked anew each time."""
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk.db import db, transaction
from socialdesk.posts import actions, queries
from socialdesk.posts.models import Attachment
from socialdesk.tickets import actions as tickets

from .conftest import told_by_now


def photo(size=(80, 60), mode="RGB", color="red"):
    out = BytesIO()
    Image.new(mode, size, color).save(out, "PNG")
    return out.getvalue()


def address(post):
    db.session.rollback()
    return f"/attachments/{db.session.scalar(sa.select(Attachment.id).where(Attachment.post_id == post.id))}"


def say(author, body="See photo.", size=(80, 60), write=None, mode="RGB", color="red"):
    prepared = queries.prepare(author, body, files=[photo(size, mode, color)])
    with transaction():
        return write(prepared)


@pytest.fixture
def house(make):
    """People, and a photo on a post of every audience: by name."""
    hr = make.team("HR", confidential=True)
    pilot = make.circle("Pilot")
    people = {"asker": make.person(), "added": make.person(), "colleague": make.person(), "member": make.person(circles=[pilot]),
              "agent": make.agent(), "hr": make.agent(teams=[hr]), "admin": make.admin()}
    asker, member, agent = people["asker"], people["member"], people["agent"]
    posts = {"everyone": say(asker, write=lambda it: actions.publish(asker, "question", it)),
             "circle": say(member, write=lambda it: actions.publish(member, "question", it, audience="circle:pilot")),
             "ticket": say(asker, write=lambda it: tickets.open_ticket(asker, it)),
             "sealed": say(asker, write=lambda it: tickets.open_ticket(asker, it, team_id=hr.id))}
    with transaction():
        actions.give_access(posts["ticket"].id, asker, people["added"].id)
    posts["reply"] = say(agent, write=lambda it: tickets.reply(posts["ticket"].id, agent, it))
    posts["note"] = say(agent, write=lambda it: tickets.reply(posts["ticket"].id, agent, it, note=True))
    return people, posts


#: who gets which photo, by hand
GETS = {"asker": {"everyone", "ticket", "sealed", "reply"},
        "added": {"everyone", "ticket", "reply"},
        "colleague": {"everyone"},
        "member": {"everyone", "circle"},
        "agent": {"everyone", "ticket", "reply", "note"},
        "hr": {"everyone", "ticket", "sealed", "reply", "note"},
        "admin": {"everyone", "ticket", "reply", "note"}}


@pytest.mark.parametrize("who", GETS)
def test_a_photo_is_given_to_those_who_may_read_its_post(house, browse, who):
    people, posts = house
    browser = browse(people[who])
    for size in ("", "?size=640"):
        answers = {name: browser.get(address(post) + size).status_code for name, post in posts.items()}
        assert answers == {name: 200 if name in GETS[who] else 404 for name in posts}


def test_not_allowed_looks_exactly_like_unknown(house, browse):
    people, posts = house
    browser = browse(people["colleague"])
    browser.get("/attachments/999998")          # the first page of a week renews the cookie
    hidden, unknown = browser.get(address(posts["sealed"])), browser.get("/attachments/999999")
    huge = browser.get(f"/attachments/{10**30}")
    assert hidden.data == unknown.data == huge.data
    different = {"Content-Length", "Date"}
    assert [(k, v) for k, v in hidden.headers if k not in different] == [(k, v) for k, v in unknown.headers if k not in different]


def test_a_stranger_gets_no_photo(house, browse):
    _, posts = house
    assert browse(None).get(address(posts["everyone"])).status_code == 303


def test_a_photo_comes_with_headers_that_disarm_it(house, browse):
    people, posts = house
    answer = browse(people["asker"]).get(address(posts["ticket"]))
    head = answer.headers
    assert answer.mimetype == "image/jpeg" and Image.open(BytesIO(answer.data)).size == (80, 60)
    assert head["X-Content-Type-Options"] == "nosniff" and head["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert head["Content-Disposition"].startswith('inline; filename="photo-') and head["Content-Disposition"].endswith('.jpg"')
    assert head["Cache-Control"] == "private, no-cache" and head["ETag"] and "Last-Modified" not in head
    assert head["Content-Length"] == str(len(answer.data))


def test_a_kept_copy_is_good_only_as_long_as_the_right_lasts(house, browse):
    people, posts = house
    browser = browse(people["added"])
    etag = {"If-None-Match": browser.get(address(posts["ticket"])).headers["ETag"]}
    again = browser.get(address(posts["ticket"]), headers=etag)
    assert (again.status_code, again.data) == (304, b"")
    with transaction():
        actions.take_access(posts["ticket"].id, people["asker"], people["added"].id)
    assert browser.get(address(posts["ticket"]), headers=etag).status_code == 404


def test_a_held_reply_shows_its_photo_to_its_author_alone(house, browse):
    people, posts = house
    agent = people["agent"]
    held = say(agent, write=lambda it: tickets.reply(posts["ticket"].id, agent, it, hold_seconds=10))
    assert browse(agent).get(address(held)).status_code == 200
    assert browse(people["asker"]).get(address(held)).status_code == 404
    told_by_now()
    assert browse(people["asker"]).get(address(held)).status_code == 200


def test_the_photo_of_a_post_taken_back_is_gone(house, browse):
    people, posts = house
    asker, where = people["asker"], address(posts["everyone"])
    with transaction():
        actions.delete(posts["everyone"].id, asker)
    assert browse(asker).get(where).status_code == 404


@pytest.mark.parametrize("mode, color, mime", [("RGB", "red", "image/jpeg"), ("RGBA", (255, 0, 0, 99), "image/webp")])
def test_a_large_photo_has_a_small_copy(make, browse, mode, color, mime):
    ada = make.person()
    post = say(ada, size=(1600, 800), write=lambda it: actions.publish(ada, "question", it), mode=mode, color=color)
    whole, small = browse(ada).get(address(post)), browse(ada).get(address(post) + "?size=640")
    assert Image.open(BytesIO(whole.data)).size == (1600, 800) and Image.open(BytesIO(small.data)).size == (640, 320)
    assert whole.mimetype == small.mimetype == mime and whole.headers["ETag"] != small.headers["ETag"]
    assert browse(ada).get(address(post) + "?size=640").data == small.data
    assert browse(ada).get(address(post) + "?size=641").data == whole.data


def test_a_lost_file_is_said_and_not_a_crash(make, browse, desk):
    ada = make.person()
    post = say(ada, write=lambda it: actions.publish(ada, "question", it))
    for file in desk.config["SETTINGS"].uploads.iterdir():
        file.unlink()
    for size in ("", "?size=640"):
        answer = browse(ada).get(address(post) + size)
        assert answer.status_code == 404 and "gone from the desk" in answer.get_data(as_text=True)


def test_cards_show_photos_with_their_room_kept(house, browse):
    people, posts = house
    html = browse(people["colleague"]).get("/").get_data(as_text=True)
    assert f'src="{address(posts["everyone"])}?size=640" width="80" height="60"' in html and 'loading="lazy"' in html
    assert address(posts["ticket"]) not in html
