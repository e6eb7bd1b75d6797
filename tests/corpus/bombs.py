"""Zlib streams that unpack to hundreds of megabytes, made in milliseconds."""

import zlib

BLOCK_BYTES = 1 << 20
ADLER_MODULUS = 65521


def zeros(count: int) -> bytes:
    """A complete zlib stream of `count` zero bytes, by repeating one packed block."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(BLOCK_BYTES)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    tail = rest.compress(bytes(count % BLOCK_BYTES)) + rest.flush()
    adler = (count % ADLER_MODULUS) << 16 | 1
    return b"\x78\x9c" + block * (count // BLOCK_BYTES) + tail + adler.to_bytes(4)
