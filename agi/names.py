"""Names shared with the dialplan: contexts, queues, scripts, prompts and channel variables.

Only names live here, never behaviour; a test compares them with docker/asterisk/etc/extensions.conf.
"""

from typing import Final

APPLICATION: Final = "cc"
"""The Stasis application."""

SIP_REALM: Final = "hotline95519"
"""In which telephones prove who they are (pjsip.conf)."""

# Contexts
CONTEXT_IN: Final = "cc-in"
CONTEXT_IVR: Final = "cc-ivr"
CONTEXT_TALK: Final = "cc-talk"
CONTEXT_RECORD: Final = "cc-rec"
CONTEXT_HANGUP: Final = "cc-hangup"
CONTEXT_DEGRADED: Final = "cc-degraded"
CONTEXT_OUT: Final = "cc-out"
CONTEXT_AGENT: Final = "cc-agent"
CONTEXT_SURVEY: Final = "cc-survey"
CONTEXT_MESSAGE: Final = "cc-message"
CONTEXT_TRANSFER: Final = "cc-transfer"
CONTEXT_BACK: Final = "cc-back"
CONTEXT_REQUEUE: Final = "cc-requeue"
CONTEXT_CONFERENCE: Final = "cc-conf"
CONTEXT_CONFERENCE_AGENT: Final = "cc-conf-agent"
CONTEXT_SUPERVISE: Final = "cc-supervise"

# Queues
QUEUE_GENERAL: Final = "cc-general"
QUEUE_CLAIMS: Final = "cc-claims"
QUEUE_POLICY: Final = "cc-policy"
QUEUE_COMPLAINT: Final = "cc-complaint"
QUEUE_CALLBACK: Final = "cc-callback"
QUEUE_FALLBACK: Final = "cc-fallback"
QUEUES: Final = (
    QUEUE_GENERAL,
    QUEUE_CLAIMS,
    QUEUE_POLICY,
    QUEUE_COMPLAINT,
    QUEUE_CALLBACK,
    QUEUE_FALLBACK,
)

QUEUE_NUMBER: Final = {
    QUEUE_GENERAL: "7000",
    QUEUE_CLAIMS: "7001",
    QUEUE_POLICY: "7002",
    QUEUE_COMPLAINT: "7003",
    QUEUE_CALLBACK: "7004",
    QUEUE_FALLBACK: "7009",
}
"""Queues as digits, for a phone's REFER and for Atxfer, which dials what it is given."""

# AGI scripts
SCRIPT_GREET: Final = "greet"
SCRIPT_COMPLAINT: Final = "complaint"
SCRIPT_OVERFLOW: Final = "overflow"
SCRIPT_SURVEY: Final = "survey"

KEY_COMPLAINT: Final = "3"
"""The menu's key for a complaint."""

# Prompts the scripts play themselves (without extension)
PROMPT_SURVEY: Final = "cc/survey"
PROMPT_SURVEY_AGAIN: Final = "cc/survey-again"
PROMPT_SURVEY_THANKS: Final = "cc/survey-thanks"

# Channel variables
VAR_CALL: Final = "CC_CALL"
"""The call's name: the customer channel's unique id."""
VAR_DONE: Final = "CC_DONE"
"""Set to 1 by a script, after all its results; anything else means the script did not finish."""
VAR_NEXT: Final = "CC_NEXT"
"""The queue to go to."""
VAR_STICKY: Final = "CC_STICKY"
"""Dial string of the agent who already knows the customer's open ticket, or empty."""
VAR_PRIORITY: Final = "CC_PRIO"
"""Queue priority, 0 upwards; higher is served first."""
VAR_LANGUAGE: Final = "CC_LANG"
VAR_OPEN: Final = "CC_OPEN"
"""1 within working hours, 0 outside."""
VAR_TICKET: Final = "CC_TICKET"
"""Number of the ticket just opened."""
VAR_MENU: Final = "CC_MENU"
"""`skip` sends the caller to CC_NEXT without the menu."""
VAR_SURVEY: Final = "CC_SURVEY"
"""0 for no survey after this call, 1 for one; empty: as the dialplan is set."""
VAR_STAGE: Final = "CC_STAGE"
"""Where the call is: greet, ivr, complaint, stasis, talk, out, degraded, overflow, message, survey,
conference."""
VAR_QUEUE: Final = "CC_QUEUE"
"""The queue the call is or was in."""
VAR_RECORDING: Final = "CC_RECBASE"
"""Path of the running segment without -r.sln and -t.sln."""
VAR_MIXMONITOR: Final = "CC_MMID"
"""The MixMonitor's id, for MixMonitorMute."""
VAR_AGENT: Final = "CC_AGENT"
"""Outbound: dial string of the reserved agent."""
VAR_MACHINES: Final = "CC_MACHINES"
"""Outbound: 1 when whoever answers is listened to first, to tell a machine."""
VAR_TARGET: Final = "CC_TARGET"
"""Supervision: name of the agent's channel."""

# User events in the CEL file
EVENT_ARRIVED: Final = "CC_ARRIVED"
EVENT_REC_START: Final = "CC_REC_START"
CAPTURE_CHECKED_AFTER: Final = 0.2
"""Seconds between the start of a capture and CC_REC_START, in which the dialplan waits for the file to appear."""
EVENT_REC_END: Final = "CC_REC_END"
EVENT_REC_FAIL: Final = "CC_REC_FAIL"
EVENT_REC_NONE: Final = "CC_REC_NONE"
EVENT_DEGRADED: Final = "CC_DEGRADED"
EVENT_NOTICE: Final = "CC_NOTICE"
EVENT_LANGUAGE: Final = "CC_LANGUAGE"
EVENT_CHOICE: Final = "CC_CHOICE"
EVENT_QUEUED: Final = "CC_QUEUED"
EVENT_STICKY: Final = "CC_STICKY"
EVENT_TRANSFER: Final = "CC_TRANSFER"
EVENT_MESSAGE: Final = "CC_MESSAGE"
EVENT_MESSAGE_START: Final = "CC_MESSAGE_START"
EVENT_MESSAGE_END: Final = "CC_MESSAGE_END"
EVENT_OUT_UNSERVED: Final = "CC_OUT_UNSERVED"
EVENT_AMD: Final = "CC_AMD"
EVENT_MACHINE: Final = "CC_MACHINE"
