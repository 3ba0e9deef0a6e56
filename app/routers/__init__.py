"""One file a router, so that a mistake in one of them never hides another."""
