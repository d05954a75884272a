"""When things happen: visit windows, doses, what may be given now, what is due today."""

from equipoise.schedule.dosing import DoseAnswer, GivenDose, PlannedDose, Why, doses, next_dose
from equipoise.schedule.due import Due, due
from equipoise.schedule.matrix import Cell, expected
from equipoise.schedule.timeline import Timeline
from equipoise.schedule.windows import Window, window, windows

__all__ = [
    "Cell",
    "DoseAnswer",
    "Due",
    "GivenDose",
    "PlannedDose",
    "Timeline",
    "Why",
    "Window",
    "doses",
    "due",
    "expected",
    "next_dose",
    "window",
    "windows",
]
