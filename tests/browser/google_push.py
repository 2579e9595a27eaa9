"""Stand-in of Google's push service: check-in, registration and the TLS connection for Chromium, RFC 8030 for senders."""
import asyncio
import datetime
import ipaddress
import os
import ssl
import tempfile
import uuid

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import protobuf
from .push_service import Channel, PushService

# What Chromium reports as its endpoint is built in; which of the two depends on who built it.
HOSTS = ("jmt17.google.com", "fcm.googleapis.com")

PING, PING_ANSWER, LOGIN, LOGIN_ANSWER, CLOSE, MESSAGE = 0, 1, 2, 3, 4, 8
LOGIN_USER, LOGIN_RECEIVED = 3, 10


class GooglePush(PushService):
    """Two free ports: plain HTTP (`origin`) and TLS.  `flags` make a stock Chromium use them."""

    push_path = "/fcm/send/"

    @property
    def flags(self):
        """Command line flags for Chromium."""
        return [f"--gcm-checkin-url={self.origin}/checkin", f"--gcm-registration-url={self.origin}/register",
                f"--gcm-mcs-endpoint=https://127.0.0.1:{self.tls_port}", "--ignore-certificate-errors"]

    @property
    def route(self):
        """Value of SOCIALDESK_PUSH_ROUTE: posts for Chromium's fixed push host come here."""
        return f"{HOSTS[0]}={self.origin}"

    @property
    def audiences(self):
        """Origins a sender's token may be meant for: the public ones, never the stand-in's."""
        return {f"https://{host}" for host in HOSTS}

    def endpoint(self, token):
        """The endpoint of a subscription, as browsers report it."""
        return f"https://{HOSTS[0]}{self.push_path}{token}"

    async def _open(self):
        self._next_device = 4_000_000_000_000
        self._writers = set()
        await self._serve([web.post("/checkin", self._check_in), web.post("/register", self._register)])
        self._tls = await asyncio.start_server(self._browser, "127.0.0.1", 0, ssl=_tls_context())
        self.tls_port = self._tls.sockets[0].getsockname()[1]

    async def _close(self):
        self._tls.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await super()._close()

    async def _check_in(self, request):
        asked = dict(protobuf.read(await request.read()))
        device = asked.get(2) or self._next_device
        self._next_device += 1
        return web.Response(content_type="application/x-protobuf", body=b"".join([
            protobuf.whole(1, 1), protobuf.whole(3, 1), protobuf.fixed64(7, device), protobuf.fixed64(8, device + 1)]))

    async def _register(self, request):
        form = dict(await request.post())
        device, subtype = form.get("device", ""), form.get("X-subtype") or form.get("subtype", "")
        if form.get("delete") == "true":
            self._unregister(device, subtype)
            return web.Response(text=f"token={subtype}")
        token = uuid.uuid4().hex
        self._channels[token] = Channel(device, subtype, form.get("sender"), form.get("app", ""))
        return web.Response(text=f"token={token}")

    def _unregister(self, device, subtype):
        gone = [token for token, channel in self._channels.items()
                if channel.device == device and subtype in (channel.name, "")]
        for token in gone:
            del self._channels[token]
        self._changes.notify()

    async def _browser(self, reader, writer):
        """One browser's connection: a version byte, then frames of tag, length, message."""
        device = None
        self._writers.add(writer)
        try:
            version = await reader.readexactly(1)
            while True:
                tag, message = await _read_frame(reader)
                if tag == LOGIN:
                    device = await self._log_in(writer, version, message)
                elif tag == PING:
                    await _write_frame(writer, PING_ANSWER, b"")
                elif tag == CLOSE:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self._left(device, writer)
            self._writers.discard(writer)
            writer.transport.abort()

    async def _log_in(self, writer, version, message):
        fields = protobuf.read(message)
        device = next((value.decode() for tag, value in fields if tag == LOGIN_USER), "")
        received = {value.decode() for tag, value in fields if tag == LOGIN_RECEIVED}
        writer.write(version)
        await _write_frame(writer, LOGIN_ANSWER, protobuf.data(1, "login-1"))
        await self._arrived(device, writer, received)
        return device

    def _compose(self, channel, post):
        def setting(name, value):
            return protobuf.data(7, protobuf.data(1, name) + protobuf.data(2, value))
        return b"".join([
            protobuf.data(2, post.id), protobuf.data(3, channel.key or ""), protobuf.data(5, channel.app),
            setting("subtype", channel.name), setting("content-encoding", post.headers.get("content-encoding", "")),
            protobuf.data(9, post.id), protobuf.whole(17, int(post.headers["ttl"])), protobuf.data(21, post.body)])

    async def _transmit(self, connection, message):
        await _write_frame(connection, MESSAGE, message)


async def _read_frame(reader):
    tag = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return tag, await reader.readexactly(size)


async def _write_frame(writer, tag, message):
    try:
        writer.write(bytes([tag]) + protobuf.varint(len(message)) + message)
        await writer.drain()
    except ConnectionError:
        pass    # the message is held and goes out at the next login


def _tls_context():
    """A server context with a certificate of its own, valid for an hour."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    hour = datetime.timedelta(hours=1)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - hour).not_valid_after(now + hour)
                   .add_extension(here, critical=False).sign(key, hashes.SHA256()))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _load(pem + certificate.public_bytes(serialization.Encoding.PEM))


def _load(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="push-tls-") as folder:
        path = os.path.join(folder, "server.pem")
        with open(path, "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
    return context
