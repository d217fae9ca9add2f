"""Two TextGrids with the same two labels: in the long form, among other tiers, and in the short form."""

long_grid = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "say ""a"" 5"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 0.5
        points: size = 1
        points [1]:
            number = 0.25
            mark = "!"
    item [3]:
        class = "IntervalTier"
        name = "anna - phones"
        xmin = 0
        xmax = 0.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = "s"
        intervals [2]:
            xmin = 0.25
            xmax = 0.375
            text = ""
        intervals [3]:
            xmin = 0.375
            xmax = 0.5
            text = "ε"
"""
short_grid = (
    '"ooTextFile"\n"TextGrid"\n0\n0.5\n<exists>\n1\n"IntervalTier"\n"any"\n0\n0.5\n2\n0\n0.25\n"s"\n0.375\n0.5\n"ε"\n'
)
