"""The studio: a page on top of a project, served to a browser on this machine, which sees, hears, moves and keeps.

The page holds no truth of its own: whatever it does is a command on the project, as `samplechop project set` takes it.
"""
