"""Phones without a browser: a push service on the loopback, devices that register, receive and decrypt."""
import json

import pytest

from .browser.mozilla_push import MozillaPush
from .browser.paper_device import PaperDevice


@pytest.fixture(scope="session")
def service():
    """A push service that checks what it is sent."""
    running = MozillaPush().start()
    yield running
    running.stop()


@pytest.fixture
def settings_given(service):
    service.reset()
    return {"SOCIALDESK_PUSH_HOSTS": service.origin}


class Phone:
    """A device of a person who is signed in on it: what it was told, in order."""

    def __init__(self, client, service):
        self.client = client
        self.device = PaperDevice(service, client.get("/me/devices/key").json["key"])
        self.id = client.post("/me/devices", json=self.device.subscription).json["id"]

    @property
    def told(self):
        """The notices received, as the page's worker would read them."""
        return [json.loads(message)["notification"] for message in self.device.messages()]

    @property
    def bodies(self):
        """Their texts."""
        return [notice["body"] for notice in self.told]

    @property
    def posts(self):
        """The POSTs as the push service saw them."""
        return self.device.posts


@pytest.fixture
def phone(browse, service):
    """phone(person) is a phone of that person with notices turned on."""
    return lambda person: Phone(browse(person), service)
