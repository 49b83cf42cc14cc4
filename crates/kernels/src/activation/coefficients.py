#!/usr/bin/env python3
"""The polynomials of exponential.rs and normal.rs, by Remez' exchange (Remez, 1934).

Prints Rust constants, the lowest power first, and the largest error of each once its
coefficients are rounded to f32 (of the polynomial itself, computed exactly).

    pip install mpmath numpy && python3 coefficients.py
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 40


def remez(target, weight, degree, low, high):
    """The polynomial whose largest `weight * |polynomial - target|` is the smallest."""
    low, high, count = mp.mpf(low), mp.mpf(high), degree + 2
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / 1500) for k in range(1501)]
    targets, weights = [target(x) for x in grid], [weight(x) for x in grid]
    at = [round(1500 * k / (count - 1)) for k in range(count)]
    for _ in range(12):
        rows = [[grid[i] ** n for n in range(degree + 1)] + [(-1) ** k / weights[i]]
                for k, i in enumerate(at)]
        *found, level = mp.lu_solve(mp.matrix(rows), mp.matrix([targets[i] for i in at]))
        errors = [w * (mp.polyval(found[::-1], x) - y) for x, y, w in zip(grid, targets, weights)]
        # The largest error of each stretch of one sign.
        peaks = []
        for i, error in enumerate(errors):
            if peaks and mp.sign(errors[peaks[-1]]) == mp.sign(error):
                if abs(error) > abs(errors[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > count:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if len(peaks) < count or peaks == at:
            break
        at = peaks
    rounded = [np.float32(float(c)) for c in found]
    exact = [mp.mpf(float(c)) for c in rounded]
    largest = max(w * abs(mp.polyval(exact[::-1], x) - y)
                  for x, y, w in zip(grid, targets, weights))
    return rounded, largest


def show(name, found):
    coefficients, error = found
    # The shortest decimals that f32 reads as the same number.
    values = "".join(f"    {np.format_float_positional(c, trim='0')},\n" for c in coefficients)
    print(f"const {name}: [f32; {len(coefficients)}] = [\n{values}];  // error {float(error):.1e}\n")


def exponential():
    """(e^r - 1 - r) / r², by the error relative to e^r - 1, where |r| <= ln 2 / 2."""
    half = mp.log(2) / 2 * mp.mpf("1.001")

    def target(r):
        # By its series: the difference would lose every digit near 0.
        return mp.nsum(lambda k: r ** k / mp.factorial(k + 2), [0, 25])

    show("EXPM1", remez(target, lambda r: abs(r / (1 + r * target(r))), 4, -half, half))


def normal():
    """Φ(-a) e^(a²/2) (a + K), over u = (a - K) / (a + K), by the relative error."""
    # Beyond 14, e^(-a²/2) is below the numbers of f32.
    K, furthest = mp.mpf(2), 14

    def target(u):
        a = K * (1 + u) / (1 - u)
        return mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2) * (a + K)

    last = (furthest - K) / (furthest + K)
    show("TAIL", remez(target, lambda u: 1 / target(u), 10, -1, last))


if __name__ == "__main__":
    exponential()
    # So few bits that their product with a whole number below 2048 is exact.
    high = mp.mpf(int(mp.log(2) * 2 ** 13)) / 2 ** 13
    print(f"ln 2: {float(high)} + {np.float32(float(mp.log(2) - high))}\n")
    normal()
