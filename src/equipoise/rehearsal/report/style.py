"""The report's style sheet."""

STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,"DejaVu Sans",Arial,sans-serif;color:#1a1a1a;background:#fff;margin:0}
main{max-width:72rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25}
h2{font-size:1.2rem;margin-top:2rem}
.lead{font-size:1.1rem;max-width:46rem}
.note{border-left:4px solid #0b4f8a;padding:.3rem .8rem;background:#f2f6fa;max-width:46rem}
figure{margin:1rem 0}
figure .drawn{overflow-x:auto}
figure svg{max-width:100%;min-width:27rem;height:auto;display:block}
figcaption{font-size:.9rem;color:#444;max-width:46rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}
th{background:#f5f5f5}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f5f5;padding:.8rem}
.digest{overflow-wrap:anywhere}
""".strip()
