"""Settings: what is unknown or bad is refused at the start with a sentence that names it."""
import stat
import threading

import pytest

from socialdesk import config
from socialdesk.errors import BadSetting


def load(tmp_path, **environ):
    return config.load({f"SOCIALDESK_{k}": v for k, v in environ.items()}, data=tmp_path)


@pytest.mark.parametrize("name, value", [
    ("BASE_URL", "desk.example.org"), ("BASE_URL", "https://desk.example.org/path"), ("BASE_URL", "ftp://x"), ("BASE_URL", "http://x:port"),
    ("DATABASE_URL", "mysql://x"), ("SECRET_KEY", "short"), ("SMTP_URL", "mail.example.org"), ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "a@example.org\nBcc: b@example.org"), ("VAPID_SUBJECT", "desk@example.org"), ("MAX_UPLOAD_BYTES", "many"),
    ("MAX_UPLOAD_BYTES", "-1"), ("TRUSTED_PROXIES", "-1"), ("LIMITS", "maybe"), ("JOBS", "elsewhere"), ("PUSH_HOSTS", "a b/c"),
    ("PUSH_ROUTE", "push.example.org=http://198.51.100.7:80"), ("PUSH_ROUTE", "x"), ("IMAP_URL", "imaps://x"), ("OIDC_ISSUER", "https://x"), ("TYPO", "1")])
def test_a_bad_or_unknown_setting_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(BadSetting, match=f"SOCIALDESK_{name}"):
        load(tmp_path, **{name: value})


def test_the_defaults_need_no_setting(tmp_path):
    settings = load(tmp_path)
    assert settings.is_sqlite and settings.limits and settings.jobs == "embedded" and settings.base_url == "http://127.0.0.1:8000"
    assert settings.vapid_subject.startswith("mailto:") and "localhost" not in settings.vapid_subject


def test_the_environment_wins_over_the_file_and_each_value_says_where_it_is_from(tmp_path):
    (tmp_path / "socialdesk.toml").write_text('base_url = "https://a.example.org"\nlimits = false\npush_hosts = ["push.example.org"]\n')
    settings = load(tmp_path, BASE_URL="https://b.example.org")
    assert settings.base_url == "https://b.example.org" and settings.source["base_url"] == "environment"
    assert not settings.limits and settings.source["limits"] == "socialdesk.toml"
    assert settings.push_hosts == ("push.example.org",) and settings.is_https
    assert settings.source["jobs"] == "default"


@pytest.mark.parametrize("text", ["nonsense = ", "unknown = 1", 'jobs = 3', 'max_upload_bytes = true'])
def test_a_bad_file_is_refused_with_a_sentence(tmp_path, text):
    (tmp_path / "socialdesk.toml").write_text(text)
    with pytest.raises(BadSetting):
        load(tmp_path)


def test_push_routes_lead_to_this_machine_only(tmp_path):
    assert load(tmp_path, PUSH_ROUTE="push.example.org=http://127.0.0.1:8031").push_route == {"push.example.org": "http://127.0.0.1:8031"}


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    found = []

    def start():
        settings = load(tmp_path)
        config.make_folders(settings)
        found.append(settings.secret_key)
    threads = [threading.Thread(target=start) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    start()
    assert len(set(found)) == 1 and len(found[0]) > 40
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.new"))


def test_a_postgresql_address_is_for_the_driver_that_is_installed(tmp_path):
    assert load(tmp_path, DATABASE_URL="postgresql://a@/b").database_url == "postgresql+psycopg://a@/b"
