"""What leaves the warehouse: workbooks, documents, open data, printed from the released marts.

An export is declared once, as a dbt exposure whose `config.meta.jianhu` says how to print it. Nothing here
computes an indicator; nothing here reads anything but a release.
"""
