"""Small services for the tests of the probe, each with one way to spend time."""
