"""The report: everything about benchmarks and training runs on one self-contained page."""

from __future__ import annotations

from agents.report.page import ReportData, render_report, write_report

__all__ = ["ReportData", "render_report", "write_report"]
