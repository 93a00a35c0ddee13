"""Reports: pages that reviewers read, rendered from results that hold counts and no patient data.

A page is one file that needs nothing else: it opens offline, prints, and runs no script. All pages
share `page.css`. Nothing is decided here.
"""
