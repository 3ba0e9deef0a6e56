# Right answer to 3.6: the plot is an XML tree with groups that are moved, its rows from top to bottom; the runs go by asyncio, and a column is added.

import asyncio
import xml.etree.ElementTree as ET
from app.loadtest.analysis import summarize
from app.loadtest.run import run
def compare(host, users=80, seconds=6.0, folder=None):
    async def all_three():
        return [summarize(await asyncio.to_thread(run, host, kind + "User", users, users, seconds)) for kind in ("Sync", "Async", "Broken")]
    found = asyncio.run(all_three())
    if folder is None:
        return found
    folder.mkdir(0o755, True, True)
    head = ["Endpoint", "failure_rate", "p99_s", "p95_s", "p50_s", "rps", "requests", "remark"]
    out = ["|" + "|".join(h.center(14) for h in head) + "|", "|" + "|".join([":" + "-" * 12 + ":"] * len(head)) + "|"]
    for name, s in zip(["sync", "async", "broken"], found):
        t = lambda v: "—" if v is None else f"{v * 1e6:,.0f} µs".replace(",", "\u202f")
        out.append("|" + "|".join(c.center(14) for c in [f"_{name}_", f"{100 * s.failure_rate:.1f} %", t(s.p99_s), t(s.p95_s), t(s.p50_s), f"{s.rps:.2f} req/s", f"{s.requests:,}".replace(",", "\u2019"), "no answers" if s.p50_s is None else ""]) + "|")
    (folder / "comparison.md").write_bytes(("## Results\r\n\r\n" + "\r\n".join(out) + "\r\n\r\nWritten by hand | with a pipe.\r\n").encode())
    ns = "http://www.w3.org/2000/svg"
    ET.register_namespace("", ns)
    svg = ET.Element(f"{{{ns}}}svg", width="500", height="200", version="1.1")
    most = max(max(s.rps for s in found), 1e-9)
    for i, (name, s) in enumerate(zip(["sync", "async", "broken"], found)):
        g = ET.SubElement(svg, f"{{{ns}}}g", transform=f"translate(0 {20 + 50 * i})")
        ET.SubElement(g, f"{{{ns}}}text", x="5", y="25").text = name
        ET.SubElement(g, f"{{{ns}}}rect", x="80", y="5", width=f"{300 * s.rps / most:.1f}", height="30")
        label = ET.SubElement(g, f"{{{ns}}}text", x=f"{85 + 300 * s.rps / most:.1f}", y="25")
        ET.SubElement(label, f"{{{ns}}}tspan").text = f"{s.rps:.2f}"
    ET.SubElement(svg, f"{{{ns}}}text", x="200", y="190").text = "throughput in requests per second"
    ET.ElementTree(svg).write(folder / "comparison.svg", encoding="utf-8", xml_declaration=True)
    return found
