"""What people ask and the documents do not say.

clustering.py puts questions of one meaning together, naming.py says what they are about, finding.py does both over what was
asked lately, searching.py once an hour and when a person asks for it; describing.py and listing.py are for readers.
"""
