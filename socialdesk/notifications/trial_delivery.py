"""A test push, sent while the person waits."""
import secrets

from .delivery import UNREACHABLE, Answer, PostOffice, payload_of
from .words_checker import NAME

WAIT_SECONDS = 5
TTL_SECONDS = 60                        # who tests looks now


def send_test(settings, device, badge=0):
    """Send a test push to one device, outside any transaction.  Returns the Answer, within WAIT_SECONDS."""
    payload = payload_of(NAME, "This is a test. Notices reach this device.", f"{settings.base_url}/me/notifications", "test",
                         f"test.{secrets.token_hex(8)}", badge)
    with PostOffice(settings, 1, WAIT_SECONDS) as office:
        office.post(None, device.endpoint, office.seal(device, payload), secrets.token_urlsafe(18), TTL_SECONDS, device.vapid_id)
        for _token, answer in office.answers(WAIT_SECONDS + 1):
            return answer
    return Answer(UNREACHABLE, late=True)
