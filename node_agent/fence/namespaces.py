"""Name spaces of Linux, for an ordinary user: a network and mounts of one's own, and no way back.

Standard library only: it runs in the process that becomes the job.
"""

import ctypes
import fcntl
import os
import socket
import struct
from ipaddress import IPv4Address

#: linux/sched.h
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
#: sys/mount.h
_MS_RDONLY, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 4096, 16384, 1 << 18
#: linux/prctl.h
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
#: linux/sockios.h, net/if.h
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
_IFF_UP = 1
_LOOPBACK = "lo"
_LAST_CAPABILITY = "/proc/sys/kernel/cap_last_cap"
_libc = ctypes.CDLL(None, use_errno=True)


def leave_network() -> None:
    """Move this process into a network and mounts of its own; raises ``OSError`` where it cannot.

    It keeps its user and group. What it mounts is seen by it and its children alone.
    """
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "the kernel makes no name space for this account")
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{group} {group} 1"),
        ("uid_map", f"{user} {user} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    _mount(None, "/", _MS_REC | _MS_PRIVATE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack(
            "16xh22x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, _request(_LOOPBACK, b""))
        )[0]
        up = _request(_LOOPBACK, struct.pack("h", flags | _IFF_UP))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, up)


def add_address(address: str, number: int) -> None:
    """Make an IPv4 address one of this network's own; ``number`` tells it from others."""
    if IPv4Address(address).is_loopback:
        return  # All of these are there.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for order, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.255")):
            packed = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(any_socket, order, _request(f"{_LOOPBACK}:{number}", packed))


def lay_over(path: str, what: str) -> None:
    """Show this file or directory in the place of another, to this process and its children."""
    _mount(what, path, _MS_BIND)


def empty(folder: str) -> None:
    """Show nothing in the place of a directory, to this process and its children."""
    _mount("none", folder, _MS_RDONLY, "tmpfs")


def give_up_powers() -> None:
    """Keep none of the powers that a name space gives to whoever made it, nor gain any again."""
    with open(_LAST_CAPABILITY, encoding="ascii") as file:
        last = int(file.read())
    for capability in range(last + 1):
        _prctl(_PR_CAPBSET_DROP, capability)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _request(interface: str, packed: bytes) -> bytes:
    """A ``struct ifreq``."""
    return struct.pack("16s24s", interface.encode(), packed)


def _mount(source: str | None, target: str, flags: int, kind: str | None = None) -> None:
    named = None if source is None else os.fsencode(source)
    of_kind = None if kind is None else kind.encode()
    if _libc.mount(named, os.fsencode(target), of_kind, ctypes.c_ulong(flags), None) != 0:
        raise OSError(ctypes.get_errno(), "nothing can be mounted there", target)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
