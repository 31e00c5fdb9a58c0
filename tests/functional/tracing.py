# SPDX-License-Identifier: Apache-2.0
"""A command killed at a system call that the test chooses, and not where the clock decides:
ptrace(2) stops it, and all it starts, at each of them."""

import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
SYSGOOD, FORK, VFORK, CLONE, EXEC, EXITKILL = 1, 2, 4, 8, 16, 1 << 20
WALL = 0x40000000
SYSCALL_STOP = signal.SIGTRAP | 0x80


def ptrace(request, pid, value=0):
    if libc.ptrace(request, pid, None, value) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def start(argv, options):
    """Starts ARGV, stopped at its beginning. Its output goes nowhere."""
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.chdir(options["cwd"])
            ptrace(TRACEME, 0)
            # Looking for leaks is tracing too, and two cannot trace one process.
            os.execvpe(argv[0], argv, {**options["env"], "ASAN_OPTIONS": "detect_leaks=0"})
        finally:
            os._exit(127)
    os.waitpid(pid, WALL)
    ptrace(SETOPTIONS, pid, SYSGOOD | FORK | VFORK | CLONE | EXEC | EXITKILL)
    return pid


def run(argv, options, kill_at=None, victim=lambda first, pid: first):
    """Runs ARGV under trace to its end. At the KILL_ATth system call, entered or left, of any
    process, kills VICTIM(the first process, the one that made the call). Returns (exit status
    of the first, or minus a signal; the system calls made)."""
    first = start(argv, options)
    alive, calls, status = {first}, 0, None
    ptrace(SYSCALL, first)
    while alive:
        pid, event = os.waitpid(-1, WALL)
        if not os.WIFSTOPPED(event):
            alive.discard(pid)
            if pid == first:
                status = os.waitstatus_to_exitcode(event)
            continue
        alive.add(pid)
        stopped, deliver = os.WSTOPSIG(event), 0
        if stopped == SYSCALL_STOP:
            calls += 1
            if calls == kill_at:
                os.kill(victim(first, pid), signal.SIGKILL)
        elif stopped not in (signal.SIGTRAP, signal.SIGSTOP):
            deliver = stopped
        try:
            ptrace(SYSCALL, pid, deliver)
        except ProcessLookupError:
            pass
    return status, calls
