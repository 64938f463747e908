"""Everything that runs while audio flows: blocks come in, events go out."""

import logging

if __name__ != "samplechop.realtime":  # found by its folder's name, it would be loaded a second time
    raise ImportError("this is samplechop.realtime: import it by that name")

logging.getLogger("samplechop").addHandler(logging.NullHandler())  # else Python prints warnings that nobody takes
