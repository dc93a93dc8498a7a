"""Whole sites for benches and end-to-end tests, and pages that use them."""
