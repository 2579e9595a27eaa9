"""A test push, sent while the person waits."""
import asyncio
import secrets

from .delivery import PostOffice, open_session, payload_of
from .words_checker import NAME

WAIT_SECONDS = 5
TTL_SECONDS = 60                        # who tests looks now


def send_test(settings, device, badge=0):
    """Send a test push to one device, outside any transaction.  Returns the Answer, within WAIT_SECONDS."""
    return asyncio.run(_send(settings, device, badge))


async def _send(settings, device, badge):
    payload = payload_of(NAME, "This is a test. Notices reach this device.", f"{settings.base_url}/me/notifications", "test",
                         f"test.{secrets.token_hex(8)}", badge)
    async with open_session(1, WAIT_SECONDS) as session:
        return await PostOffice(settings, session).send(device, payload, secrets.token_urlsafe(18), TTL_SECONDS)
