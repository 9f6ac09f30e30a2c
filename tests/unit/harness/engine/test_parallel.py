from __future__ import annotations

import threading

import pytest

from harness.engine.tasks.parallel import map_limited


@pytest.mark.parametrize("threaded", [False, True])
def test_results_are_in_the_order_of_the_items(threaded: bool) -> None:
    assert map_limited(lambda n: n * n, list(range(50)), 4, threaded=threaded) == [n * n for n in range(50)]
    assert map_limited(lambda n: n, [], 4, threaded=threaded) == []


def test_no_more_than_the_limit_at_once() -> None:
    barrier = threading.Barrier(3)
    lock = threading.Lock()
    running, most = 0, 0

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(10)  # three must come together for any to go on
        with lock:
            running -= 1

    map_limited(work, list(range(9)), 3)
    assert most == 3


def test_after_an_error_running_items_are_awaited_and_no_new_one_is_begun() -> None:
    failed, finish = threading.Event(), threading.Event()
    begun: list[int] = []
    finished: list[int] = []

    both = threading.Barrier(2)

    def work(number: int) -> int:
        begun.append(number)
        both.wait(10)
        if number == 0:
            failed.set()
            raise KeyError("first")
        assert failed.wait(10)
        assert finish.wait(10)
        finished.append(number)
        return number

    errors: list[BaseException] = []

    def run() -> None:
        try:
            map_limited(work, [0, 1, 2, 3, 4], 2)
        except KeyError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert failed.wait(10)
    finish.set()
    thread.join(10)
    assert [error.args for error in errors] == [("first",)]
    assert sorted(begun) == [0, 1]
    assert finished == [1]


def test_one_by_one_an_error_ends_it() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        raise KeyError(number)

    with pytest.raises(KeyError):
        map_limited(work, [1, 2], 5, threaded=False)
    assert begun == [1]
