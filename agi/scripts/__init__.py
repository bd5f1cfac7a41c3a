"""What Asterisk's dialplan asks us during a call."""
