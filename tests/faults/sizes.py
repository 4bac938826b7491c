"""How much is tried: a short form for every day, and the whole."""

long = False    # set by run.py --long
PATIENCE = 300  # seconds until all that many orders bring about has come to rest; their mails go one after the other


def sized(short, whole):
    return whole if long else short
