# Right answer to 4.1: the variables of uvicorn, set by env.

import os

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    workers = {"WEB_CONCURRENCY": settings.web_concurrency} if settings.web_concurrency else {}
    variables = {"UVICORN_HOST": settings.host, "UVICORN_PORT": settings.port, **workers}
    return ["env", *(f"{name}={value}" for name, value in variables.items()), "uvicorn", "app.main:app"]


def main() -> None:
    program, *arguments = server_command(Settings())
    os.execlp(program, program, *arguments)


if __name__ == "__main__":
    main()
