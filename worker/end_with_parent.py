"""Ends a process together with the one that started it, also if that one is killed. On Linux only.

As a program it runs a command in this way, in a session of its own, where Ctrl-C at the terminal does not reach it:
`python end_with_parent.py PARENT_PID COMMAND ARGUMENT…`.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h; it stays in force when the process runs another program."""


def end_with(parent: int, by: int = signal.SIGKILL) -> None:
    """Have the kernel send this process the signal when its parent ends; ends it now if the parent has ended."""
    if sys.platform != "linux" or os.getpid() == parent:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os.kill(os.getpid(), by)


if __name__ == "__main__":
    os.setsid()
    end_with(int(sys.argv[1]), signal.SIGTERM)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - a command of ours
