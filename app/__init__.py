"""The learner's service: complete and importable, with holes for the exercises to fill."""
