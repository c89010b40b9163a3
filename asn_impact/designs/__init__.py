"""Who is compared with whom."""

from asn_impact.designs.design import Design, assign

__all__ = ["Design", "assign"]
