"""A labelled crate that makes itself: records composed by rule, played, aged, and written beside their truth."""
