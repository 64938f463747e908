"""Everything that runs while audio flows: blocks come in, events go out."""

if __name__ != "samplechop.realtime":  # found by its folder's name, it would be loaded a second time
    raise ImportError("this is samplechop.realtime: import it by that name")
