"""Why something could not be reached, in a few words: errors of four libraries, and none of their addresses twice."""

import os
import re

_NUMBERED = re.compile(r"\[Errno (\d+)\]")


def reason(error: BaseException) -> str:
    """`Connection refused`, `no answer in time`, or what the other side said."""
    for one in (error, error.__cause__, error.__context__):
        if isinstance(one, TimeoutError) and not one.errno:
            return "no answer in time"
        if isinstance(one, OSError) and one.errno:
            return os.strerror(one.errno) if one.errno > 0 else str(one.strerror)
    text = str(error)
    if match := _NUMBERED.search(text):
        return os.strerror(int(match[1]))
    return text or type(error).__name__
