"""Stands in for ``app/digits.py``: all that the given module holds, but its two steps wait at the judge's gate first."""

from dojo_meet import meet

from app import given_digits  # the given module, under another name

globals().update({name: value for name, value in vars(given_digits).items() if not name.startswith("__")})


def preprocess(png):
    meet("preprocess")
    return given_digits.preprocess(png)


def infer(pixels):
    meet("infer")
    return given_digits.infer(pixels)
