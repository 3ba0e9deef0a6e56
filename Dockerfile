# The stub of exercise 5.1, whose kata is still to come: it fails to build, and says why.
#
# TODO 5.1: the service runs on this machine only. Goal: an image that answers /health and
# /predict. Tool: COPY, RUN, USER, CMD in exec form.
FROM python:3.11-slim-bookworm
RUN echo "5.1: this Dockerfile doesn't build a service yet" >&2 && exit 1
