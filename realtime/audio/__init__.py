"""Sound in and out: devices, the callback, the stream's process, the ring, clocks and sources."""
