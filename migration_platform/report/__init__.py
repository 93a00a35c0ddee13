"""Reports: pages that reviewers read, rendered from results that hold counts and no patient data.

A page is one file that needs nothing else: it opens offline, prints, and runs no script. All pages
share `page.css`. Nothing is decided here.
"""

from migration_platform.report.expectation_report import render_cohort_report
from migration_platform.report.night_report import render_night_report
from migration_platform.report.page import write_report

__all__ = ["render_cohort_report", "render_night_report", "write_report"]
