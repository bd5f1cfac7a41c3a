"""The documents of a ticket (文书): what they say, from which template, how they are printed, numbered and kept."""
