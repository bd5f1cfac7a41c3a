"""Typed keys of what the HTTP application needs. Must never hold the things themselves."""

from aiohttp import web
from redis.asyncio import Redis

from agi.ari.commands import Ari
from callcenter.attachments.vault import Vault
from callcenter.bundle import Bundling
from callcenter.callbacks.overview import Boards
from callcenter.calls.switchboard import Switchboard
from callcenter.casework import Casework
from callcenter.clock import Clock
from callcenter.complaints import Complaints
from callcenter.config import Config
from callcenter.custody import Custody
from callcenter.db.pool import Database
from callcenter.documents.issuing import Issuing
from callcenter.documents.templates import Templates
from callcenter.handling_limit import HandlingLimit
from callcenter.importing.intake import Intake
from callcenter.matters import Matters
from callcenter.reclassifications import Reclassifications
from callcenter.slips import Slips

CONFIG = web.AppKey("config", Config)
DATABASE = web.AppKey("database", Database)
REDIS = web.AppKey("redis", Redis)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
"""The moment rules and reports see; in test mode it can be set."""
WALL: web.AppKey[Clock] = web.AppKey("wall clock")
"""The machine's clock, for sessions, lock-outs and keys: setting the test clock ends no session."""
SECRET = web.AppKey("cursor secret", bytes)
COMPLAINTS = web.AppKey("complaints", Complaints)
"""The one way to open tickets."""
CASEWORK = web.AppKey("casework", Casework)
"""What is done with tickets that exist."""
SLIPS = web.AppKey("slips", Slips)
"""What departments do with their slips."""
HANDLING_LIMIT = web.AppKey("handling limit", HandlingLimit)
"""What extends, replaces or stops the limit of a complaint."""
VAULT = web.AppKey("vault", Vault)
"""Where the bytes of attachments and documents lie."""
LISTS = web.AppKey("lists", Intake)
"""What is done with lists of policies and callback tasks."""
CUSTODY = web.AppKey("custody", Custody)
"""What is done with the files of tickets."""
ISSUING = web.AppKey("issuing", Issuing)
"""What is done with the documents of tickets."""
BUNDLING = web.AppKey("bundling", Bundling)
"""What hands out case files."""
TEMPLATES = web.AppKey("templates", Templates)
"""What administrators do with the documents' templates."""
MATTERS = web.AppKey("matters", Matters)
"""Which orders are about one incident."""
RECLASSIFICATIONS = web.AppKey("reclassifications", Reclassifications)
"""What was heard on callbacks, judged again."""
SWITCHBOARD = web.AppKey("switchboard", Switchboard)
"""What people do with living calls; missing where no switch is connected."""
SWITCH = web.AppKey("switch", Ari)
"""Asterisk's REST interface."""
BOARDS = web.AppKey("callback boards", Boards)
"""The live boards of callbacks, remembered for seconds."""
