"""Synthetic training sets ("crates"): records composed by rule, rendered, augmented and labelled."""
