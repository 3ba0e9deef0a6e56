# Right answer to 4.1: a parent that passes the signals on and waits for its child.

import signal
import subprocess
import sys

from app.settings import settings as current


def server_command(settings):
    return ["python", "-m", "uvicorn", "--workers", str(settings.web_concurrency or 1), "--host", settings.host, "--port", str(settings.port), "app.main:app"]


def main():
    child = subprocess.Popen(server_command(current))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: child.send_signal(received))
    code = child.wait()
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
