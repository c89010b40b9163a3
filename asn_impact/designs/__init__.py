"""Who is compared with whom."""

from asn_impact.designs.design import Design as Design
from asn_impact.designs.design import assign as assign
