"""How much is tried: a short form for every day, and the whole."""

long = False  # set by run.py --long


def sized(short, whole):
    return whole if long else short
