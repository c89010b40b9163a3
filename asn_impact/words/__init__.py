"""What is said: messages, the texts behind their keys in each language, and how numbers and dates are written."""

from asn_impact.words.catalogue import IN_FILE as IN_FILE
from asn_impact.words.catalogue import Speech as Speech
from asn_impact.words.catalogue import languages as languages
from asn_impact.words.habits import CALLS as CALLS
from asn_impact.words.message import Alert as Alert
from asn_impact.words.message import Language as Language
from asn_impact.words.message import Message as Message
from asn_impact.words.message import Quantity as Quantity
from asn_impact.words.message import Quoted as Quoted
from asn_impact.words.message import Sentence as Sentence
from asn_impact.words.message import each_once as each_once
from asn_impact.words.message import for_file as for_file
from asn_impact.words.message import paragraph as paragraph
from asn_impact.words.message import spoken_of as spoken_of
from asn_impact.words.message import together as together
from asn_impact.words.message import verbatim as verbatim
