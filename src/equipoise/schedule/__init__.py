"""When things happen: visit windows, doses, what may be given now, what is due today."""

from equipoise.schedule.dosing import DoseAnswer, GivenDose, PlannedDose, Why, doses, next_dose
from equipoise.schedule.due import Due, due
from equipoise.schedule.looks import Look, looks_of, next_look
from equipoise.schedule.matrix import Cell, expected
from equipoise.schedule.timeline import Timeline
from equipoise.schedule.windows import Window, window, windows

__all__ = [
    "Cell",
    "DoseAnswer",
    "Due",
    "GivenDose",
    "Look",
    "PlannedDose",
    "Timeline",
    "Why",
    "Window",
    "doses",
    "due",
    "expected",
    "looks_of",
    "next_dose",
    "next_look",
    "window",
    "windows",
]
