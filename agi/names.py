"""Names shared with the dialplan: contexts, queues, scripts, prompts and channel variables.

Only names live here, never behaviour; a test compares them with docker/asterisk/etc/extensions.conf.
"""

from typing import Final

APPLICATION: Final = "cc"
"""The Stasis application."""

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

# Queues
QUEUE_GENERAL: Final = "cc-general"
QUEUE_CLAIMS: Final = "cc-claims"
QUEUE_POLICY: Final = "cc-policy"
QUEUE_COMPLAINT: Final = "cc-complaint"
QUEUE_CALLBACK: Final = "cc-callback"
QUEUE_FALLBACK: Final = "cc-fallback"

# AGI scripts
SCRIPT_GREET: Final = "greet"
SCRIPT_COMPLAINT: Final = "complaint"
SCRIPT_OVERFLOW: Final = "overflow"
SCRIPT_SURVEY: Final = "survey"

# Prompts the scripts play themselves (without extension)
PROMPT_SURVEY: Final = "cc/survey"
PROMPT_SURVEY_AGAIN: Final = "cc/survey-again"
PROMPT_SURVEY_THANKS: Final = "cc/survey-thanks"

# Channel variables
VAR_CALL: Final = "CC_CALL"
"""The call's name: the customer channel's unique id."""
VAR_DONE: Final = "CC_DONE"
"""Set to 1 as the last command of a script; anything else means the script did not finish."""
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
VAR_HINT: Final = "CC_HINT"
"""One line for the agent's screen."""
VAR_MESSAGE: Final = "CC_MESSAGE"
"""Where the message just left was recorded (base name in the recording volume), or empty."""
VAR_CHOICE: Final = "CC_CHOICE"
"""What the caller chose: the IVR's key."""
