"""Between the two laws of G.711, byte by byte. Only for the lab's phones; recordings never pass through here."""

BIAS = 0x84


def alaw_to_linear(code: int) -> int:
    """The 16-bit sample of an A-law byte (ITU-T G.711)."""
    value = code ^ 0x55
    exponent, mantissa = (value >> 4) & 7, value & 15
    magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return magnitude if value & 0x80 else -magnitude


def ulaw_to_linear(code: int) -> int:
    """The 16-bit sample of a µ-law byte (ITU-T G.711)."""
    value = ~code & 0xFF
    magnitude = (((value & 15) << 3) + BIAS << ((value >> 4) & 7)) - BIAS
    return -magnitude if value & 0x80 else magnitude


def _nearest(samples: list[int], sample: int) -> int:
    return min(range(256), key=lambda code: abs(samples[code] - sample))


ALAW_SAMPLES = [alaw_to_linear(code) for code in range(256)]
ULAW_SAMPLES = [ulaw_to_linear(code) for code in range(256)]
ALAW_TO_ULAW = bytes(_nearest(ULAW_SAMPLES, sample) for sample in ALAW_SAMPLES)
ULAW_TO_ALAW = bytes(_nearest(ALAW_SAMPLES, sample) for sample in ULAW_SAMPLES)
