"""Statement reader: encoding, dialect, dates, amounts, columns, signs, balance."""
