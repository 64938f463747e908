"""How good detectors are: on recordings with known times, on surface noise, and beside other programs."""
