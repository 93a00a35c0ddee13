"""Names of invented people, some with letters that a wrong decoding tears apart."""

from __future__ import annotations

# fmt: off
WOMEN: tuple[str, ...] = (
    "Olivia", "Emma", "Ava", "Sophia", "Isabella", "Mia", "Amelia", "Harper", "Evelyn", "Abigail",
    "Emily", "Ella", "Camila", "Luna", "Sofía", "Avery", "Scarlett", "Aria", "Chloé", "Penelope",
    "Layla", "Riley", "Nora", "Zoë", "Hannah", "Lily", "Eleanor", "Renée", "Aaliyah", "Stella",
    "Naomi", "Elena", "Lucía", "Maya", "Grace", "Priya", "Ananya", "Mei", "Yuki", "Fatima",
    "Amina", "Ngozi", "Imani", "Keisha", "Rosa", "Inés", "Ingrid", "Siobhan", "Beatriz", "Dana",
)
MEN: tuple[str, ...] = (
    "Liam", "Noah", "Oliver", "James", "Elijah", "William", "Henry", "Lucas", "Benjamin", "Mateo",
    "José", "Jack", "Daniel", "Owen", "Sebastian", "Julian", "Levi", "Isaac", "Gabriel", "Samuel",
    "Jesús", "Anthony", "André", "Wyatt", "Carlos", "Leo", "Ezra", "Thomas", "Charles", "Miguel",
    "Arjun", "Rohan", "Wei", "Hiroshi", "Omar", "Yusuf", "Kwame", "Malik", "Darnell", "René",
    "Søren", "Björn", "Patrick", "Dmitri", "Raúl", "Óscar", "Marcus", "Terrence", "Victor", "Ian",
)
FAMILIES: tuple[str, ...] = (
    "Smith", "Johnson", "Williams", "Brown", "Jones", "García", "Miller", "Davis", "Rodríguez",
    "Martínez", "Hernández", "López", "González", "Wilson", "Anderson", "Thomas", "Taylor",
    "Moore", "Jackson", "Martin", "Lee", "Pérez", "Thompson", "White", "Harris", "Sánchez",
    "Clark", "Ramírez", "Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright",
    "Scott", "Torres", "Nguyen", "Hill", "Flores", "Green", "Adams", "Nelson", "Baker", "Hall",
    "Rivera", "Campbell", "Mitchell", "Carter", "Roberts", "Gómez", "Phillips", "Evans", "Turner",
    "Díaz", "Parker", "Cruz", "Edwards", "Collins", "Reyes", "Stewart", "Morris", "Morales",
    "Murphy", "Cook", "Rogers", "Gutiérrez", "Ortiz", "Morgan", "Cooper", "Peterson", "Bailey",
    "Reed", "Kelly", "Howard", "Ramos", "Kim", "Cox", "Ward", "Richardson", "Watson", "Brooks",
    "Chávez", "Wood", "Bennett", "Gray", "Mendoza", "Ruiz", "Hughes", "Price", "Álvarez",
    "Castillo", "Sanders", "Patel", "Myers", "Long", "Ross", "Foster", "Jiménez", "O'Brien",
    "O'Connor", "Núñez", "Müller", "Peña", "Muñoz", "Okafor", "Chen", "Singh", "Khan", "Ali",
    "Cohen", "Ivanov", "Kowalski", "Nakamura", "Tran", "Park", "Sato", "Haddad", "Larsen", "Weiß",
)
# fmt: on


def tear(text: str) -> str:
    """Mojibake: UTF-8 read as Windows-1252 (José becomes JosÃ©)."""
    octets = text.encode("utf-8")
    return "".join(_windows_1252(octet) for octet in octets)


def fold(text: str) -> str:
    """For e-mail addresses: ASCII letters only."""
    plain = text.lower().translate(str.maketrans("áéíóúñüöøëèàçãâôêîûïä", "aeiounuooeeacaaoeiuia"))
    return "".join(
        letter for letter in plain.replace("ß", "ss") if letter.isascii() and letter.isalpha()
    )


def _windows_1252(octet: int) -> str:
    try:
        return bytes([octet]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(octet)  # five octets that Windows leaves as control characters
