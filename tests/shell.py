"""The commands as a shell sees them, each in a process of its own: forked from one that has everything imported,
since starting Python a hundred times would be most of the tests' time."""
import multiprocessing
import os
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from socialdesk import ROOMS, cli

ROOT = Path(__file__).parent.parent
for room in ROOMS:
    import_module(f"socialdesk.{room}.views")

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.shell"])


def app_py(folder, *arguments, **settings):
    """Run a command of app.py on a data folder.  Returns returncode, stdout, stderr."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SOCIALDESK_")} | {"SOCIALDESK_DATA": str(folder)} | settings
    with TemporaryDirectory() as place:
        said = [str(Path(place) / name) for name in ("out", "err")]
        process = _forks.Process(target=_run, args=([str(argument) for argument in arguments], environ, *said))
        process.start()
        process.join(120)
        assert process.exitcode is not None, "the command hangs"
        stdout, stderr = (Path(path).read_text("utf-8") for path in said)
        return SimpleNamespace(returncode=process.exitcode, stdout=stdout, stderr=stderr)


def _run(arguments, environ, *said):
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(ROOT)
    for number, path in enumerate(said, 1):
        with open(path, "wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    try:
        status = cli.main(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    sys.exit(status)
