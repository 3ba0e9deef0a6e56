# Right answer to 4.1: uvicorn.run in this process, and the command by its name, each option one word.

import uvicorn

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = ["uvicorn", "app.main:app", f"--host={settings.host}", f"--port={settings.port}"]
    if settings.web_concurrency:
        command.append(f"--workers={settings.web_concurrency}")
    return command


def main() -> None:
    settings = Settings()
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, workers=settings.web_concurrency)


if __name__ == "__main__":
    main()
