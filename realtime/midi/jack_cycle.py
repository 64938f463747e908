"""The process callback of a MIDI output on a JACK server: compiled, so that no cycle waits for Python.

    sent            placed one period later
    ──┼──x────x─────┼──x────x─────┼──→ cycles

Each message lies in shared words with the moment at which it was sent, and is written into the cycle that follows, as
far from its begin as it was sent after the begin of the one before. So does JACK with what comes from a MIDI socket,
and with sound: all of it is one period late, and nothing moves against anything else.
"""

from inspect import Parameter, Signature
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

from samplechop.realtime.audio.ring import acquire_fence, release_fence

# Words of int64. Set before the client is activated: addresses of itself, the client, the port and JACK's functions.
MEMORY, CLIENT, PORT, GET_BUFFER, CLEAR, WRITE_EVENT, CYCLE_TIMES = range(7)
# Written by the sender:
SENT = 8  # messages so far
# Written by the callback:
PLACED = 9  # messages so far
SEEN = 10  # messages that there were in the last cycle
CYCLES = 11
FRAME, BEGAN, NEXT, PERIOD = 12, 13, 14, 15  # what JACK says of a cycle; times in its microseconds
FIRST = 16  # three words for each message: when it was sent, how many bytes it has, the bytes
CAPACITY = 4096
"""Messages that may wait for a cycle."""
WORDS = FIRST + 3 * CAPACITY
MOST_BYTES = 8

_WORDS = types.int64[::1]
_POINTER, _INT, _LONG, _VOID = ir.IntType(8).as_pointer(), ir.IntType(32), ir.IntType(64), ir.VoidType()


def _c_function(result: Any, *arguments: Any) -> Any:
    """Give what calls a C function by its address, with integers for all it takes and gives."""

    def typed(_typing_context: Any, _address: Any, *given: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            function = builder.inttoptr(values[0], ir.FunctionType(result, arguments).as_pointer())
            converted = [
                builder.inttoptr(value, _POINTER)
                if kind == _POINTER
                else (builder.trunc(value, kind) if kind == _INT else value)
                for kind, value in zip(arguments, values[1:], strict=True)
            ]
            answer = builder.call(function, converted)
            if result == _VOID:
                return context.get_constant(types.int64, 0)
            return builder.ptrtoint(answer, _LONG) if result == _POINTER else builder.sext(answer, _LONG)

        return types.int64(types.int64, *(types.int64 for _ in given)), generate

    names = ("context", "address", *(f"argument_{k}" for k in range(len(arguments))))
    fixed = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    of_fixed_length: Any = typed  # as numba takes no `*given`
    of_fixed_length.__signature__ = Signature(fixed)
    return intrinsic(of_fixed_length)


_get_buffer: Any = _c_function(_POINTER, _POINTER, _INT)
_clear: Any = _c_function(_VOID, _POINTER)
_write_event: Any = _c_function(_INT, _POINTER, _INT, _POINTER, _LONG)
_cycle_times: Any = _c_function(_INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER)


@njit(types.boolean(_WORDS, types.int64, types.int64, types.int64), cache=True)
def send(words: Any, moment: int, length: int, message: int) -> bool:
    """[sender] Hand over a message, its first byte the lowest; False where CAPACITY of them wait already."""
    sent = words[SENT]
    if sent - words[PLACED] >= CAPACITY:
        return False
    at = FIRST + 3 * (sent % CAPACITY)
    words[at], words[at + 1], words[at + 2] = moment, length, message
    release_fence()
    words[SENT] = sent + 1
    return True


@njit(types.int64(_WORDS, types.int64, types.int64, types.int64), cache=True)
def place(words: Any, message: int, frames: int, least: int) -> int:
    """[audio] Give where in this cycle of so many frames a message lies, not before `least`; -1 if in the next one.

    What was there in the last cycle already waits no longer: the server's clock is wrong after cycles that were lost.
    """
    began, span = words[BEGAN], words[NEXT] - words[BEGAN]
    sent = words[FIRST + 3 * (message % CAPACITY)]
    offset = (sent - began + span) * frames // span if span > 0 else 0
    if offset >= frames and message >= words[SEEN]:
        return -1
    return min(max(offset, least), frames - 1)


@cfunc(types.int32(types.uint32, types.voidptr), cache=True)
def process(frames: int, memory: Any) -> int:
    """[audio] Be a JackProcessCallback whose argument is the address of the words."""
    words = carray(memory, (WORDS,), np.int64)
    here: Any = words[MEMORY]
    n: Any = np.int64(frames)
    least: Any = np.int64(0)
    buffer = _get_buffer(words[GET_BUFFER], words[PORT], n)
    _clear(words[CLEAR], buffer)
    failed = _cycle_times(
        words[CYCLE_TIMES], words[CLIENT], here + 8 * FRAME, here + 8 * BEGAN, here + 8 * NEXT, here + 8 * PERIOD
    )
    if failed:
        words[NEXT] = words[BEGAN]
    sent, message = words[SENT], words[PLACED]
    acquire_fence()
    while message < sent:
        offset = place(words, message, n, least)
        if offset < 0:
            break
        at = FIRST + 3 * (message % CAPACITY)
        _write_event(words[WRITE_EVENT], buffer, offset, here + 8 * (at + 2), words[at + 1])
        least = offset
        message += 1
    words[SEEN] = sent
    release_fence()
    words[PLACED] = message
    words[CYCLES] += 1
    return 0


FUNCTIONS: dict[int, str] = {
    GET_BUFFER: "jack_port_get_buffer",
    CLEAR: "jack_midi_clear_buffer",
    WRITE_EVENT: "jack_midi_event_write",
    CYCLE_TIMES: "jack_get_cycle_times",
}
"""What the callback calls, by the word that its address belongs into."""
