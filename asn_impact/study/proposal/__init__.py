"""The interview: from a folder of files to a filled study file, and the questions that are still open.

``look`` sees tables and columns, ``match`` says which is which, ``facts`` counts what they hold, ``offices`` and
``statuses`` propose, ``proposed`` writes.
"""

from asn_impact.study.proposal.proposed import propose_study as propose_study
