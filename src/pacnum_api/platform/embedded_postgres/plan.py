"""What the starter of a server decides and its supervisor carries out."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

ROLE = "pacnum"
DATABASE = "pacnum"
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one embedded server."""

    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def password(self) -> Path:
        return self.path / "password"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def ready(self) -> Path:
        return self.path / "ready"

    @property
    def start_lock(self) -> Path:
        return self.path / "start.lock"

    @property
    def users_lock(self) -> Path:
        return self.path / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.path / "supervisor.lock"


@dataclass(frozen=True, slots=True)
class Plan:
    """``user`` and ``group`` are those of the server where they differ from the caller's."""

    path: str
    programs: str
    major: int
    socket_dir: str
    user: int | None
    group: int | None
    settings: dict[str, str]
    is_durable: bool
    resets_password: bool

    @property
    def folder(self) -> Folder:
        return Folder(Path(self.path))

    @property
    def data(self) -> Path:
        return self.folder.data

    @property
    def is_socket_inside(self) -> bool:
        return self.socket_dir == str(self.data)

    @property
    def socket(self) -> Path:
        return Path(self.socket_dir) / SOCKET_NAME

    def password(self) -> str:
        return self.folder.password.read_text("ascii").strip()

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        return cls(**json.loads(text))
