"""Measurements: shown, never judged, and always as ratios of one run."""
