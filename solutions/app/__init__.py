"""The learner's service, finished: one way to fill each hole, with the reasons as comments."""
