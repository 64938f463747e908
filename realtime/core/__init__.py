"""What every part of a session rests on: events, the detector contract, latency, errors, interrupts."""
