"""The package of claps has tests of its own, for which it must be installed: test_walk_through.py installs and runs them."""

collect_ignore = ["claps"]
