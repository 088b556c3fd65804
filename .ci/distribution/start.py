"""What ``genie.pyz`` does first, before shiv unpacks it: look whether it can run here, and say so in one line if not.

It is put into the file as it stands and is read by whatever Python starts that, so it keeps to what old ones know.
"""

import importlib
import os
import platform
import stat
import sys
import sysconfig
import tempfile


def start(python: str, suffix: str, machine: str, build: str) -> None:
    """Unpack and run, where this Python is the one whose binary wheels are inside.

    Args:
        python: Version of Python, ``major.minor``.
        suffix: What names of its extension modules end with; it tells implementation, system and C library.
        machine: The processor.
        build: The identity of the content, which names the folder that it is unpacked into.
    """
    problem = mismatch(python, suffix, machine) or homeless(sys.argv[0], build, os.environ)
    if problem:
        sys.stderr.write("{}: {}\n".format(os.path.basename(sys.argv[0]), problem))
        sys.exit(2)
    importlib.import_module("_bootstrap").bootstrap()  # shiv's; it is in the file, and for the right Python only


def mismatch(python: str, suffix: str, machine: str) -> str:
    """Return what is wrong with this Python, empty if nothing is."""
    here = (
        "{}.{}".format(*sys.version_info[:2]),
        str(sysconfig.get_config_var("EXT_SUFFIX")),
        platform.machine(),
    )
    if here == (python, suffix, machine):
        return ""
    text = "is built for Python {} on {} ({}), and this is Python {} on {} ({}); start it with the former"
    return text.format(python, machine, suffix.strip("."), here[0], here[2], here[1].strip("."))


def homeless(file: str, build: str, environ: "os._Environ[str]") -> str:
    """Return why the content cannot be unpacked or started from where it is, empty if it can.

    Code runs from that folder, so nobody else may be able to write there.
    """
    root = os.path.expanduser(environ.get("SHIV_ROOT") or os.path.join("~", ".shiv"))
    inside = os.path.join(root, "{}_{}".format(os.path.basename(os.path.realpath(file)), build))
    content = os.path.join(inside, "site-packages")
    try:
        if root.startswith("~"):
            raise OSError(2, "there is no home folder")
        os.makedirs(root, mode=0o700, exist_ok=True)
        for folder in (root, inside, content):
            problem = shared(folder)
            if problem:
                return "does not start from {}: {}; set SHIV_ROOT to a folder that you alone can write to".format(
                    folder, problem
                )
        if not os.path.isdir(content):
            with tempfile.TemporaryFile(dir=root):
                pass
    except OSError as error:
        text = "cannot unpack itself into {} ({}); set SHIV_ROOT to a folder that you alone can write to"
        return text.format(root, error.strerror)
    return ""


def shared(folder: str) -> str:
    """Return who else could change what is in a folder, empty if nobody can or it is not there."""
    if os.name != "posix" or not os.path.lexists(folder):
        return ""
    place = os.path.realpath(folder)
    found = os.stat(place)
    if found.st_uid not in (0, os.geteuid()):
        return "it belongs to another user"
    if found.st_mode & 0o022:
        return "others may write to it"
    while place != os.path.dirname(place):
        place = os.path.dirname(place)
        above = os.stat(place)
        if above.st_mode & 0o002 and not above.st_mode & stat.S_ISVTX:
            return "others may replace it, because they may write to {}".format(place)
        if above.st_uid not in (0, os.geteuid()):
            return "others may replace it, because {} belongs to another user".format(place)
    return ""
