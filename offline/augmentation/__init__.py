"""Changes of sound by chance that leave its labels valid: rooms, speed, dynamics, samplers, worn records."""
