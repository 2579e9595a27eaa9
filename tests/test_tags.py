"""Hashtags: their page, completion while typing, and who answers for them; nothing private in any of it."""
import re
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from socialdesk import buckets, web
from socialdesk.db import db, transaction
from socialdesk.posts import actions as posts
from socialdesk.tags import actions
from socialdesk.tags.models import PostTag, Tag, TagCount

from .conftest import HTMX


def ids_in(page):
    return [int(found) for found in re.findall(r'id="card-(\d+)"', page.get_data(as_text=True))]


def completions(browser, typed):
    answer = browser.get("/complete", query_string={"q": typed}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json["completions"]


@pytest.fixture
def house(make):
    """The same hashtag on a post of every audience, and each private one has a hashtag of its own."""
    hr = make.team("HR", confidential=True)
    pilot = make.circle("Pilot")
    people = {"asker": make.person(), "colleague": make.person(), "member": make.person(circles=[pilot]),
              "agent": make.agent(), "hr": make.agent(teams=[hr]), "admin": make.admin()}
    asker, member = people["asker"], people["member"]
    made = {"everyone": make.question(asker, "Slow #wifi?"),
            "circle": make.question(member, "Slow #wifi on the #prototype?", audience="circle:pilot"),
            "ticket": make.ticket(asker, "No #wifi and #migraine."),
            "sealed": make.ticket(asker, "The #wifi and my #burnout.", team_id=hr.id),
            "imported": make.question(asker, "Old #wifi matter.", in_feed=False)}
    return people, made


#: who sees what on /t/wifi, by hand
SEES = {"asker": ["everyone", "ticket", "sealed", "imported"],
        "colleague": ["everyone", "imported"],
        "member": ["everyone", "circle", "imported"],
        "agent": ["everyone", "ticket", "imported"],
        "hr": ["everyone", "ticket", "sealed", "imported"],
        "admin": ["everyone", "ticket", "imported"]}
#: how many posts the page counts in public
COUNTS = {"asker": 2, "colleague": 2, "member": 3, "agent": 2, "hr": 2, "admin": 2}


@pytest.mark.parametrize("who", SEES)
def test_a_hashtag_shows_and_counts_what_one_may_see(house, browse, who):
    people, made = house
    page = browse(people[who]).get("/t/wifi")
    assert ids_in(page) == sorted((made[name].id for name in SEES[who]), reverse=True)
    assert f"{COUNTS[who]} posts in public" in page.get_data(as_text=True)


@pytest.mark.parametrize("spelling", ["Wi-Fi", "WIFI", "wi_fi", "ｗｉｆｉ"])
def test_every_spelling_leads_to_the_same_page(house, browse, spelling):
    people, _ = house
    browser = browse(people["asker"])
    assert ids_in(browser.get(f"/t/{spelling}")) == ids_in(browser.get("/t/wifi"))


def test_a_hashtag_of_private_posts_alone_looks_like_an_unknown_one(house, browse):
    people, _ = house
    browser = browse(people["colleague"])
    private, unknown = browser.get("/t/BurnOut"), browser.get("/t/UnKnown")
    assert private.status_code == unknown.status_code == 200
    assert private.get_data(as_text=True).replace("BurnOut", "UnKnown").replace("burnout", "unknown") == unknown.get_data(as_text=True)
    assert "Nothing with #UnKnown yet" in unknown.get_data(as_text=True)


@pytest.mark.parametrize("name", ["---", "%20", "🎉", "x" * 200])
def test_what_is_no_hashtag_has_no_page(make, browse, name):
    assert browse(make.person()).get(f"/t/{name}").status_code == 404


def test_a_long_hashtag_goes_on_by_cursor(make, browse):
    ada = make.person()
    made = [make.question(ada, f"Number {n} of #many?").id for n in range(23)]
    browser = browse(ada)
    first = browser.get("/t/many")
    address = re.search(r'href="(/t/many\?cursor=\d+)"', first.get_data(as_text=True))[1]
    assert ids_in(first) + ids_in(browser.get(address, headers=HTMX)) == made[::-1]


def test_a_post_taken_back_leaves_its_hashtag_and_its_count(make, browse):
    ada = make.person()
    post = make.question(ada, "Slow #wifi?")
    with transaction():
        posts.delete(post.id, ada)
    page = browse(ada).get("/t/wifi")
    assert ids_in(page) == [] and "in public" not in page.get_data(as_text=True)


def test_only_the_desk_reads_which_team_answers(make, browse):
    network = make.team("Network")
    with transaction():
        actions.own_tag("vpn", network.id)
    assert "Network answers" in browse(make.agent()).get("/t/vpn").get_data(as_text=True)
    assert "Network" not in browse(make.person()).get("/t/vpn").get_data(as_text=True)


def test_a_confidential_team_is_named_to_its_members_alone(make, browse):
    hr = make.team("HR", confidential=True)
    with transaction():
        actions.own_tag("payslip", hr.id)
    assert "HR answers" in browse(make.agent(teams=[hr])).get("/t/payslip").get_data(as_text=True)
    for person in (make.agent(), make.admin(), make.person()):
        assert "HR answers" not in browse(person).get("/t/payslip").get_data(as_text=True)


# --- completion

@pytest.mark.parametrize("who, wifi", COUNTS.items())
def test_completion_counts_what_one_may_read_in_public(house, browse, who, wifi):
    people, _ = house
    assert completions(browse(people[who]), "#wi") == [{"text": "#wifi", "line": f"{wifi} posts"}]


@pytest.mark.parametrize("who", SEES)
def test_words_of_private_posts_are_never_completed(house, browse, who):
    people, _ = house
    browser = browse(people[who])
    assert completions(browser, "#bur") == completions(browser, "#mig") == []
    assert bool(completions(browser, "#proto")) == (who == "member")
    everything = browser.get("/complete?q=%23").get_data(as_text=True)
    assert "burnout" not in everything and "migraine" not in everything


def test_people_are_completed_by_handle_and_by_name(make, browse):
    make.person("Zora Quist", handle="zq")
    browser = browse(make.person())
    for typed in ("@zq", "@Zor", "@quis"):
        assert completions(browser, typed) == [{"text": "@zq", "line": "Zora Quist"}]
    assert completions(browser, "@nobodyhere") == completions(browser, "zq") == completions(browser, "") == []


def test_completion_is_a_list_without_scripts(house, browse):
    people, _ = house
    answer = browse(people["asker"]).get("/complete?q=%23wi", headers=HTMX).get_data(as_text=True)
    assert "#wifi" in answer and 'id="completions"' in answer
    assert "Nothing begins with “&lt;b&gt;”" in browse(people["asker"]).get("/complete?q=<b>").get_data(as_text=True)


def test_completion_gives_six_at_most_and_asks_for_a_sign_in(make, browse):
    ada = make.person()
    make.question(ada, " ".join(f"#word{n}x" for n in range(9)))
    assert len(completions(browse(ada), "#word")) == 6
    assert browse(None).get("/complete?q=%23word", headers={"Accept": "application/json"}).status_code == 401


def test_faster_than_anybody_types_is_told_so(make, browse, monkeypatch):
    monkeypatch.setattr(web, "_buckets", buckets.Buckets())
    monkeypatch.setattr(buckets, "time", SimpleNamespace(monotonic=lambda: 0.0))
    browser = browse(make.person())
    codes = [browser.get("/complete?q=%23a").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]


# --- admin

@pytest.mark.parametrize("role", ["requester", "agent"])
def test_only_admins_see_and_change_the_list(make, browse, role):
    team = make.team()
    browser = browse(make.person(role=role))
    assert browser.get("/admin/tags").status_code == 403
    for address, data in [("/admin/tags", {"name": "vpn", "team": team.id}), ("/admin/tags/vpn/team", {"team": team.id}),
                          ("/admin/tags/vpn/synonym", {"of": "net"}), ("/admin/tags/vpn/synonym/remove", {})]:
        assert browser.post(address, data=data).status_code == 403
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tag)) == 0


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)], ids=["form", "fragment"])
def test_an_admin_lets_a_team_answer_and_tickets_go_there(make, browse, headers, status):
    team = make.team("Network")
    browser = browse(make.admin())
    for _ in range(2):
        assert browser.post("/admin/tags/VPN/team", data={"team": team.id}, headers=headers).status_code == status
    assert "Network" in browser.get("/admin/tags").get_data(as_text=True)
    assert make.ticket(body="No #vpn today.").team_id == team.id
    browser.post("/admin/tags/vpn/team", data={"team": ""}, headers=headers)
    assert make.ticket(body="Still no #vpn today.").team_id is None


@pytest.mark.parametrize("data, told", [({"name": "", "team": ""}, "A hashtag has"), ({"name": "a b", "team": ""}, "A hashtag has"),
                                        ({"name": "vpn", "team": "99"}, "There is no such team"), ({"name": "vpn", "team": "x"}, "There is no such team")])
def test_what_cannot_be_saved_is_said(make, browse, data, told):
    answer = browse(make.admin()).post("/admin/tags", data=data)
    assert answer.status_code == 422 and told in answer.get_data(as_text=True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tag)) == 0


def test_words_of_private_posts_are_not_in_the_admins_list(house, browse):
    people, _ = house
    html = browse(people["admin"]).get("/admin/tags").get_data(as_text=True)
    assert "#wifi" in html and "burnout" not in html and "migraine" not in html


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)], ids=["form", "fragment"])
def test_a_synonym_carries_threads_and_counts_over(house, make, browse, headers, status):
    people, made = house
    drahtlos = make.question(people["asker"], "Langsames #wlan und #wifi?")
    other = make.question(people["asker"], "Nur #wlan?")
    browser = browse(people["admin"])
    for _ in range(2):
        assert browser.post("/admin/tags/wlan/synonym", data={"of": "#wifi"}, headers=headers).status_code == status
    page = browse(people["colleague"]).get("/t/wlan")
    assert ids_in(page) == [other.id, drahtlos.id, made["imported"].id, made["everyone"].id]
    assert "#wifi" in page.get_data(as_text=True) and "4 posts in public" in page.get_data(as_text=True)
    assert completions(browse(people["colleague"]), "#wl") == []
    later = make.question(people["asker"], "Wieder #WLAN?")
    assert ids_in(browse(people["colleague"]).get("/t/wifi"))[0] == later.id
    counted = db.session.scalars(sa.select(TagCount.posts).join(Tag, Tag.id == TagCount.tag_id).where(Tag.fold == "wifi", TagCount.bucket == "everyone")).one()
    assert counted == 5


def test_a_synonym_is_parted_again(house, browse, make):
    people, _ = house
    browser = browse(people["admin"])
    browser.post("/admin/tags/wlan/synonym", data={"of": "wifi"})
    assert browser.post("/admin/tags/wlan/synonym/remove").status_code == 303
    post = make.question(people["asker"], "Nur #wlan?")
    assert ids_in(browse(people["colleague"]).get("/t/wlan")) == [post.id]
    assert browser.post("/admin/tags/nowhere/synonym/remove").status_code == 404


def test_synonyms_make_no_ring_and_no_chain(make, browse):
    ada = make.person()
    for name in ("one", "two", "three"):
        make.question(ada, f"About #{name}.")
    browser = browse(make.admin())
    browser.post("/admin/tags/one/synonym", data={"of": "two"})
    assert browser.post("/admin/tags/two/synonym", data={"of": "one"}).status_code == 422
    assert browser.post("/admin/tags/one/synonym", data={"of": "a b"}).status_code == 422
    browser.post("/admin/tags/two/synonym", data={"of": "three"})
    three = db.session.scalar(sa.select(Tag.id).where(Tag.fold == "three"))
    assert set(map(tuple, db.session.execute(sa.select(Tag.fold, Tag.synonym_of)))) == {("one", three), ("two", three), ("three", None)}
    assert db.session.scalars(sa.select(PostTag.tag_id)).all() == [three] * 3
