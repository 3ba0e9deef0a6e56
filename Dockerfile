# The stub of exercises 5.1 and 5.2, and where 5.3 to 5.5 go on.
#
# TODO 5.1: the service runs on this machine only. Goal: an image whose container answers /health and
# /predict on port 8000, runs as a user that isn't root, and holds no secret. Tool: COPY, RUN, USER,
# and CMD in exec form; .dockerignore.
#
# TODO 5.2, once 5.1 is green: the image ships what only its build has needed, and a change of one line
# of app/ installs everything anew. Goal: small, the same tomorrow, and built in seconds. Tool: a second
# FROM, COPY --from, and the order of the steps.
#
# TODO 5.3, 5.4 and 5.5, once 5.2 is green: a stage for Locust, before the last one; what the container is told from outside, and a
# command that listens to it; a health check. Tool: FROM … AS, ENV, HEALTHCHECK.
FROM python:3.11-slim-bookworm
RUN echo "5.1: this Dockerfile doesn't build a service yet" >&2 && exit 1
