"""What can go wrong before anything was checked."""


class CannotLook(Exception):
    """A store is not there, or does not answer; the message says which, and what to do."""
