"""SocialDesk: the roof, which lists the rooms and holds nothing else."""
from importlib import import_module

from flask import Flask

from . import assets, config, consequences, db, health, live, pwa, web

ROOMS = ("people", "tags", "posts", "knowledge", "tickets", "search", "notifications", "feed", "api")


def create_app(settings=None, serves=True):
    """The app of one desk.  settings: config.Settings; read from the environment if left out.  serves: False for a command
    that answers no browser.  Raises BadSetting."""
    settings = settings or config.load()
    config.make_folders(settings)
    app = Flask(__name__, static_folder=None)
    app.config.update(SETTINGS=settings, SECRET_KEY=settings.secret_key, SQLALCHEMY_DATABASE_URI=settings.database_url,
                      SQLALCHEMY_ENGINE_OPTIONS=db.engine_options(settings), MAX_CONTENT_LENGTH=6 * settings.max_upload_bytes,
                      SESSION_COOKIE_NAME="socialdesk", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
                      SESSION_COOKIE_SECURE=settings.is_https, SESSION_REFRESH_EACH_REQUEST=False,
                      PERMANENT_SESSION_LIFETIME=90 * 24 * 3600)
    app.json.sort_keys = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.db.init_app(app)
    with app.app_context():
        db.set_up(db.db.engine)
    assets.mount(app, settings.data, serves=serves)
    web.set_up(app)
    for module in (pwa, live, health):
        app.register_blueprint(module.bp)
    for room in ROOMS:
        for blueprint in import_module(f"{__name__}.{room}.views").blueprints:
            app.register_blueprint(blueprint)
    consequences.check()
    return app
