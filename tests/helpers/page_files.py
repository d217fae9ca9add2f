"""Page files written by hand, in the dialects that programs write."""

spaces = {year: f"http://schema.primaresearch.org/PAGE/gts/pagecontent/{year}-07-15" for year in ("2013", "2019")}
coords = '<Coords points="10,10 900,10 900,90 10,90"/>'
baseline = '<Baseline points="10,70 900,72"/>'
outline = '<Shape><Polygon POINTS="10 10 900 10 900 90 10 90"/></Shape>'
sized = 'imageFilename="a.png" imageWidth="1000" imageHeight="800"'


def page(body: str, *, version: str = "2019", attributes: str = sized, metadata: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<PcGts xmlns="{spaces[version]}"><Metadata><Creator/>{metadata}'
        f"</Metadata><Page {attributes}>{body}</Page></PcGts>"
    )


def region(name: str, body: str, attributes: str = "") -> str:
    return f'<TextRegion id="{name}" {attributes}>{coords}{body}</TextRegion>'


def line(name: str, attributes: str = "", inner: str = coords + baseline) -> str:
    text = f"<TextEquiv><Unicode>text of {name}</Unicode></TextEquiv>"
    return f'<TextLine id="{name}" {attributes}>{inner}{text}</TextLine>'


def index(number: int) -> str:
    """As Transkribus writes the place in the reading order."""
    return f'custom="readingOrder {{index:{number};}} structure {{type:heading;}}"'


def alto(body: str, *, version: int = 4, unit: str = "pixel", size: str = 'WIDTH="1000" HEIGHT="800"', head="") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<alto xmlns="http://www.loc.gov/standards/alto/ns-v{version}#">'
        f"<Description><MeasurementUnit>{unit}</MeasurementUnit><sourceImageInformation><fileName>a.png</fileName>"
        f'</sourceImageInformation></Description>{head}<Layout><Page ID="p" PHYSICAL_IMG_NR="1" {size}><PrintSpace>'
        f"{body}</PrintSpace></Page></Layout></alto>"
    )


def block(name: str, body: str) -> str:
    return f'<TextBlock ID="{name}">{body}</TextBlock>'


def alto_line(name: str, attributes: str = 'BASELINE="10 70 900 72"', shape: str = outline) -> str:
    box = 'HPOS="10" VPOS="10" WIDTH="891" HEIGHT="81"'
    words = f'<String CONTENT="text"/><SP/><String CONTENT="of"/><SP/><String CONTENT="{name}"/>'
    return f'<TextLine ID="{name}" {box} {attributes}>{shape}{words}</TextLine>'
