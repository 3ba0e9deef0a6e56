"""The tests of the dojo itself."""
