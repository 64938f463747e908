"""Faults of all kinds, made on purpose, and what must hold after each: `samplechop bench faults`."""
