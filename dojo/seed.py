"""The rows of the table ``users`` with which exercise A works, the same in every run."""

_FIRST = ("Ada", "Björn", "Chloé", "Đorđe", "Erik", "Fátima", "Grace", "Hồng", "Ines", "Jürgen", "Kofi", "Łucja", "Mei", "Noor", "Óscar", "Priya")
_LAST = ("O'Brien", "Müller", "de la Cruz", "Nguyễn", "Smith-Jones", "100% Real", "Øster", "\"Quote\"", "Ivanov", "Back\\Slash", "Sato", "Okafor")

#: For each ``user_id`` its name and email; some names hold what a careless query trips over.
USERS: dict[int, tuple[str, str]] = {
    number: (f"{_FIRST[number * 7 % len(_FIRST)]} {_LAST[number * 5 % len(_LAST)]}", f"user{number}@example.com")
    for number in range(1, 1001)
}

TABLE = "create table users (user_id integer primary key, name text not null, email text not null unique)"
