"""Finds the files of a load and refuses what is not safe to open: nothing is extracted, followed or trusted."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ingest.findings import Findings

#: limits on what is opened; generous for a region of a million people
MOST_MEMBERS = 1_000
MOST_UNPACKED_BYTES = 16 * 1024**3
#: a deflated bundle shrinks to about a twentieth; a bomb to a thousandth
MOST_RATIO = 200
_RATIO_MATTERS_FROM = 4 * 1024**2
MOST_FILES = 2_000
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".tbz2", ".txz")
_NOT_REGULAR = "not a regular file; a device or pipe is never read"
_ONLY_ZIP = "archives other than zip are not read; use zip or a folder"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of the load: in the file system, or a member of a zip that is read in place."""

    #: as shown to users: file name, with the folder within the zip or the given folder if any
    name: str
    path: Path
    #: member of the zip at ``path``
    member: str | None = None
    #: bytes, unpacked
    size: int = 0
    #: named by the caller, not found in a folder or archive
    asked_for: bool = False

    @property
    def ending(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open for reading. The file must still be a regular file."""
        if self.member is None:
            with _open_regular(self.path) as stream:
                yield stream
            return
        with _open_regular(self.path) as stream, zipfile.ZipFile(stream) as archive, archive.open(self.member) as part:
            yield part

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A path to the file; a member of a zip is copied to a private temporary file while it is needed."""
        if self.member is None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="kith-", suffix=self.ending) as copy, self.open() as stream:
            remaining = self.size
            while remaining > 0 and (part := stream.read(min(1 << 20, remaining))):
                copy.write(part)
                remaining -= len(part)
            copy.flush()
            yield Path(copy.name)


@contextmanager
def _open_regular(path: Path) -> Iterator[IO[bytes]]:
    # O_NONBLOCK: a pipe put in place of the file after the check must not hang us
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=1 << 20) as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        yield stream


#: what goes wrong when a file cannot be read to its end
READ_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def find_files(paths: Iterable[Path], findings: Findings) -> list[InputFile]:
    """The files to read, in a stable order; whatever cannot or must not be read becomes a problem."""
    found: list[InputFile] = []
    for path in paths:
        name = path.name or "."
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            findings.problem(name, None, None, "not_found", "there is no such file or folder, or it may not be read")
            continue
        if stat.S_ISDIR(mode):
            found += _folder(path, findings)
        elif stat.S_ISREG(mode):
            found += _single(path, findings)
        else:
            findings.problem(name, None, None, "not_regular", _NOT_REGULAR)
    return _without_doubles(found, findings)


def _without_doubles(found: Sequence[InputFile], findings: Findings) -> list[InputFile]:
    seen: dict[str, InputFile] = {}
    answer = []
    for file in found:
        first = seen.get(file.name)
        if first is None:
            seen[file.name] = file
            answer.append(file)
        elif (first.path, first.member) != (file.path, file.member):
            # positions in reports and provenance name files by name, so a second one of the same name gets its folder
            parent = (file.path if file.member else file.path.parent).name
            renamed = InputFile(f"{parent}/{file.name}", file.path, file.member, file.size, file.asked_for)
            if renamed.name in seen:
                findings.problem(file.name, None, None, "same_name", "two files of one load have the same name")
                continue
            seen[renamed.name] = renamed
            answer.append(renamed)
    return answer


def _folder(path: Path, findings: Findings) -> list[InputFile]:
    found = []
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError:
        findings.problem(path.name, None, None, "not_found", "the folder may not be read")
        return []
    if len(entries) > MOST_FILES:
        findings.problem(path.name, None, None, "too_many_files", f"more than {MOST_FILES} files in one folder")
        return []
    for entry in entries:
        if entry.name.startswith((".", "~$")):
            continue
        if entry.is_symlink():
            findings.problem(entry.name, None, None, "symlink", "a link to another file is not followed; copy the file")
        elif entry.is_dir(follow_symlinks=False):
            findings.note(entry.name, "folder within the folder: not read")
        elif not entry.is_file(follow_symlinks=False):
            findings.problem(entry.name, None, None, "not_regular", _NOT_REGULAR)
        else:
            found += _single(Path(entry.path), findings, asked_for=False)
    return found


def _single(path: Path, findings: Findings, *, asked_for: bool = True) -> list[InputFile]:
    name, ending = path.name, path.suffix.lower()
    if ending == ".zip":
        if asked_for:
            return _archive(path, findings)
        findings.problem(name, None, None, "nested_archive", "an archive within the folder is not read; name it itself")
        return []
    if ending in _ARCHIVES or (asked_for and _is_tar(path)):
        findings.problem(name, None, None, "archive_refused", _ONLY_ZIP)
        return []
    return [InputFile(name, path, None, path.stat().st_size, asked_for)]


def _is_tar(path: Path) -> bool:
    try:
        with _open_regular(path) as stream:
            head = stream.read(512)
    except OSError:
        return False
    return head[257:262] == b"ustar" or head[:2] == b"\x1f\x8b"


def _archive(path: Path, findings: Findings) -> list[InputFile]:
    try:
        with _open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
    except READ_ERRORS:
        findings.problem(path.name, None, None, "bad_archive", "not a readable zip file")
        return []
    complaint = archive_problem(members, path.stat().st_size)
    if complaint is not None:
        findings.problem(path.name, None, None, *complaint)
        return []
    found = []
    files = [member for member in members if not member.is_dir()]
    folders = {str(PurePosixPath(member.filename).parent) for member in files}
    for member in sorted(files, key=lambda member: member.filename):
        complaint = _member_problem(member)
        if complaint is not None:
            findings.problem(path.name, None, None, *complaint)
            continue
        inner = PurePosixPath(member.filename)
        if inner.name.startswith(".") or "__MACOSX" in inner.parts:
            continue
        # a folder zipped as a whole puts all files below one name, which says nothing
        shown = inner.name if len(folders) == 1 else str(inner)
        found.append(InputFile(shown, path, member.filename, member.file_size, False))
    return found


def archive_problem(
    members: Sequence[zipfile.ZipInfo], size: int, most_bytes: int = MOST_UNPACKED_BYTES
) -> tuple[str, str] | None:
    """Why a zip (or workbook) of that many bytes must not be unpacked, as kind and message; None when it may."""
    if len(members) > MOST_MEMBERS:
        return "zip_bomb", f"more than {MOST_MEMBERS} files in the archive"
    if sum(member.file_size for member in members) > most_bytes:
        return "zip_bomb", "the archive unpacks to more than is accepted"
    if sum(member.compress_size for member in members) > size:
        return "zip_bomb", "files within the archive overlap"
    for member in members:
        if member.file_size > max(_RATIO_MATTERS_FROM, MOST_RATIO * max(1, member.compress_size)):
            return "zip_bomb", f"a file within the archive unpacks to more than {MOST_RATIO} times its size"
    return None


def _member_problem(member: zipfile.ZipInfo) -> tuple[str, str] | None:
    name = member.filename
    inner = PurePosixPath(name.replace("\\", "/"))
    if inner.is_absolute() or ".." in inner.parts or ":" in inner.parts[0] or not name.isprintable():
        return "unsafe_name", "a file within the archive has a path that leads out of it"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "symlink", "a link within the archive is not followed"
    if member.flag_bits & 0x1:
        return "encrypted", "a file within the archive is encrypted; unpack it and load the folder"
    if inner.suffix.lower() in _ARCHIVES:
        return "nested_archive", "an archive within the archive is not read"
    return None
