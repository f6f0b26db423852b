"""A time limit for code that may never end."""

import ctypes
import signal
import threading
from collections.abc import Callable

AGAIN = 0.05  # seconds to the next alarm, for code that catches the first one and goes on


class OutOfTime(BaseException):
    """The time is up. Not an Exception, so that `except Exception` does not swallow it."""


def call_within(seconds: float, function: Callable, *inputs):
    """Return function(*inputs). Raises OutOfTime if it is still at work after `seconds`.

    On the main thread of Linux and macOS an alarm also ends waiting (`time.sleep`, `input`);
    elsewhere a second thread raises the error, and takes effect at the next line of Python.
    """
    on_main_thread = threading.current_thread() is threading.main_thread()
    start = ring_by_signal if on_main_thread and hasattr(signal, "setitimer") else ring_by_thread
    stop = start(max(seconds, 0.01))
    try:
        try:
            return function(*inputs)
        finally:
            stop()
    except OutOfTime:
        stop()  # it may have rung while it was being stopped
        raise


def ring_by_signal(seconds: float) -> Callable:
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)

    def stop():
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)

    return stop


def ring(number, frame):
    raise OutOfTime


def ring_by_thread(seconds: float) -> Callable:
    thread = ctypes.c_ulong(threading.get_ident())
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    done = threading.Event()

    def watch():
        wait = seconds
        while not done.wait(wait):
            raise_in(thread, ctypes.py_object(OutOfTime))
            wait = AGAIN

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()

    def stop():
        done.set()
        watcher.join()
        # Here at the latest Python raises what is on its way. It must not be called back: 3.11 then
        # looks for it for ever, and hangs once a debugger traces (async_exc in its ceval.c).
        for _ in range(2):
            pass

    return stop
