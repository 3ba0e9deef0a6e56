# Right answer to 4.1: the module uvicorn is run in this process, by its command line.

import runpy
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    words = [sys.executable, "-m", "uvicorn", "app.main:app"]
    options = {"--host": settings.host, "--port": settings.port, "--workers": settings.web_concurrency}
    for option, value in options.items():
        if value is not None:
            words += [option, str(value)]
    return words


def main() -> None:
    sys.argv = server_command(Settings())[2:]
    runpy.run_module("uvicorn", run_name="__main__")


if __name__ == "__main__":
    main()
