"""Verifies what Writ writes, by docs/spec alone."""
