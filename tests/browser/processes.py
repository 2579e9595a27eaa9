"""Programs the lab starts: found by name, ended by id."""
import atexit
import os
import shutil
import signal
import subprocess

GRACE_SECONDS = 8
TIE = shutil.which("setpriv")

_running = set()


def find(*names):
    """Path of the first of these programs that is installed, else None."""
    return next((path for path in map(shutil.which, names) if path), None)


def start(arguments, **options):
    """Start a program at the head of a process group of its own.  Call it from the main thread."""
    # Where the system can, the program also ends when the test run is killed and nothing here runs any more.
    tied = [TIE, "--pdeathsig", "KILL", "--"] if TIE else []
    process = subprocess.Popen([*tied, *arguments], start_new_session=True, **options)
    _running.add(process)
    return process


def end(process):
    """End a program started here and all it started itself: asked first, then made to."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(process, sign)
        try:
            process.wait(GRACE_SECONDS)
            break
        except subprocess.TimeoutExpired:
            continue
    # Children may outlive their parent; the group keeps its number until the last is gone.
    _signal_group(process, signal.SIGKILL)
    _running.discard(process)


def _signal_group(process, sign):
    try:
        os.killpg(process.pid, sign)
    except (ProcessLookupError, PermissionError):
        pass


@atexit.register
def _end_all():
    for process in list(_running):
        end(process)
