"""Serving: gunicorn with threads, its job threads and live hub; the same in one process or many."""
import gc
import os
import resource
import threading
import time

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.middleware.proxy_fix import ProxyFix

from . import live
from .db import db
from .headers import HEADERS
from .workers import Workers


class Worker(ThreadWorker):
    """gunicorn's own; what it refuses before the app is asked carries our headers and a plain sentence."""

    def handle_error(self, req, client, addr, exc):
        """Answer a request that could not be read."""
        super().handle_error(req, _Refusing(client), addr, exc)


class _Refusing:
    """A client's socket; of what is sent through it the status stays, the rest is ours."""

    def __init__(self, socket):
        self._socket = socket

    def __getattr__(self, name):
        return getattr(self._socket, name)

    def sendall(self, data):
        """Send the status line with our headers and words."""
        status = data.partition(b"\r\n")[0].decode("latin-1")
        words = "The desk could not read this request. Open SocialDesk anew and use the buttons of the page.\n"
        lines = [status, "Connection: close", "Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(words)}",
                 *(f"{name}: {value}" for name, value in HEADERS)]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n" + words).encode("latin-1"))


class Server(BaseApplication):
    """gunicorn, told by our own settings alone: no file and no command line of its own."""

    def __init__(self, app, host, port, workers, threads):
        self.application, self.threads = app, threads
        self.options = dict(
            bind=f"[{host}]:{port}" if ":" in host else f"{host}:{port}", worker_class=Worker, workers=workers, threads=threads,
            worker_connections=max(4096, 2 * threads), backlog=2048, timeout=60, graceful_timeout=10, keepalive=15, max_requests=0,
            control_socket_disable=True, worker_tmp_dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
            preload_app=True, post_worker_init=self.begin_work, loglevel="warning", limit_request_line=8190)
        super().__init__()

    def load_config(self):
        """Hand our options to gunicorn."""
        for name, value in self.options.items():
            if value is not None:
                self.cfg.set(name, value)

    def load(self):
        """The app, made before the fork."""
        return self.application

    def begin_work(self, worker):
        """Start the threads of a worker process; they must start after the fork."""
        settings = self.application.config["SETTINGS"]
        live.start(self.application, self.threads)
        workers = Workers(self.application).start() if settings.jobs == "embedded" else None
        threading.Thread(target=_watch, args=(worker, workers), name="watch", daemon=True).start()


def _watch(worker, workers):
    """End the open streams when the process is asked to stop, else it would wait for them."""
    while worker.alive:
        time.sleep(0.25)
    live.hub.close()
    if workers:
        workers.stop(5)


def raise_file_limit():
    """Allow as many open files as the machine lets us: each stream is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def spare_the_collector():
    """What stands at the start stands for good: looking through it for garbage again and again costs a tenth of a fan-out's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def serve(app, host, port, workers, threads):
    """Serve until stopped."""
    raise_file_limit()
    proxies = app.config["SETTINGS"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()                     # no connection crosses the fork
    spare_the_collector()
    Server(app, host, port, workers, threads).run()


def work(app, stopping):
    """Do jobs, and nothing else, until stopping is set."""
    raise_file_limit()
    spare_the_collector()
    workers = Workers(app).start()
    live.start_listening(app)
    stopping.wait()
    workers.stop(10)
