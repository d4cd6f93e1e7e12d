"""The system calls that are left to a process that only computes and answers (Linux, seccomp filters)."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from facefusion.errors import IsolationError

# From linux/filter.h, linux/seccomp.h, linux/audit.h, linux/sched.h and asm/mman.h.
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_AT_NUMBER, _AT_MACHINE, _AT_ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1
_CLONE_THREAD, _PROT_EXEC = 0x10000, 4
_CAPABILITIES_VERSION, _CAPABILITIES_BYTES = 0x20080522, 24  # from linux/capability.h

_ALLOWED = tuple(
    """
    brk clock_getres clock_gettime clock_nanosleep close exit exit_group fdatasync fstat fsync ftruncate futex getpid
    getrandom getrlimit gettid lseek membarrier mremap munmap nanosleep newfstatat ppoll pread64 pwrite64 read readv
    recvfrom recvmsg restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield sendmsg
    sendto set_robust_list set_tid_address setitimer sigaltstack sysinfo uname write writev
    """.split()  # noqa: SIM905 - a list of words is what it is
)
"""Memory, threads, time, and work on what is open already. `newfstatat` also tells size and date of a named file."""
_ALLOWED_WITH = {
    "fcntl": (1, (1, 2, 3)),  # F_GETFD, F_SETFD, F_GETFL; others have the kernel send signals to any process
    "madvise": (2, (0, 1, 2, 3, 4, 8, 14, 15, 16)),  # what gives memory back or says how it is used
}
"""Calls that are allowed where one argument, by its place, has one of these values."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """One kind of processor.

    Attributes:
        code: by which the kernel names it to filters.
        seccomp: number of the call that installs a filter.
        calls: numbers of system calls by name.
    """

    code: int
    seccomp: int
    calls: dict[str, int]


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


_X86_64 = _table("""
    read 0 write 1 close 3 fstat 5 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12 rt_sigaction 13 rt_sigprocmask 14
    rt_sigreturn 15 pread64 17 pwrite64 18 readv 19 writev 20 sched_yield 24 mremap 25 madvise 28 nanosleep 35
    setitimer 38 getpid 39 sendto 44 recvfrom 45 sendmsg 46 recvmsg 47 clone 56 exit 60 uname 63 fcntl 72 fsync 74
    fdatasync 75 ftruncate 77 getrlimit 97 sysinfo 99 sigaltstack 131 gettid 186 futex 202 sched_getaffinity 204
    set_tid_address 218 restart_syscall 219 clock_gettime 228 clock_getres 229 clock_nanosleep 230 exit_group 231
    newfstatat 262 ppoll 271 set_robust_list 273 getrandom 318 membarrier 324 rseq 334 clone3 435
""")
_AARCH64 = _table("""
    fcntl 25 ftruncate 46 close 57 lseek 62 read 63 write 64 readv 65 writev 66 pread64 67 pwrite64 68 ppoll 73
    newfstatat 79 fstat 80 fsync 82 fdatasync 83 exit 93 exit_group 94 set_tid_address 96 futex 98 set_robust_list 99
    nanosleep 101 setitimer 103 clock_gettime 113 clock_getres 114 clock_nanosleep 115 sched_getaffinity 123
    sched_yield 124 restart_syscall 128 sigaltstack 132 rt_sigaction 134 rt_sigprocmask 135 rt_sigreturn 139 uname 160
    getrlimit 163 getpid 172 gettid 178 sysinfo 179 sendto 206 recvfrom 207 sendmsg 211 recvmsg 212 brk 214 munmap 215
    mremap 216 clone 220 mmap 222 mprotect 226 madvise 233 getrandom 278 membarrier 283 rseq 293 clone3 435
""")
_MACHINES = {
    "x86_64": _Machine(0xC000003E, 317, _X86_64),
    "aarch64": _Machine(0xC00000B7, 277, _AARCH64),
}


def install_filter() -> None:
    """Leave to this process, all its threads and whatever it might become no other system call than those allowed.

    All others fail with EPERM. New threads may be begun, but no processes; no memory may be made executable. What the
    administrator may do beyond others (capabilities) is given up.

    Raises:
        IsolationError: the system has no such filters, or refuses this one.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        raise IsolationError(
            "Isolation needs Linux on x86-64 or 64-bit ARM", "Leave out --isolate, or run it on such a system"
        )
    code = b"".join(_program(machine))
    instructions = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(instructions))
    system = ctypes.CDLL(None, use_errno=True)
    refused = system.capset(struct.pack("Ii", _CAPABILITIES_VERSION, 0), bytes(_CAPABILITIES_BYTES))
    refused = refused or system.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    refused = refused or system.syscall(machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, program)
    if refused:
        raise IsolationError(
            f"The system refuses to isolate a process: {os.strerror(ctypes.get_errno())}",
            "Leave out --isolate, or allow seccomp filters here",
        )


def _program(machine: _Machine) -> Iterator[bytes]:
    """Yield the filter's instructions; each jump says how many instructions to pass over."""
    calls = machine.calls
    yield _step(_LOAD, _AT_MACHINE)
    yield _step(_IF_EQUAL, machine.code, yes=1)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _AT_NUMBER)
    for name in _ALLOWED:
        yield from _answer(calls[name], _ALLOW)
    if "poll" in calls:
        yield from _answer(calls["poll"], _ALLOW)
    for name, (argument, values) in _ALLOWED_WITH.items():
        yield from _if_among(calls[name], argument, values)
    yield from _answer(calls["clone3"], _ERROR | errno.ENOSYS)  # libc then takes clone, whose flags can be looked at
    yield from _if_bit(calls["clone"], 0, _CLONE_THREAD, then=_ALLOW, otherwise=_ERROR | errno.EPERM)
    for name in ("mmap", "mprotect"):
        yield from _if_bit(calls[name], 2, _PROT_EXEC, then=_ERROR | errno.EPERM, otherwise=_ALLOW)
    yield _step(_RETURN, _ERROR | errno.EPERM)


def _answer(number: int, verdict: int) -> Iterator[bytes]:
    yield _step(_IF_EQUAL, number, no=1)
    yield _step(_RETURN, verdict)


def _if_among(number: int, argument: int, values: tuple[int, ...]) -> Iterator[bytes]:
    yield _step(_IF_EQUAL, number, no=2 * len(values) + 2)
    yield _step(_LOAD, _AT_ARGUMENTS + 8 * argument)
    for value in values:
        yield from _answer(value, _ALLOW)
    yield _step(_RETURN, _ERROR | errno.EPERM)


def _if_bit(number: int, argument: int, bit: int, *, then: int, otherwise: int) -> Iterator[bytes]:
    yield _step(_IF_EQUAL, number, no=4)
    yield _step(_LOAD, _AT_ARGUMENTS + 8 * argument)
    yield _step(_IF_ANY_BIT, bit, no=1)
    yield _step(_RETURN, then)
    yield _step(_RETURN, otherwise)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
