"""From a finished capture to a sealed recording: the use cases and jobs around the archive."""
