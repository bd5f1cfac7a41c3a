"""`python -m callcenter.lab`: makes what tests and demonstrations share on this machine, and shows its progress."""

import sys

from callcenter.lab.environment import prepare
from callcenter.lab.refusal import NotStartedError
from callcenter.lab.speech import NoSpeechError


def main() -> int:
    """Asterisk and its prompts; returns the exit status."""
    try:
        prepare(lambda text: print(f".. {text}", flush=True))
    except (NotStartedError, NoSpeechError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
