"""The route table: which script runs under which name, and how long it may take."""

from collections.abc import Mapping
from functools import partial

from agi import names
from agi.ports import Application
from agi.scripts import complaint, greet, overflow, survey
from agi.server import Route


def routes(application: Application) -> Mapping[str, Route]:
    """Every script bound to the application, with its deadline in seconds.

    Each deadline is shorter than the dialplan's own for the same script: we give up before we are given up.
    """
    return {
        names.SCRIPT_GREET: Route(partial(greet.run, application), greet.DEADLINE),
        names.SCRIPT_COMPLAINT: Route(partial(complaint.run, application), complaint.DEADLINE),
        names.SCRIPT_OVERFLOW: Route(partial(overflow.run, application), overflow.DEADLINE),
        names.SCRIPT_SURVEY: Route(partial(survey.run, application), survey.DEADLINE),
    }
