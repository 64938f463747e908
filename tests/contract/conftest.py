"""The package of claps has a test of its own, for which it must be installed; test_walk_through.py asks the same."""

collect_ignore = ["claps"]
