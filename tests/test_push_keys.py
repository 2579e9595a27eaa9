"""The desk's push key is changed without losing a device."""
from contextlib import contextmanager

import sqlalchemy as sa

from socialdesk import backup, cli, commands, config, create_app
from socialdesk.db import db, transaction
from socialdesk.notifications import keys_delivery
from socialdesk.notifications.models import Device

from .browser.paper_device import PaperDevice
from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_devices import JSON, KEYS, subscription


def rotate(desk):
    return keys_delivery.rotate(desk.config["SETTINGS"])


def key_of(client):
    return client.get("/me/devices/key").json["key"]


def ids():
    db.session.rollback()
    return db.session.scalars(sa.select(Device.vapid_id).order_by(Device.id)).all()


def ring(make, *people):
    """Each is told of a reply to a ticket of theirs."""
    for person in people:
        make.reply(make.ticket(person), make.agent())
    run_due()


def test_devices_of_the_old_key_ring_on_and_new_ones_take_the_new_key(make, phone, desk, service):  # noqa: F811
    """The stand-in refuses a token that is not signed with the key of the subscription."""
    ada, ben = make.person("Ada"), make.person("Ben")
    old = phone(ada)
    before = key_of(old.client)
    name = rotate(desk)
    new = phone(ben)
    assert key_of(new.client) != before and ids() == ["", name]
    ring(make, ada, ben)
    assert (len(old.told), len(new.told)) == (1, 1) and [post.status for post in service.posts] == [201, 201]


def test_the_test_button_uses_the_key_of_the_device(make, phone, desk):
    old = phone(make.person())
    rotate(desk)
    assert old.client.post(f"/me/devices/{old.id}/test", headers=JSON).json["sent"] is True


def test_after_two_changes_all_three_keys_serve(make, phone, desk):
    people = [make.person() for _ in range(3)]
    phones = [phone(people[0])]
    for person in people[1:]:
        rotate(desk)
        phones.append(phone(person))
    ring(make, *people)
    assert [len(one.told) for one in phones] == [1, 1, 1] and len(set(ids())) == 3


def test_a_browser_says_which_key_it_signed_up_with(make, browse, desk):
    client = browse(make.person())
    first = key_of(client)
    name = rotate(desk)
    second = key_of(client)
    for at, key in (("one", first), ("two", second), ("three", None)):
        assert client.post("/me/devices", json=subscription(at) | ({"key": key} if key else {})).status_code == 201
    assert ids() == ["", name, name]


def test_a_browser_that_signed_up_anew_is_moved_to_the_new_key(make, phone, desk, service):  # noqa: F811
    ada = make.person("Ada")
    mine = phone(ada)
    name = rotate(desk)
    fresh = PaperDevice(service, key_of(mine.client))
    answer = mine.client.post("/me/devices", json=fresh.subscription | {"key": key_of(mine.client), "old": mine.device.endpoint, "again": True})
    assert answer.json["id"] == mine.id and ids() == [name]
    ring(make, ada)
    assert len(fresh.messages()) == 1 and mine.told == []


def test_a_key_the_desk_never_had_is_refused_in_words(make, browse):
    client = browse(make.person())
    for key in ("BNo" + "A" * 84, "", 7, ["x"], {}, "../../secret-key"):
        answer = client.post("/me/devices", json={"endpoint": "https://fcm.googleapis.com/fcm/send/x", "keys": KEYS, "key": key}, headers=JSON)
        assert answer.status_code == 422 and answer.json["field"] == "key" and "off and on again" in answer.json["detail"]
    assert ids() == []


def test_a_key_that_was_lost_costs_its_devices_alone_and_says_so(make, phone, desk):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    first = phone(ada)
    lost = rotate(desk)
    second = phone(ben)
    rotate(desk)
    third = phone(cleo)
    settings = desk.config["SETTINGS"]
    (settings.data / f"vapid-key-{lost}").unlink()
    keys_delivery._keys.clear()                                   # as after a restart
    ring(make, ada, ben, cleo)
    assert [len(one.told) for one in (first, second, third)] == [1, 0, 1]
    assert "no longer has the key" in second.client.get("/me/devices", headers={"HX-Request": "true"}).text


def test_the_key_files_are_for_their_owner_alone(desk):
    settings = desk.config["SETTINGS"]
    name = rotate(desk)
    assert keys_delivery.files_of(settings) == ["vapid-current", "vapid-key", f"vapid-key-{name}"]
    assert {(settings.data / file).stat().st_mode & 0o777 for file in keys_delivery.files_of(settings)} == {0o600}


def test_a_backup_holds_all_keys_and_brings_back_which_is_in_use(make, phone, desk, tmp_path):
    ada = make.person("Ada")
    phone(ada)
    name = rotate(desk)
    public = keys_delivery.keys_of(desk.config["SETTINGS"]).public
    backup.write(desk, tmp_path / "copy.tar.gz")
    other = config.load({"SOCIALDESK_JOBS": "off"}, data=tmp_path / "other")
    app = create_app(other)
    backup.read(app, tmp_path / "copy.tar.gz")
    assert keys_delivery.current_id(other) == name and keys_delivery.keys_of(other).public == public
    assert (other.data / "vapid-key").read_text() == (desk.config["SETTINGS"].data / "vapid-key").read_text()


def test_a_backup_of_before_the_change_brings_the_old_key_back_into_use(make, phone, desk, tmp_path):
    phone(make.person())
    backup.write(desk, tmp_path / "copy.tar.gz")
    other = config.load({"SOCIALDESK_JOBS": "off"}, data=tmp_path / "other")
    app = create_app(other)
    keys_delivery.rotate(other)
    backup.read(app, tmp_path / "copy.tar.gz")
    assert keys_delivery.current_id(other) == ""


def test_a_running_desk_sees_a_change_made_by_the_command(make, browse, desk):
    client = browse(make.person())
    before = key_of(client)
    keys_delivery.rotate(desk.config["SETTINGS"])
    assert key_of(client) != before and key_of(client) in client.get("/service-worker.js").text


def test_the_command_makes_a_key_and_says_how_many_devices_ring_by_an_older_one(make, phone, desk, monkeypatch, capsys):
    phone(make.person())
    settings = desk.config["SETTINGS"]

    @contextmanager
    def this_desk(_options):
        yield desk
    monkeypatch.setattr(commands, "_desk", this_desk)
    assert cli.main(["push-key", "rotate"]) == 0
    said, name = capsys.readouterr().out, keys_delivery.current_id(settings)
    assert f"vapid-key-{name}" in said and "1 device rings on" in said and keys_delivery.keys_of(settings).public[:12] in said


def test_check_counts_the_devices_on_an_older_key(make, phone, desk):
    from socialdesk import health
    phone(make.person())
    assert "older" not in dict((what, words) for _fine, what, words in health.check(desk))["push"]
    rotate(desk)
    assert "1 device rings by an older key" in dict((what, words) for _fine, what, words in health.check(desk))["push"]


def test_a_damaged_note_of_the_present_key_is_named(desk):
    settings = desk.config["SETTINGS"]
    (settings.data / "vapid-current").write_text("../../etc/passwd")
    from socialdesk import health
    assert any(not fine and what == "push" for fine, what, _words in health.check(desk))
    with transaction():
        pass
    rotate(desk)
    assert len(keys_delivery.keys_of(settings).public) == 87
