"""A file system of its own for a folder, that can be made full and roomy again. Takes root."""

import atexit
import os
import subprocess
from pathlib import Path

from waiting import wait_until

ROOMY = 2 << 30  # bytes; memory is taken for what is written only


class SmallDisk:
    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={ROOMY},mode=755", "tmpfs", folder)
        atexit.register(self.remove)  # also when a test is broken off

    def used(self) -> int:
        found = os.statvfs(self.folder)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def fill(self, left: int):
        """So many bytes more can be written. It can't get smaller than what lies there, which grows meanwhile."""
        wait_until(lambda: self._resized(self.used() + left), 20, f"{self.folder} gets as small as it can")

    def make_room(self):
        run("mount", "-o", f"remount,size={ROOMY}", self.folder)

    def _resized(self, size) -> bool:
        return subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], capture_output=True).returncode == 0

    def remove(self):
        atexit.unregister(self.remove)
        run("umount", "-l", self.folder)


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.stderr.strip()}; mounting takes root (CAP_SYS_ADMIN)")
