"""What the switch says when it does not do what it was asked, as our errors."""

import contextlib
from collections.abc import AsyncIterator

from agi.ami import ActionRefusedError, AmiError, AmiUnansweredError
from agi.ari.rest import AriError, UnavailableError
from callcenter.calls.errors import NoTelephoneError, SwitchAwayError, SwitchRefusedError, SwitchUnansweredError
from tickets.errors import Words


@contextlib.asynccontextmanager
async def asked_of_switch() -> AsyncIterator[None]:
    """Turns what the switch says into our errors."""
    try:
        yield
    except ActionRefusedError as error:
        raise SwitchRefusedError(Words("话务系统拒绝。", f"The switch refused: {error.reason[:100]}")) from error
    except AmiUnansweredError as error:
        raise SwitchUnansweredError(
            Words("话务系统未应答，可能已执行。", "The switch did not answer: it may have done it.")
        ) from error
    except AmiError as error:
        raise SwitchAwayError(Words("话务系统暂不可用。", "The switch cannot be reached.")) from error
    except UnavailableError as error:
        if error.status >= 500:
            raise NoTelephoneError(Words("话机无法接通。", "The telephone cannot be reached.")) from error
        raise SwitchAwayError(Words("话务系统暂不可用。", "The switch cannot be reached.")) from error
    except AriError as error:
        raise SwitchRefusedError(Words("话务系统拒绝。", f"The switch refused: {error.message[:100]}")) from error
