"""Drawing: charts as SVG, their colours, pictures and sound as data URIs."""
