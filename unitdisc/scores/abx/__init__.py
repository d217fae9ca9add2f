"""ABX: is a token more like one of its own label than like one of another?"""
