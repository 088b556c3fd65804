"""How the statement reader reads: encoding, dialect, dates, amounts, columns, signs, balance."""
