"""The tools that the katas are built on: a judge that watches a service from outside and from within.

Start reading at ``kata.py``, the face that katas use. A learner's code runs in a child process,
the *host* (``host.py``, watched by ``probe.py``); the judge, which is the pytest process, never
imports it (``launch.py`` starts hosts and talks with them).
"""
