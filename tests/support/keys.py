"""API keys as CONTRACT section 3 describes them, made independently of the product."""

import random
import zlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(opening):
    """CRC-32 of the opening as six base62 digits, most significant first."""
    value, digits = zlib.crc32(opening.encode("ascii")), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = DIGITS[digit] + digits
    return digits


def well_formed_key(seed):
    """A key that nobody was given but that passes the checksum."""
    source = random.Random(seed)
    opening = "tg_live_" + "".join(source.choice(DIGITS) for _ in range(30))
    return opening + checksum(opening)
