"""What a check does with whatever a learner may hand it: a verdict, never an error."""

import subprocess
import sys
import textwrap
import threading

import pytest
import torch

from course_utils.lesson import check, exercise
from course_utils.lesson.check import NotSolvedError, written
from course_utils.lesson.limit import OutOfTime, call_within
from tests.answers import faults


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(exercise, "SECONDS", 0.2)
    monkeypatch.delenv("COURSE_SOLVED", raising=False)


@pytest.mark.parametrize(("answer", "diagnosis"), faults.FAULTS)
def test_whatever_an_answer_does_there_is_a_diagnosis(answer, diagnosis, capsys):
    verdict = check.cross_correlate(answer)
    assert verdict.status == "wrong"
    assert diagnosis in verdict.message
    assert capsys.readouterr().out.startswith(f"Not yet: {verdict.message}")


@pytest.mark.parametrize("stub", faults.UNTOUCHED)
def test_an_untouched_exercise_is_not_called_wrong(stub, capsys):
    assert check.cross_correlate(stub).status == "not attempted"
    assert "check.cross_correlate.hint()" in capsys.readouterr().out


def test_not_attempted_and_wrong_do_not_stop_a_strict_notebook(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    assert check.cross_correlate(faults.dots).status == "not attempted"
    assert check.cross_correlate(faults.raises).status == "wrong"


@pytest.mark.parametrize("answer", [faults.dots, faults.raises])
def test_the_solution_notebook_can_be_held_to_be_correct(answer, monkeypatch):
    monkeypatch.setenv("COURSE_SOLVED", "1")
    assert check.cross_correlate(faults.right).status == "correct"
    with pytest.raises(NotSolvedError, match="check.cross_correlate: Not"):
        check.cross_correlate(answer)


def test_an_interrupt_by_the_learner_is_not_taken_for_a_fault():
    def interrupted(image, kernel):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.cross_correlate(interrupted)


def test_the_first_case_that_fails_is_shown_with_what_came_out_and_what_was_expected(capsys):
    verdict = check.cross_correlate(
        lambda image, kernel: faults.right(image, kernel) + (len(kernel) > 1)
    )
    assert [grid.label for grid in verdict.grids] == [
        "image",
        "kernel",
        "what came out",
        "expected",
    ]
    assert tuple(verdict.grids[0].value.shape) == (2, 2)
    assert torch.equal(verdict.grids[2].value, verdict.grids[3].value + 1)
    assert "expected, shape (1, 2)" in capsys.readouterr().out


def test_what_an_answer_printed_is_shown_only_while_it_is_wrong(capsys):
    def talks(image, kernel):
        print("<row>", 1)
        return faults.right(image, kernel) - 1

    assert check.cross_correlate(talks).details == "It printed:\n<row> 1"
    assert "&lt;row&gt; 1" in check.cross_correlate(talks).card()
    capsys.readouterr()
    check.cross_correlate(lambda image, kernel: print("row") or faults.right(image, kernel))
    assert capsys.readouterr().out == "Correct: right for all 11 inputs that were tried.\n"


def double(signal):
    return 2 * signal


def test_the_praise_counts_the_inputs():
    for inputs, praise in [([(1,)], "that is one."), ([(1,), (2,)], "right for all 2 inputs")]:
        doubling = exercise.exercise(inputs=exercise.tensors(*([shape] for shape in inputs)))
        assert doubling(double).examine(double).message.startswith(praise)


def test_small_inputs_are_whole_numbers_without_zero_and_larger_ones_are_not():
    [(small,), (large,)] = exercise.tensors([(5, 8)], [(41,)])
    assert torch.equal(small, small.round())
    assert {1, 2, 3} <= {abs(number) for number in small.flatten().tolist()} <= set(range(1, 20))
    assert small.min() < 0 < small.max()
    assert not torch.equal(large, large.round())


def test_single_precision_is_right_with_a_remark():
    verdict = check.cross_correlate(lambda image, kernel: faults.right(image, kernel).float())
    assert verdict.status == "correct"
    assert "float64 went in and float32 comes out" in verdict.message


def test_a_learner_who_changes_the_inputs_does_not_change_the_check():
    check.cross_correlate(faults.changes_the_kernel)
    assert check.cross_correlate(faults.right).status == "correct"


def test_text_of_the_learner_never_becomes_html():
    def shouts(image, kernel):
        raise ValueError("<img src=x>")

    card = check.cross_correlate(shouts).card()
    assert "<img" not in card
    assert "&lt;img src=x&gt;" in card


def test_all_exercises_are_listed_and_an_unknown_one_is_answered_with_them():
    assert {"cross_correlate", "count_parameters"} <= set(dir(check))
    assert "check.convolve.hint()" in repr(check.convolve)
    with pytest.raises(AttributeError, match="did you mean check.convolve.*count_parameters"):
        check.convolv  # noqa: B018


def test_hints_come_one_after_the_other_and_then_the_solution_is_named(monkeypatch, capsys):
    texts = {"hints": ["first", "second"], "solution": "def convolve(): ..."}
    monkeypatch.setitem(written()["exercises"], "convolve", texts)
    monkeypatch.setattr(check.convolve, "_hints_shown", 0)
    for _ in range(3):
        check.convolve.hint()
    first, second, third = capsys.readouterr().out.split("**Hint ")[1:]
    assert first == "1 of 2.** first\n"
    assert second == third == "2 of 2.** second\n\nThe solution: `check.convolve.solution()`\n"
    check.convolve.hint(1)
    assert "1 of 2.** first\n" in capsys.readouterr().out
    for number in (0, 3, "first"):
        with pytest.raises(ValueError, match="from 1 to 2, got"):
            check.convolve.hint(number)
    check.convolve.solution()
    assert "```python\ndef convolve(): ...\n```" in capsys.readouterr().out


def test_a_shape_without_axes_is_called_one_number():
    said = exercise.of_shape(torch.ones(1), torch.tensor(1.0))
    assert said == "the output has shape (1,); expected: one number, which has the shape ()."


def test_code_in_a_hint_begins_on_a_line_of_its_own(monkeypatch, capsys):
    code = "```python\nif inside:\n    ...\n```"
    monkeypatch.setitem(written()["exercises"], "convolve", {"hints": [code], "solution": ""})
    monkeypatch.setattr(check.convolve, "_hints_shown", 0)
    check.convolve.hint()
    assert f"**Hint 1 of 1.**\n\n{code}\n\nThe solution" in capsys.readouterr().out


def test_in_a_thread_an_endless_loop_ends_too():
    ended = []

    def work():
        for answer in (faults.never_ends, faults.never_ends_and_catches_everything):
            try:
                call_within(0.05, answer, torch.ones(1), None)
            except OutOfTime:
                ended.append(answer)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=10)
    assert len(ended) == 2


@pytest.mark.parametrize("in_thread", [False, True])
def test_no_alarm_rings_after_the_function_has_ended(in_thread):
    def work():
        for _ in range(20):  # the function ends about when the alarm rings
            try:
                call_within(0.01, threading.Event().wait, 0.01)
            except OutOfTime:
                rung.append(1)
        threading.Event().wait(0.15)  # longer than until the next alarm
        rung.append("over")

    rung = []
    if in_thread:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(timeout=10)
    else:
        work()
    assert rung[-1] == "over"


@pytest.mark.fault(
    "a debugger after an exercise was checked in a thread, as it is on Windows", "it works"
)
@pytest.mark.parametrize("call", ["len, []", "never_ends, None, None"])
def test_after_a_check_in_a_thread_python_can_be_debugged(call):
    code = f"""
        import sys, threading
        from course_utils.lesson.limit import OutOfTime, call_within
        from tests.answers.faults import never_ends

        def work():
            try:
                call_within(0.05, {call})
            except OutOfTime:
                pass

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        sys.settrace(lambda *_: None)
        work()
    """
    # in a process of its own, which can be ended: Python 3.11 has hung at the last line
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=60)


def test_a_share_may_come_out_as_a_whole_number_and_a_rounded_one_is_right():
    third = exercise.Exercise(lambda x: x / 3, [(0,), (1,)], {})
    assert third.examine(lambda x: 0 if x == 0 else 0.3333334).status == "correct"
    assert third.examine(lambda x: x / 2).status == "wrong"
    assert "not a number. `.item()`" in third.examine(lambda x: torch.tensor(x / 3)).message


def test_counts_may_be_whole_numbers():
    doubled = exercise.Exercise(lambda x: 2 * x, [(torch.tensor([1, 2]),)], {})
    assert doubled.examine(lambda x: x + x).status == "correct"
    assert "2 of 2 numbers are not" in doubled.examine(lambda x: 3 * x).message


def pad_to_the_end(image, padding):
    rows, columns = image.shape
    out = torch.zeros(rows + 2 * padding, columns + 2 * padding, dtype=image.dtype)
    out[padding:-padding, padding:-padding] = image
    return out


def step_without_memory(weight, images, labels, learning_rate):
    torch.nn.functional.cross_entropy(images @ weight, labels).backward()
    return weight - learning_rate * weight.grad


def accuracy_by_max(logits, labels):
    return (logits.max(1) == labels).sum().item() / len(labels)


def mean_of_yes_and_no(factor, correct, edges):
    return torch.stack([correct[(factor >= low) & (factor < high)].mean()
                        for low, high in zip(edges, edges[1:], strict=False)])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "learner", "words"),
    [("pad", pad_to_the_end, "The slice is empty"),
     ("training_step", step_without_memory, "does not remember"),
     ("accuracy", accuracy_by_max, "`argmax` the places"),
     ("accuracy_by_bin", mean_of_yes_and_no, "`.float()` makes 1 and 0")],
)  # fmt: skip
def test_what_pytorch_complains_about_is_followed_by_what_it_means_here(name, learner, words):
    verdict = getattr(check, name)(learner)
    assert verdict.status == "wrong"
    assert words in verdict.message
