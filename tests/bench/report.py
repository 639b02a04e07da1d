"""Results as a table and a chart, for docs/performance.md."""
import re

HEAD = ["work", "against", "reach", "aim", "measured", "met", "divvy", "the other", "runs"]
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.DOTALL)
MACHINE = re.compile(r"(?<=<!-- machine -->\n).*?(?=<!-- end -->)", re.DOTALL)


def figure(value, unit):
    if value is None:
        return ""
    return f"{value:.3g} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def met(result):
    """The better of the two goals that is met."""
    if not result.goals:
        return ""
    reach, aim = ((result.ratio >= goal) if result.rate else (result.ratio <= goal) for goal in result.goals)
    return "aim" if aim else "reach" if reach else "no"


def line(result):
    goals = [f"{goal:g}" for goal in result.goals or ()] or ["", ""]
    cells = [result.work, result.against, *goals, f"{result.ratio:.3g}", met(result), figure(result.ours, result.unit),
             figure(result.theirs, result.unit), str(result.runs)]
    return f"| {' | '.join(cells)} |"


def table(lines):
    return "\n".join([f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD), *lines, ""])


def merged(old, results):
    """The old table's lines, those that were measured anew replaced; what is new comes last."""
    lines = {tuple(text.split(" | ")[:2]): text for text in old.splitlines()[2:]}
    for text in map(line, results):
        lines[tuple(text.split(" | ")[:2])] = text
    return lines.values()


def write(page, results, machine):
    text = page.read_text()
    text = TABLE.sub(lambda old: table(merged(old[0], results)), text, count=1)
    page.write_text(MACHINE.sub(machine + "\n", text, count=1))
    groups = {result.workers: result.efficiency for result in results if hasattr(result, "efficiency")}
    if groups:
        page.with_suffix(".svg").write_text(chart(groups))


# --- the chart ------------------------------------------------------------------------------------

COLOURS = ["#c8ccd0", "#2a78b8", "#e08a3c"]
WIDTH, HEIGHT, LEFT, TOP, BAR = 640, 320, 50, 50, 36


def chart(groups):
    """How much of the workers' time is work: a group of bars for each number of workers."""
    floor = HEIGHT - 40
    step = (WIDTH - LEFT) / len(groups)
    parts = []

    def text(x, y, words, anchor="middle"):
        parts.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>')

    def height(share):
        return share * (floor - TOP)

    for percent in range(0, 101, 25):
        y = floor - height(percent / 100)
        parts.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH}" stroke="#888" stroke-opacity=".3"/>')
        text(LEFT - 6, y + 4, f"{percent}%", "end")
    for place, (name, colour) in enumerate(zip(next(iter(groups.values())), COLOURS)):
        parts.append(f'<rect x="{LEFT + place * 170}" y="12" width="12" height="12" fill="{colour}"/>')
        text(LEFT + place * 170 + 18, 22, name, "start")
    for group, (workers, shares) in enumerate(groups.items()):
        middle = LEFT + step * (group + 0.5)
        text(middle, HEIGHT - 14, f"{workers} workers")
        for bar, (share, colour) in enumerate(zip(shares.values(), COLOURS)):
            x = middle + (bar - len(shares) / 2) * BAR
            parts.append(f'<rect x="{x:.0f}" y="{floor - height(share):.1f}" width="{BAR - 3}" height="{height(share):.1f}" '
                         f'fill="{colour}"/>')
            text(x + BAR / 2, floor - height(share) - 5, f"{share * 100:.0f}")
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" '
            f'fill="#777">\n{body}\n</svg>\n')
