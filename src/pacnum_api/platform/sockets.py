"""Connections whose other end has vanished without a word."""

import socket
import sys


def give_up_on_silence(connection: socket.socket, *, seconds: float) -> None:
    """Let the kernel end a TCP connection whose peer acknowledges nothing for this long.

    Two ways: what was sent is not taken (Linux), or nothing is said and probes are not answered.
    Others than TCP sockets are left alone: their peers are on this machine.
    """
    if connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    probe = max(1, int(seconds / 3))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform != "linux":
        return
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, probe)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, probe)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
