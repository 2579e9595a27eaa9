"""A device without a browser: it subscribes, receives and decrypts, so that senders can be tested quickly."""
import os

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import vapid


class PaperDevice:
    """A subscription whose messages can be read.
    service: MozillaPush or GooglePush; sender_key: the sender's VAPID public key, base64url."""

    def __init__(self, service, sender_key):
        self._key, self._secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.posts = []
        self.token = service.device_token(sender_key, self.posts.append)
        self.endpoint = service.endpoint(self.token)

    @property
    def subscription(self):
        """The subscription as a browser's PushSubscription.toJSON() gives it."""
        point = self._key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "expirationTime": None,
                "keys": {"p256dh": vapid.encode(point), "auth": vapid.encode(self._secret)}}

    def messages(self):
        """Each message received so far, decrypted, as bytes."""
        return [http_ece.decrypt(post.body, private_key=self._key, auth_secret=self._secret) for post in self.posts]
