"""Error correction: a tail-biting convolutional code of 64 bits with a soft decoder.

The Viterbi algorithm goes round the ring of bits twice and keeps the middle: the memory of the code is so much shorter
than the ring that the state has settled by then. Generators were drawn by lot, which is good enough at this rate.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.lapped import Matrix

BITS = 64
_MEMORY = 11
_GENERATORS = (
    *(0x84D, 0x863, 0x877, 0x895, 0x8B1, 0x8C1, 0x935, 0x9B7, 0xA97),
    *(0xAED, 0xB29, 0xC0F, 0xC49, 0xCA9, 0xD35, 0xE91, 0xF47, 0xF95),
)
RATE = len(_GENERATORS)
LENGTH = BITS * RATE
"""Places of a code word."""
_STATES = 1 << _MEMORY


def encoded(payload: int) -> Matrix:
    """Return the code word of 64 bits, (LENGTH,) of −1 and +1."""
    bits = [payload >> place & 1 for place in range(BITS)]
    registers = np.array([_register(bits, place) for place in range(BITS)])
    return _outputs(registers).reshape(-1)


def decoded(soft: Matrix) -> int:
    """Return the 64 bits whose code word fits best.

    Args:
        soft: (LENGTH,); the sign says which, the size how surely.
    """
    return decoded_each(soft[None])[0]


def decoded_each(soft: Matrix) -> list[int]:
    """Return for each of several readings what `decoded` does; together they take far less time than one by one.

    Args:
        soft: (readings, LENGTH).
    """
    readings = len(soft)
    places = np.ascontiguousarray(soft.reshape(readings, BITS, RATE).swapaxes(0, 1)).reshape(-1, RATE)
    even, odd = ((places @ words.T).reshape(BITS, readings, 2, -1) for words in _words())
    metric = np.zeros((readings, _STATES), np.float32)
    came = np.empty((2 * BITS, readings, _STATES), np.bool_)
    for turn in range(2 * BITS):
        metric, came[turn] = _step(metric, even[turn % BITS], odd[turn % BITS])
    return [_traced(came[:, reading], int(best)) for reading, best in enumerate(metric.argmax(1))]


def _register(bits: list[int], place: int) -> int:
    """Return what the shift register holds at a place: the bit itself on top, those before it below."""
    return sum(bits[(place - back) % BITS] << (_MEMORY - back) for back in range(_MEMORY + 1))


def _outputs(registers: npt.NDArray[np.int64]) -> Matrix:
    """Return what each generator says of each register, (registers, RATE) of −1 and +1."""
    taps = registers[:, None] & np.array(_GENERATORS)
    odd = np.zeros(taps.shape, np.int64)
    for place in range(_MEMORY + 1):
        odd ^= taps >> place & 1
    return (2 * odd - 1).astype(np.float32)


@cache
def _words() -> tuple[Matrix, Matrix]:
    """Return what the generators say of the registers from which 0 falls out, and of those from which 1 does."""
    both = _outputs(np.arange(2 * _STATES))
    return np.ascontiguousarray(both[0::2]), np.ascontiguousarray(both[1::2])


def _step(metric: Matrix, even: Matrix, odd: Matrix) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Return the best sum at each state after one more bit, and the bit that fell out of the register there.

    A register is the new bit over the state; its upper `_MEMORY` bits are the next state, and the lowest falls out.

    Args:
        metric: (readings, states), the best sums so far.
        even: (readings, 2, states / 2): how well registers that end with 0 fit, for each new bit.
        odd: the same of those that end with 1.
    """
    zero, one = even + metric[:, None, 0::2], odd + metric[:, None, 1::2]
    fell = one > zero
    best = np.maximum(zero, one, out=zero).reshape(metric.shape)
    best -= best.max(1, keepdims=True)
    return best, fell.reshape(metric.shape)


def _traced(came: npt.NDArray[np.bool_], state: int) -> int:
    payload = 0
    for turn in reversed(range(2 * BITS)):
        if BITS // 2 <= turn < BITS // 2 + BITS:
            payload |= (state >> (_MEMORY - 1)) << (turn % BITS)
        state = (state << 1 | int(came[turn, state])) & (_STATES - 1)
    return payload
