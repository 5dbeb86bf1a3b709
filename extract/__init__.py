"""How data comes in: from a declared source to a committed load.

Belongs here: source declarations (`sources/*.yml`), readers, the landing. Never: interpretation of values
(that is dbt), anything that reads a release, anything that imports Great Expectations or dbt.
"""
