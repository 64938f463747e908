"""The laboratory: makes data and measures. Nothing outside imports it."""
