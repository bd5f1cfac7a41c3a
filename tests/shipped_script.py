"""The script every installation starts with, as the migration writes it."""

import json
import re

from callcenter.callbacks.script import Script, parse
from callcenter.callbacks.task import Purpose
from callcenter.db.migrate import MIGRATIONS

_TEXT = next(MIGRATIONS.glob("*_campaigns.sql")).read_text(encoding="utf-8")
_STEPS = re.search(r"\$json\$(.*?)\$json\$", _TEXT, re.DOTALL)
assert _STEPS is not None

SCRIPT = Script("2010-4.1", "新单回访标准问卷", Purpose.NEW_BUSINESS, parse(json.loads(_STEPS[1])))
