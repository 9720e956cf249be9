"""A command line that cannot be meant."""


class UsageError(Exception):
    """The arguments are wrong; ends in exit code 2 with the message and where help is."""
