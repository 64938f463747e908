"""Everything that runs while audio flows: blocks come in, events go out."""
