"""Checks the Authorization header of a push as a push service does (RFC 8292)."""
import base64
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

DAY_SECONDS = 24 * 3600


def refusal(header, key, audiences):
    """(status, reason) when the push must be refused, else None.
    key: the public key the subscription was made for, base64url; audiences: origins the token may be meant for."""
    try:
        scheme, _, rest = header.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        token, sender = parts["t"], decode(parts["k"])
    except (KeyError, ValueError):
        return 401, "Authorization must be: vapid t=<token>, k=<public key>"
    if scheme.lower() != "vapid":
        return 401, "Authorization must use the scheme vapid"
    if sender != decode(key):
        return 403, "the key is not the one the subscription was made for"
    return _token_refusal(token, sender, audiences)


def decode(text):
    """Bytes of base64url text, padded or not."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def encode(data):
    """Unpadded base64url text of bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _token_refusal(token, sender, audiences):
    try:
        signed, _, signature = token.rpartition(".")
        _verify(sender, signed.encode(), decode(signature))
        claims = json.loads(decode(signed.partition(".")[2]))
    except (ValueError, InvalidSignature):
        return 401, "the token is not signed by the key"
    return _claims_refusal(claims, audiences)


def _verify(sender, signed, signature):
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


def _claims_refusal(claims, audiences):
    if claims.get("aud") not in audiences:
        return 403, f"aud is {claims.get('aud')!r}, expected one of {sorted(audiences)}"
    if not 0 < claims.get("exp", 0) - time.time() <= DAY_SECONDS:
        return 401, "exp must lie ahead, by 24 hours at most"
    if not str(claims.get("sub", "")).startswith(("mailto:", "https://")):
        return 401, "sub must be a mailto: or https: address"
    return None
