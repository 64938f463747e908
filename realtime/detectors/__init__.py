"""The detectors, a folder each, and the registry of all there are."""
