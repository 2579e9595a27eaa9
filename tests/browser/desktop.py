"""A desktop without a screen: a private D-Bus and a notification daemon that keeps what it is told to show."""
import html
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

from dbus_next.aio import MessageBus
from dbus_next.service import ServiceInterface, method, signal

from . import processes
from .background import Changes, LoopThread

BUS_SETTINGS = """<busconfig><type>session</type><listen>unix:path={socket}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""

DISMISSED_BY_PERSON, CLOSED_BY_CALL = 2, 3


@dataclass
class Notice:
    """A notification as the person sees it.  actions: {label on the button: key}; is_open until closed or replaced."""
    id: int
    app: str
    summary: str
    body: str
    actions: dict
    is_open: bool = True

    @property
    def labels(self):
        """The buttons the page asked for, in order; the browser's own ("Settings") are left out."""
        return [label for label, key in self.actions.items() if key not in ("default", "settings") and label]

    @property
    def text(self):
        """Summary and body as plain text, markup taken away."""
        return html.unescape(re.sub(r"<[^>]*>", "", f"{self.summary}\n{self.body}"))


class Desktop:
    """Start it, give `environment` to a browser, read `notices`, press them."""

    def __init__(self):
        self.notices = []
        self._changes = Changes()

    def start(self):
        """Start the bus and take the name of the notification daemon."""
        self._folder = tempfile.TemporaryDirectory(prefix="desktop-", ignore_cleanup_errors=True)
        self._loop, self._bus, self._bus_process = LoopThread("Desktop"), None, None
        self._daemon = _Daemon(self._show, self._closed)
        try:
            self._start_bus()
            self._loop.run(self._take_name())
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """Leave the bus and end it."""
        self._loop.run(self._leave())
        self._loop.stop()
        if self._bus_process is not None:
            processes.end(self._bus_process)
            self._bus_process.stdout.close()
        self._folder.cleanup()

    @property
    def environment(self):
        """Environment variables for a browser that shall use this desktop."""
        return {"DBUS_SESSION_BUS_ADDRESS": self.address}

    @property
    def shown(self):
        """The notices on the screen now."""
        return [notice for notice in self.notices if notice.is_open]

    def clear(self):
        """Dismiss what is on the screen and forget what was."""
        for notice in self.shown:
            self.close(notice)
        self.notices.clear()

    def wait_for(self, text, seconds=10):
        """The first notice on the screen that says `text` in summary or body."""
        return self._changes.wait_for(
            lambda: next((notice for notice in list(self.notices) if notice.is_open and text in notice.text), None),
            seconds, lambda: f"No notice says {text!r}. Shown were: {[notice.text for notice in self.notices]}")

    def wait_until_closed(self, notice, seconds=10):
        """Wait until a notice has left the screen."""
        self._changes.wait_for(lambda: not notice.is_open, seconds, lambda: f"Still on the screen: {notice.text!r}")

    def press(self, notice, label="default"):
        """Press the notice itself, or the button with this label.  Raises AssertionError if there is no such button."""
        key = "default" if label == "default" else notice.actions.get(label)
        if key is None:
            raise AssertionError(f"{notice.text!r} has no button {label!r}, only {notice.labels}")
        self._loop.run(self._say(self._daemon.ActionInvoked, notice.id, key))

    def close(self, notice):
        """Dismiss a notice as a person does."""
        self._closed(notice.id)
        self._loop.run(self._say(self._daemon.NotificationClosed, notice.id, DISMISSED_BY_PERSON))

    def _start_bus(self):
        socket, settings = (os.path.join(self._folder.name, name) for name in ("bus", "bus.conf"))
        with open(settings, "w") as file:
            file.write(BUS_SETTINGS.format(socket=socket))
        command = [processes.find("dbus-daemon"), f"--config-file={settings}", "--nofork", "--nopidfile", "--print-address"]
        self._bus_process = processes.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self._bus_process.stdout.readline().strip()
        if not self.address:
            raise RuntimeError("dbus-daemon ended before it listened. Run it by hand with the same settings to see why.")

    async def _take_name(self):
        self._bus = await MessageBus(bus_address=self.address).connect()
        self._bus.export("/org/freedesktop/Notifications", self._daemon)
        await self._bus.request_name("org.freedesktop.Notifications")

    async def _leave(self):
        if self._bus is not None:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()
            # The library shuts its socket down but leaves it open, which Python reports as a leak.
            self._bus._stream.close()
            self._bus._sock.close()

    @staticmethod
    async def _say(signal_method, *values):
        signal_method(*values)

    def _show(self, notice):
        self._closed(notice.id)
        self.notices.append(notice)
        self._changes.notify()

    def _closed(self, number):
        for notice in self.notices:
            if notice.id == number:
                notice.is_open = False
        self._changes.notify()


class _Daemon(ServiceInterface):
    """org.freedesktop.Notifications; the annotations are D-Bus signatures."""

    def __init__(self, show, closed):
        super().__init__("org.freedesktop.Notifications")
        self._show, self._closed, self._last = show, closed, 0

    @method()
    def GetCapabilities(self) -> "as":
        return ["actions", "body", "body-markup", "persistence"]

    @method()
    def GetServerInformation(self) -> "ssss":
        return ["Lab", "SocialDesk", "1", "1.2"]

    @method()
    def Notify(self, app: "s", replaces: "u", icon: "s", summary: "s", body: "s",
               actions: "as", hints: "a{sv}", timeout: "i") -> "u":
        if not replaces:
            self._last += 1
        number = replaces or self._last
        self._show(Notice(number, app, summary, body, dict(zip(actions[1::2], actions[::2]))))
        return number

    @method()
    def CloseNotification(self, number: "u"):
        self._closed(number)
        self.NotificationClosed(number, CLOSED_BY_CALL)

    @signal()
    def NotificationClosed(self, number, reason) -> "uu":
        return [number, reason]

    @signal()
    def ActionInvoked(self, number, key) -> "us":
        return [number, key]
