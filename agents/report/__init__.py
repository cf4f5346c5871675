"""The report: everything about benchmarks and training runs on one self-contained page."""

from __future__ import annotations

from agents.report.folders import load_report
from agents.report.page import ReportData, RunData, render_report, write_report

__all__ = ["ReportData", "RunData", "load_report", "render_report", "write_report"]
